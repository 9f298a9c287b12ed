from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import RECEIVED_AT
from wire.codecs.sparkplug import Sparkplug
from wire.instants import to_unix_ms
from wire.protobuf import double_of, fields, float_of, write_field
from wire.registry import codec, profile
from wire.sparkplug_payload import parse_payload, typed

NODE, SCALE = "acme:gate-1", "acme:gate-1:scale"
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
KINDS = {"int": 10, "long": 11, "bool": 14, "text": 15}


def double_field(number: int, value: float) -> bytes:
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


def metric(name: str | None = None, alias: int | None = None, datatype: int | None = None, **value: Any) -> bytes:
    content = b"" if name is None else write_field(1, name)
    content += b"" if alias is None else write_field(2, alias)
    content += b"" if "at" not in value else write_field(3, to_unix_ms(value["at"]))
    content += b"" if datatype is None else write_field(4, datatype)
    content += write_field(5, value=True) if value.get("historical") else b""
    content += write_field(7, value=True) if value.get("null") else b""
    content += b"".join(write_field(KINDS[kind], value[kind]) for kind in KINDS if kind in value)
    return content + (double_field(13, value["double"]) if "double" in value else b"")


def message(seq: int | None, *metrics: bytes, at: datetime | None = AT) -> bytes:
    content = b"" if at is None else write_field(1, to_unix_ms(at))
    content += b"".join(write_field(2, one) for one in metrics)
    return content + (b"" if seq is None else write_field(3, seq))


class Host:
    """One codec and what it wants published."""

    def __init__(self, profiles: dict[str, Any] | None = None) -> None:
        self.codec = codec("sparkplug", profiles)
        self.now = RECEIVED_AT

    def hears(self, kind: str, payload: bytes) -> list[Reading]:
        of_device = kind.startswith("D")
        topic = f"spBv1.0/acme/{kind}/gate-1" + ("/scale" if of_device else "")
        return self.codec.decode(topic, payload, self.now, SCALE if of_device else NODE)

    def asks(self) -> list[str]:
        return [reply.topic for reply in self.codec.take_replies()]


BIRTH = message(0, metric("bdSeq", datatype=4, long=5), metric("Temperature", 1, 10, double=21.5))
DEVICE_BIRTH = message(1, metric("Inputs/weight_g", 7, 3, int=5200), metric("door", 8, 11, bool=False))
REBIRTH = ["spBv1.0/acme/NCMD/gate-1"]


def test_aliases_speak_after_the_births() -> None:
    host = Host()
    assert host.hears("NBIRTH", BIRTH) == [
        DeviceStatus(NODE, AT, RECEIVED_AT, online=True),
        SensorReading(NODE, AT, RECEIVED_AT, temperature_c=21.5, seq=0),
    ]
    assert host.hears("DBIRTH", DEVICE_BIRTH) == [
        DeviceStatus(SCALE, AT, RECEIVED_AT, online=True),
        SensorReading(SCALE, AT, RECEIVED_AT, weight_g=5200, door_open=False, seq=1),
    ]
    assert host.hears("DDATA", message(2, metric(alias=7, int=2**32 - 50), metric(alias=8, bool=True))) == [
        SensorReading(SCALE, AT, RECEIVED_AT, weight_g=-50, door_open=True, seq=2)
    ]
    assert host.hears("NDATA", message(3, metric(alias=1, double=22.0))) == [
        SensorReading(NODE, AT, RECEIVED_AT, temperature_c=22.0, seq=3)
    ]
    assert host.asks() == []


def test_history_has_times_of_its_own() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    earlier = AT - timedelta(hours=1)
    old = metric(alias=1, double=19.0, historical=True, at=earlier)
    assert host.hears("NDATA", message(1, old, metric(alias=1, double=20.0))) == [
        SensorReading(NODE, earlier, RECEIVED_AT, temperature_c=19.0, buffered=True, seq=1, device_time=AT),
        SensorReading(NODE, AT, RECEIVED_AT, temperature_c=20.0, seq=1),
    ]


def test_a_gap_asks_for_a_rebirth_once_and_keeps_what_is_known() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    host.hears("NDATA", message(1, metric(alias=1, double=20.0)))
    host.hears("NDATA", message(1, metric(alias=1, double=20.0)))
    assert host.asks() == []
    assert host.hears("NDATA", message(3, metric(alias=1, double=21.0)))
    assert host.asks() == REBIRTH
    host.hears("NDATA", message(5, metric(alias=1, double=21.0)))
    assert host.asks() == []
    host.now += timedelta(minutes=2)
    host.hears("NDATA", message(7, metric(alias=1, double=21.0)))
    assert host.asks() == REBIRTH
    host.hears("NBIRTH", BIRTH)
    host.hears("NDATA", message(1, metric(alias=1, double=21.0)))
    assert host.asks() == []


def test_the_count_wraps() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    for seq in [*range(1, 256), 0, 1]:
        host.hears("NDATA", message(seq, metric(alias=1, double=20.0)))
    assert host.asks() == []


def test_an_unknown_alias_is_refused_and_asks() -> None:
    host = Host()
    with pytest.raises(DecodeError) as refusal:
        host.hears("DDATA", message(4, metric(alias=7, int=1)))
    assert refusal.value.reason == "unknown_alias"
    assert host.asks() == REBIRTH
    host.hears("NBIRTH", BIRTH)
    host.hears("DBIRTH", DEVICE_BIRTH)
    assert host.hears("DDATA", message(2, metric(alias=7, int=1)))


def test_a_rebirth_forgets_earlier_aliases() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    host.hears("DBIRTH", DEVICE_BIRTH)
    host.hears("NBIRTH", BIRTH)
    with pytest.raises(DecodeError, match="unknown_alias"):
        host.hears("DDATA", message(1, metric(alias=7, int=1)))


