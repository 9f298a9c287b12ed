"""The C encoders and the decoders of the service agree on every value that a reading of the device can hold."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.observations import Position, SensorReading
from tests.firmware.conftest import FIRMWARE
from wire.registry import codec

RECEIVED = datetime(2026, 11, 22, 13, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MISSING: Final = -(2**31)
POSITION, SENSOR = 1, 2
# the order of `enum bw_field`, with what one of the wire's units is; None: yes or no, 0: a whole number
POSITION_FIELDS: Final = {
    "longitude_deg": 10**7, "latitude_deg": 10**7, "speed_mps": 100, "course_deg": 100, "altitude_m": 10, "accuracy_m": 10,
    "hdop": 100, "satellites": 0, "fix_valid": None, "ignition": None, "in_motion": None, "door_open": None, "cargo_kg": 1000,
    "fuel_l": 1000, "fuel_pct": 10, "external_v": 1000, "battery_v": 1000, "battery_pct": 1, "odometer_m": 1,
}  # fmt: skip
SENSOR_FIELDS: Final = {
    11: ("door_open", None), 16: ("battery_v", 1000), 17: ("battery_pct", 1), 19: ("temperature_c", 100), 22: ("weight_g", 1),
    23: ("humidity_pct", 10), 24: ("count", 0),
}  # fmt: skip
FIELDS: Final = 25


class Output(ctypes.Structure):
    """`struct bw_output`."""

    _fields_ = (
        ("at", ctypes.c_char_p),
        ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
        ("full", ctypes.c_bool),
    )


class Reading(ctypes.Structure):
    """`struct bw_reading`."""

    _fields_ = (
        ("kind", ctypes.c_uint8),
        ("uptime", ctypes.c_bool),
        ("boot_id", ctypes.c_uint32),
        ("seq", ctypes.c_uint32),
        ("time_ms", ctypes.c_int64),
        ("alarms", ctypes.c_uint32),
        ("value", ctypes.c_int32 * FIELDS),
    )


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    library = tmp_path_factory.mktemp("firmware") / "encoders.so"
    sources: list[Path] = sorted((FIRMWARE / "core").glob("*.c"))
    strict = ["-std=c99", "-O1", "-fPIC", "-shared", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    subprocess.run(["gcc", *strict, "-o", library, *sources], check=True)
    return ctypes.CDLL(str(library))


def written(encoders: Any, encoding: str, reading: Reading, *, buffered: bool) -> bytes:
    buffer = ctypes.create_string_buffer(4096)
    out = Output(ctypes.cast(buffer, ctypes.c_char_p), len(buffer), 0, False)
    getattr(encoders, f"bw_encode_{encoding}")(ctypes.byref(out), ctypes.byref(reading), ctypes.c_bool(buffered))
    assert not out.full
    return buffer.raw[: out.length]


def number(value: int, per_unit: int | None) -> Any:
    if per_unit is None:
        return value != 0
    return value / per_unit if per_unit else value


EDGES: Final = (0, 1, -1, 23, 24, -24, -25, 255, 256, -256, -257, 65535, 65536, -65536, 2**31 - 1, -(2**31) + 1)
values = st.one_of(st.sampled_from(EDGES), st.integers(-(2**31) + 1, 2**31 - 1), st.just(MISSING))
counters = st.one_of(st.sampled_from((0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1)), st.integers(0, 2**32 - 1))
moments_ms = st.one_of(
    st.sampled_from((0, 951_782_400_000, 1_709_164_800_000, 4_294_967_295_999, 253_402_300_799_999)),
    st.integers(0, 253_402_300_799_999),
)
alarm_bits = st.integers(0, 2**12 - 1)


@given(st.lists(values, min_size=22, max_size=22), counters, counters, moments_ms, alarm_bits, st.booleans())
def test_a_position_is_read_as_it_was_meant(
    encoders: Any, told: list[int], boot_id: int, seq: int, time_ms: int, alarms: int, buffered: bool
) -> None:
    told[7] = max(told[7], -(2**15) + 1) % 2**15 if told[7] != MISSING else MISSING  # satellites: 16 bits
    reading = Reading(
        POSITION, False, boot_id, seq, time_ms, alarms, (ctypes.c_int32 * FIELDS)(*told, MISSING, MISSING, MISSING)
    )
    known = zip(POSITION_FIELDS.items(), told[:19], strict=True)
    fields = {name: number(value, per_unit) for (name, per_unit), value in known if value != MISSING}
    probes = [None if value == MISSING else value / 100 for value in told[19:]]
    while probes and probes[-1] is None:
        probes.pop()
    names = [encoders_name(encoders, bit) for bit in range(12) if alarms >> bit & 1]
    expected = Position(
        "van-1",
        EPOCH + timedelta(milliseconds=time_ms),
        RECEIVED,
        **fields,
        temperature_c=tuple(probes),
        alarms=tuple(names),
        buffered=True if buffered else None,
        boot_id=boot_id,
        seq=seq,
    )
    for encoding in ("cbor", "json"):
        payload = written(encoders, encoding, reading, buffered=buffered)
        assert codec("beatwatch").decode("bw/1/acme/van-1/pos", payload, RECEIVED, "van-1") == [expected]


def encoders_name(encoders: Any, bit: int) -> str:
    encoders.bw_alarm_name.restype = ctypes.c_char_p
    name: bytes = encoders.bw_alarm_name(bit)
    return name.decode()


@given(
    st.lists(values, min_size=len(SENSOR_FIELDS), max_size=len(SENSOR_FIELDS)), counters, counters, moments_ms, st.booleans()
)
def test_a_measurement_is_read_as_it_was_meant(
    encoders: Any, told: list[int], boot_id: int, seq: int, time_ms: int, uptime: bool
) -> None:
    reading = Reading(SENSOR, uptime, boot_id, seq, time_ms, 0, (ctypes.c_int32 * FIELDS)(*[MISSING] * FIELDS))
    for field, value in zip(SENSOR_FIELDS, told, strict=True):
        reading.value[field] = value
    known = zip(SENSOR_FIELDS.values(), told, strict=True)
    fields = {name: number(value, per_unit) for (name, per_unit), value in known if value != MISSING}
    at = None if uptime else EPOCH + timedelta(milliseconds=time_ms)
    expected = SensorReading("shelf-1", at, RECEIVED, **fields, boot_id=boot_id, seq=seq)
    for encoding in ("cbor", "json"):
        payload = written(encoders, encoding, reading, buffered=False)
        assert codec("beatwatch").decode("bw/1/acme/shelf-1/sensor", payload, RECEIVED, "shelf-1") == [expected]
