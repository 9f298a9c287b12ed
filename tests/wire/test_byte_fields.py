from __future__ import annotations

import base64
import contextlib
import json
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from wire.byte_fields import ByteField, Kind, read_fields
from wire.registry import codec, profile

NOW = datetime(2026, 5, 1, 6, tzinfo=UTC)
_STRUCT: dict[Kind, str] = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f"}
# A door and temperature sensor: battery in 14 bits of the first two bytes, hundredths of a degree in the next two.
SETTINGS = {
    "bytes": {
        "battery_v": {"at": 0, "type": "u16", "mask": 0x3FFF, "scale": 0.001},
        "temperature": {"at": 2, "type": "i16", "scale": 0.01},
        "hatch": {"at": 4, "port": 10},
    },
    "inputs": {"hatch": {"field": "door_open"}},
}


def uplink(data: bytes, port: int) -> bytes:
    return json.dumps(
        {"deviceInfo": {"devEui": "a8"}, "fCnt": 7, "fPort": port, "data": base64.b64encode(data).decode()}
    ).encode()


def ttn_uplink(data: bytes, port: int) -> bytes:
    uplink_message = {"f_cnt": 7, "f_port": port, "frm_payload": base64.b64encode(data).decode()}
    return json.dumps({"end_device_ids": {"device_id": "a8"}, "uplink_message": uplink_message}).encode()


@pytest.mark.parametrize(("name", "message"), [("chirpstack", uplink), ("ttn", ttn_uplink)])
def test_a_raw_payload_is_read_by_its_devices_table(name: str, message: Any) -> None:
    reader = codec(name, {"a8": profile(name, SETTINGS)})
    (reading,) = reader.decode("", message(bytes.fromhex("cce7ff3801"), 10), NOW)
    assert (reading.battery_v, reading.temperature_c, reading.door_open, reading.seq) == (3.303, -2.0, True, 7)  # type: ignore[union-attr]
    (reading,) = reader.decode("", message(bytes.fromhex("cce7ff38"), 2), NOW)
    assert reading.door_open is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (uplink(b"\1\2\3", 2), "truncated"),
        (uplink(b"\1\2\3", 2).replace(b"AQID", b"AQ?D"), "bad_base64"),
        (uplink(bytes(2_000), 2), "too_large"),
    ],
)
def test_what_the_table_cannot_read_says_why(message: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as error:
        codec("chirpstack", {"a8": profile("chirpstack", SETTINGS)}).decode("", message, NOW)
    assert error.value.reason == reason


def test_without_a_table_the_reason_says_what_is_needed() -> None:
    with pytest.raises(DecodeError, match="payload profile with `bytes`") as error:
        codec("chirpstack").decode("", uplink(b"\1\2\3", 2), NOW)
    assert error.value.reason == "no_object"


@pytest.mark.parametrize("field", [{"at": 0, "type": "u64"}, {"type": "u8"}, {"at": 0.5}, {"at": 0, "skale": 1}])
def test_a_field_that_is_none_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        profile("ttn", {"bytes": {"x": field}})


@given(st.binary(min_size=8, max_size=12), st.integers(0, 4), st.sampled_from(sorted(_STRUCT)), st.booleans())
def test_numbers_are_what_the_standard_library_reads(payload: bytes, at: int, kind: Kind, little: bool) -> None:
    expected = struct.unpack_from(("<" if little else ">") + _STRUCT[kind], payload, at)[0]
    try:
        value = ByteField(at, kind, little=little).read(payload)
    except DecodeError:
        assert kind == "f32"
        assert expected != expected or abs(expected) == float("inf")
    else:
        assert value == expected


@given(st.binary(max_size=40), st.integers(-5, 50), st.sampled_from([*_STRUCT, "u24", "i24"]), st.integers(0, 2**32))
def test_any_bytes_and_table_give_a_number_or_a_decode_error(payload: bytes, at: int, kind: Kind, mask: int) -> None:
    with contextlib.suppress(DecodeError):
        read_fields(base64.b64encode(payload).decode(), 1, {"x": ByteField(at, kind, mask=mask)})
