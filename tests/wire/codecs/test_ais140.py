from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.ais140_lines import COMMON_ORDER, Ais140Profile
from wire.codec import Profiles
from wire.codecs.ais140 import Ais140
from wire.crc import xor8
from wire.inputs import Input
from wire.instants import from_unix_ms
from wire.registry import profile

IMEI = "861359034137271"
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
LIVE, NO_FIX, EMERGENCY, LOGIN, HEALTH = (example.payload for example in EXAMPLES["ais140"])
SIGNED = LIVE.strip()[: LIVE.index(b"7B*")]


def decode(payload: bytes, habits: Ais140Profile | None = None, device: str = IMEI) -> list[Reading]:
    return Ais140(Profiles(habits or Ais140Profile())).decode(f"ais140/{IMEI}/raw", payload, RECEIVED_AT, device)


def position(payload: bytes, habits: Ais140Profile | None = None) -> Position:
    (reading,) = decode(payload, habits)
    assert isinstance(reading, Position)
    return reading


def test_a_location_in_the_common_order() -> None:
    assert position(LIVE) == Position(
        IMEI,
        AT,
        RECEIVED_AT,
        77.593182,
        12.972098,
        speed_mps=10.0,
        course_deg=90.0,
        altitude_m=900.0,
        hdop=0.9,
        satellites=9,
        fix_valid=True,
        ignition=True,
        external_v=12.6,
        battery_v=4.1,
        buffered=False,
        seq=123,
    )


def test_without_a_fix_zeros_are_nothing() -> None:
    assert position(NO_FIX) == Position(
        IMEI,
        None,
        RECEIVED_AT,
        satellites=0,
        fix_valid=False,
        ignition=False,
        external_v=0.0,
        battery_v=3.9,
        alarms=("power_cut", "sos", "tamper"),
        buffered=True,
        seq=124,
    )


def test_emergency_login_and_health() -> None:
    assert position(EMERGENCY) == Position(
        IMEI, AT, RECEIVED_AT, 77.593182, 12.972098, 10.0, altitude_m=900.0, fix_valid=True, alarms=("sos",), buffered=False
    )
    apart = EMERGENCY.replace(b"01052026055958", b"01052026,055958").replace(b"$EPB", b"$,EPB")
    assert position(apart) == position(EMERGENCY)
    assert decode(LOGIN) == [DeviceStatus(IMEI, RECEIVED_AT, RECEIVED_AT, online=True, firmware="1.2.0")]
    assert decode(HEALTH) == [DeviceStatus(IMEI, RECEIVED_AT, RECEIVED_AT, online=True, firmware="1.2.0", battery_pct=85)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"$,NRM", b"$NRM"),
        (b"01052026,055958", b"010526,055958"),
        (b"01052026,055958", b"01,05,2026,05,59,58"),
        (b"1,01052026,055958", b"01052026,055958,1"),
        (b"NR,01,L", b"NR,L"),
        (b"31,9ADB,61B4,35,FFFF,0000,33,FFFF,0000,31,FFFF,0000", b"(-57,0099,334c,x,x"),
        (b"000123,7B*", b"000123,0.0,0.1,4,()*1E"),
        (b"\r\n", b""),
    ],
)
def test_ways_of_vendors_that_say_the_same(old: bytes, new: bytes) -> None:
    assert old in LIVE
    assert position(LIVE.replace(old, new)) == position(LIVE)


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        (b"12.972098,N", b"12.972098,S", "latitude_deg", -12.972098),
        (b"77.593182,E", b"77.593182,W", "longitude_deg", -77.593182),
        (b"77.593182,E", b"-77.593182,w", "longitude_deg", -77.593182),
        (b",L,", b",H,", "buffered", True),
        (b"NR,01", b"TA,16", "alarms", ("tamper",)),
        (b"NR,01", b"NR,13", "alarms", ("harsh_braking",)),
        (b"NR,01", b"NR,10", "alarms", ("sos",)),
        (b"NR,01", b"NR,77", "alarms", ("alert_77",)),
        (b"NR,01", b"BL,04", "alarms", ("low_battery",)),
        (b"Airtel,1,", b"Airtel,,", "ignition", None),
        (b"12.6,4.1", b"-,N.A", "external_v", None),
        (b",1,01052026", b",0,01052026", "fix_valid", False),
        (b"000123", b"x", "seq", None),
    ],
)
def test_what_fields_mean(old: bytes, new: bytes, field: str, value: Any) -> None:
    assert old in LIVE
    assert getattr(position(LIVE.replace(old, new)), field) == value


def test_ignition_events_where_there_is_no_field() -> None:
    for event, ignition in ((b"IN,07", True), (b"IF,08", False)):
        assert position(LIVE.replace(b"NR,01", event).replace(b"Airtel,1", b"Airtel,")).ignition is ignition