def test_the_request_is_the_command_of_the_specification() -> None:
    host = Host()
    host.hears("NDATA", message(9, metric("Temperature", double=3.0)))
    (reply,) = host.codec.take_replies()
    (asked,) = parse_payload(reply.payload).metrics
    assert (asked.name, asked.datatype, asked.value) == ("Node Control/Rebirth", 11, True)
    assert host.hears("NCMD", reply.payload) == []


def test_a_death_takes_the_devices_along_unless_it_is_an_old_one() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    host.hears("DBIRTH", DEVICE_BIRTH)
    assert host.hears("NDEATH", message(None, metric("bdSeq", datatype=4, long=4), at=None)) == []
    assert host.hears("NDEATH", message(None, metric("bdSeq", datatype=4, long=5), at=None)) == [
        DeviceStatus(NODE, RECEIVED_AT, RECEIVED_AT, online=False),
        DeviceStatus(SCALE, RECEIVED_AT, RECEIVED_AT, online=False),
    ]
    with pytest.raises(DecodeError, match="unknown_alias"):
        host.hears("NDATA", message(2, metric(alias=1, double=1.0)))


def test_a_device_dies_alone() -> None:
    host = Host()
    host.hears("NBIRTH", BIRTH)
    host.hears("DBIRTH", DEVICE_BIRTH)
    assert host.hears("DDEATH", message(2)) == [DeviceStatus(SCALE, AT, RECEIVED_AT, online=False)]
    assert len(host.hears("NDEATH", message(None, metric("bdSeq", long=5)))) == 1


def test_missing_and_unmapped_metrics() -> None:
    host = Host()
    assert host.hears("NBIRTH", message(0, metric("Temperature", 1, 10, null=True, double=4.0))) == [
        DeviceStatus(NODE, AT, RECEIVED_AT, online=True)
    ]
    assert host.hears("NDATA", message(1, metric("Temperature", double=float("nan")), metric("Motor/rpm", int=900))) == []
    assert host.codec.warnings["nothing_mapped"] == 1


def test_metrics_named_by_a_profile() -> None:
    settings = {
        "inputs": {"Tank/level": {"field": "fuel_pct"}, "GPS/X": {"field": "longitude_deg"}, "GPS/Y": {"field": "latitude_deg"}}
    }
    host = Host({NODE: profile("sparkplug", settings)})
    payload = message(
        0, metric("Tank/level", 1, 9, double=55.0), metric("GPS/X", 2, 10, double=77.5), metric("GPS/Y", 3, 10, double=12.5)
    )
    assert host.hears("NBIRTH", payload)[1] == Position(NODE, AT, RECEIVED_AT, 77.5, 12.5, fuel_pct=55.0, seq=0)


def test_published_vectors(vectors: dict[str, list[dict[str, Any]]]) -> None:
    checked = 0
    for vector in vectors["sparkplug_b"]:
        if not vector["base64"]:
            continue
        parsed = parse_payload(base64.b64decode(vector["base64"]))
        assert (parsed.timestamp_ms, parsed.seq) == (vector["expected"]["timestamp_ms"], vector["expected"]["seq"])
        for got, expected in zip(parsed.metrics, vector["expected"]["metrics"], strict=True):
            assert (got.name, got.datatype) == (expected.get("name"), expected["datatype"])
            assert got.value == expected["value"]
            checked += 1
    assert checked == 5


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"\x08", "truncated"),
        (b"\x00\x01", "not_protobuf"),
        (b"\x22\x12SPBV1.0_COMPRESSED\x2a\x02\x1f\x8b", "not_understood"),
        (b"\x0b", "not_protobuf"),
        (b"\x08" + b"\xff" * 11, "not_protobuf"),
        (write_field(1, b"text"), "wrong_type"),
        (write_field(2, 7), "wrong_type"),
        (write_field(3, 256), "out_of_range"),
        (b"\x12\xff\xff\xff\xff\x0f", "truncated"),
        (message(0, write_field(1, b"\xff")), "not_text"),
        (message(0, metric("a\0", double=1.0)), "out_of_range"),
        (message(0, write_field(1, "temperature") + write_field(12, 2**40)), "wrong_type"),
        (message(0, metric("temperature", 1, 12, text="warm")), "wrong_type"),
        (write_field(1, 10**18) + write_field(2, metric("temperature", 1, double=1.0)), "bad_time"),
        (write_field(2, b"") * 5_001, "too_large"),
    ],
)
def test_bad_payloads_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        Sparkplug().decode("spBv1.0/acme/NBIRTH/gate-1", payload, RECEIVED_AT, NODE)
    assert refusal.value.reason == reason


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=20))))
def test_fields_are_read_as_written(written: list[tuple[int, int | bytes]]) -> None:
    assert list(fields(b"".join(write_field(number, value) for number, value in written))) == written


@given(st.integers(-(2**31), 2**31 - 1), st.floats(allow_nan=False), st.floats(allow_nan=False, width=32))
def test_numbers_in_their_declared_type(whole: int, double: float, single: float) -> None:
    assert typed(whole % 2**32, 3) == whole
    assert typed(whole % 2**64, 4) == whole
    assert typed(whole % 2**32, 7) == whole % 2**32
    assert double_of(int.from_bytes(struct.pack("<d", double), "little")) == double
    assert float_of(int.from_bytes(struct.pack("<f", single), "little")) == single


def test_small_integers_arrive_extended_or_not() -> None:
    assert (typed(0xFF, 1), typed(0xFFFFFFFF, 1), typed(0x7F, 1)) == (-1, -1, 127)
    assert typed(1, 11) is True
    assert typed("x", 1) == "x"