def test_a_vendor_with_an_order_of_its_own() -> None:
    habits = profile(
        "ais140",
        {
            "separator": ";",
            "fields": ["header", "imei", "date", "time", "north", "latitude", "east", "longitude", "din", "dout"],
            "tail": ["odometer_km", "adc1"],
            "inputs": {"din2": {"field": "door_open"}, "adc1": {"field": "fuel_l", "scale": 10}},
            "checksum_policy": "off",
        },
    )
    line = b"$NRM;861359034137271;01052026;055958;S;12.5;W;77.5;0100;00;12.345;3.5"
    assert position(line, habits) == Position(
        IMEI, AT, RECEIVED_AT, -77.5, -12.5, door_open=True, fuel_l=35.0, odometer_m=12345.0
    )
    with pytest.raises(InvalidInputError, match="imei"):
        profile("ais140", {"fields": ["date", "time"]})


@pytest.mark.parametrize(
    ("line", "habits", "accepted"),
    [
        (SIGNED + b"%02X*" % xor8(SIGNED), {}, True),
        (SIGNED + b"%02x*" % xor8(SIGNED[:-1]), {}, True),
        (SIGNED + b"%08X*" % zlib.crc32(SIGNED), {}, True),
        (SIGNED[:-1] + b"*%08X" % zlib.crc32(SIGNED[:-1]), {"with_separator": False}, True),
        (SIGNED + b"%02X*" % xor8(SIGNED[:-1]), {"with_separator": True}, False),
        (SIGNED + b"%02X*" % xor8(SIGNED), {"checksum": "crc32"}, False),
        (SIGNED + b"%02X*" % (xor8(SIGNED) ^ 1), {}, False),
        (SIGNED, {}, False),
    ],
)
def test_checksums_by_the_vendors_profile(line: bytes, habits: dict[str, Any], accepted: bool) -> None:
    strict = Ais140Profile(checksum_policy="strict", **habits)
    if accepted:
        assert position(line, strict).device == IMEI
    else:
        with pytest.raises(DecodeError) as refusal:
            position(line, strict)
        assert refusal.value.reason == "bad_checksum"
    counting = Ais140(Profiles(Ais140Profile(**habits)))
    counting.decode("", line, RECEIVED_AT, IMEI)
    assert counting.warnings["bad_checksum"] == int(not accepted)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"$\n" * 5001, "too_large"),
        (b"$NRM,\xe4", "not_text"),
        (b"NRM,1", "bad_layout"),
        (b"$NRM,ACME,1.2.0,NR,01,L,86135903413727", "bad_layout"),
        (LIVE.replace(b"NR,01,L,", b""), "bad_layout"),
        (b"$EPB,EMR,1", "bad_layout"),
        (LIVE.replace(b"055958", b"255958"), "bad_time"),
        (LIVE.replace(b"01052026", b"0105"), "bad_time"),
        (LIVE.replace(b"12.972098", b"12.97.2098"), "wrong_type"),
        (LIVE.replace(b"12.972098", b"1297"), "out_of_range"),
        (LIVE.replace(b"861359034137271", b"861359034137272"), "identity_mismatch"),
    ],
)
def test_bad_lines_say_why(line: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(line)
    assert refusal.value.reason == reason


def test_several_lines_and_whose_they_are() -> None:
    assert [type(reading) for reading in decode(LIVE + b"\n" + LOGIN)] == [Position, DeviceStatus]
    assert decode(LIVE, device="")[0].device == IMEI
    assert decode(LIVE, device="van-1")[0].device == "van-1"


hundredths = st.integers(0, 100_000).map(lambda value: value / 100)
fixes = records(
    Position,
    device=st.just(IMEI),
    fix_time=st.integers(0, 4_102_444_800).map(lambda seconds: from_unix_ms(seconds * 1000)),
    received_at=st.just(RECEIVED_AT),
    longitude_deg=st.integers(-180_000_000, 180_000_000).map(lambda value: value / 1e6),
    latitude_deg=st.integers(-90_000_000, 90_000_000).map(lambda value: value / 1e6),
    course_deg=maybe(hundredths),
    altitude_m=maybe(hundredths),
    hdop=maybe(hundredths),
    satellites=maybe(st.integers(0, 40)),
    fix_valid=st.just(True),
    ignition=maybe(st.booleans()),
    external_v=maybe(hundredths),
    battery_v=maybe(hundredths),
    alarms=st.sampled_from([(), ("sos",), ("power_cut",), ("tamper",)]),
    buffered=st.booleans(),
    seq=maybe(st.integers(0, 999_999)),
)


@given(fixes)
def test_what_is_encoded_is_decoded(fix: Position) -> None:
    topic, payload = Ais140().encode([fix], "acme")
    assert topic == f"ais140/{IMEI}/raw"
    assert decode(payload, Ais140Profile(checksum_policy="strict")) == [fix]


def test_what_cannot_be_encoded_is_refused() -> None:
    for reading in (SensorReading(IMEI), Position(IMEI)):
        with pytest.raises(InvalidInputError):
            Ais140().encode([reading], "acme")
    assert decode(Ais140().encode([Position("van-1", AT, longitude_deg=1.0, latitude_deg=1.0)], "acme").payload, device="van-1")


def test_the_common_order_is_that_of_the_examples() -> None:
    parts = LIVE.decode().removeprefix("$,").split(",")
    assert parts[COMMON_ORDER.index("din")] == "0100"
    assert parts[COMMON_ORDER.index("cid")] == "9AD9"
    assert Input("seq").read(parts[len(COMMON_ORDER)]) == 123
