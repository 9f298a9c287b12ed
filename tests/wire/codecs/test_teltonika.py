from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.avl import TeltonikaProfile
from wire.codecs.teltonika import Teltonika
from wire.codecs.teltonika_json import TeltonikaJson
from wire.crc import crc16_arc
from wire.inputs import Input
from wire.instants import from_unix_ms
from wire.registry import codec, profile

IMEI = "352093081429150"
PUBLISHED = bytes.fromhex(
    "000000000000003608010000016B40D8EA30010000000000000000000000000000000105021503010101425E0F01F10000601A014E"
    "0000000000000000010000C7CF"
)
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)


def decode(payload: bytes) -> list[Position]:
    readings = Teltonika().decode(f"{IMEI}/data", payload, RECEIVED_AT, IMEI)
    positions = [reading for reading in readings if isinstance(reading, Position)]
    assert len(positions) == len(readings)
    return positions


def framed(body: bytes) -> bytes:
    return bytes(4) + struct.pack(">I", len(body)) + body + struct.pack(">I", crc16_arc(body))


def test_the_published_frame_has_no_fix_and_nothing_it_did_not_measure() -> None:
    expected = Position(
        IMEI, datetime(2019, 6, 10, 10, 4, 46, tzinfo=UTC), RECEIVED_AT, satellites=0, fix_valid=False, external_v=24.079
    )
    assert decode(PUBLISHED) == [expected]
    assert decode(PUBLISHED[8:]) == [expected]


def test_frames_that_follow_one_another_are_all_read() -> None:
    (one,) = decode(PUBLISHED)
    assert decode(PUBLISHED * 3) == [one] * 3
    for cut, reason in (
        (b"\0" * 3, "truncated"),
        (b"\0" * 9, "truncated"),
        (b"\x01" * 4, "bad_start"),
        (PUBLISHED[:-1], "truncated"),
    ):
        with pytest.raises(DecodeError, match=f"^{reason}"):
            decode(PUBLISHED + cut)


def test_codec_8_extended_and_16_as_published() -> None:
    extended, sixteen = (example.payload for example in EXAMPLES["teltonika"][:2])
    (reading,) = decode(extended)
    assert reading.fix_time == datetime(2019, 6, 10, 11, 36, 32, tzinfo=UTC)
    assert reading.odometer_m == 22949000
    first, second = decode(sixteen)
    assert first.fix_time == datetime(2019, 7, 10, 12, 6, 54, tzinfo=UTC)
    assert second.external_v == 22.074


def test_a_login_says_that_the_tracker_is_there() -> None:
    payload = bytes.fromhex("000f333536333037303432343431303133")
    assert Teltonika().decode("", payload, RECEIVED_AT) == [
        DeviceStatus("356307042441013", RECEIVED_AT, RECEIVED_AT, online=True)
    ]


def test_published_vectors(vectors: dict[str, list[dict[str, Any]]]) -> None:
    for vector in vectors["teltonika"]:
        readings = Teltonika().decode("", bytes.fromhex(vector["hex"]), RECEIVED_AT)
        expected = vector["expected"]
        assert len(readings) == expected.get("n_records", len(expected.get("records", "1")))
        for reading, record in zip(readings, expected.get("records", ()), strict=False):
            assert isinstance(reading, Position)
            assert reading.device == expected.get("imei", "")
            assert reading.fix_time == from_unix_ms(record["utime_ms"])
            assert reading.satellites == record["sat"]
            longitude = record["lon"] if "lon" in record else record["lon_e7"] / 1e7
            latitude = record["lat"] if "lat" in record else record["lat_e7"] / 1e7
            has_place = bool(longitude or latitude)
            assert reading.longitude_deg == (longitude if has_place else None)
            assert reading.latitude_deg == (latitude if has_place else None)
            assert reading.speed_mps == (pytest.approx(record["speed_kmh"] / 3.6) if has_place else None)
            assert reading.fix_valid is (record["sat"] > 0)
            voltage = record["io"].get("66")
            assert reading.external_v == (None if voltage is None else voltage / 1000)
            assert reading.ignition == (None if "239" not in record["io"] else bool(record["io"]["239"]))


def reported(**values: Any) -> Position:
    record = {"ts": 1777615198000, "latlng": "12.97,77.59", "sat": 9} | values
    payload = msgspec.json.encode({"state": {"reported": record}})
    (reading,) = TeltonikaJson().decode(f"{IMEI}/data", payload, RECEIVED_AT, IMEI)
    assert isinstance(reading, Position)
    return reading


def test_the_json_example() -> None:
    ((topic, payload),) = EXAMPLES["teltonika-json"]
    assert TeltonikaJson().decode(topic, payload, RECEIVED_AT, IMEI) == [
        Position(
            IMEI,
            AT,
            RECEIVED_AT,
            77.5931818,
            12.9720978,
            speed_mps=10.0,
            course_deg=90,
            altitude_m=900,
            hdop=0.9,
            satellites=9,
            fix_valid=True,
            ignition=True,
            in_motion=True,
            door_open=False,
            external_v=12.6,
            odometer_m=123456,
            temperature_c=(-5.0, None, None, None, -1.0),
        )
    ]


def test_no_fix_in_json() -> None:
    reading = reported(latlng="0.000000,0.000000", sat=0, sp=0, ang=0, alt=0)
    assert reading == Position(IMEI, AT, RECEIVED_AT, satellites=0, fix_valid=False)


@pytest.mark.parametrize(
    ("values", "field", "value"),
    [
        ({"25": 2050}, "temperature_c", (20.5,)),
        ({"26": "-1850"}, "temperature_c", (None, -18.5)),
        ({"72": 850}, "temperature_c", ()),
        ({"72": 3000, "73": 40}, "temperature_c", (None, 4.0)),
        ({"69": 2}, "fix_valid", False),
        ({"69": 1}, "fix_valid", True),
        ({"246": 1, "252": 1, "249": 0}, "alarms", ("tow", "power_cut")),
        ({"253": 2}, "alarms", ("harsh_braking",)),
        ({"253": 0}, "alarms", ()),
        ({"84": 405}, "fuel_l", 40.5),
        ({"89": 55}, "fuel_pct", 55),
        ({"113": "80"}, "battery_pct", 80),
        ({"67": 3950}, "battery_v", 3.95),
        ({"1": 1}, "door_open", None),
        ({"ts": ""}, "fix_time", None),
    ],
)
def test_what_ids_mean(values: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(reported(**values), field) == value


def test_the_wiring_of_a_device_is_its_profile() -> None:
    wired = profile(
        "teltonika-json",
        {"inputs": {"1": {"field": "door_open", "inverted": True}, "9": {"field": "cargo_kg", "scale": 0.5, "offset": -100}}},
    )
    assert wired == TeltonikaProfile({1: Input("door_open", inverted=True), 9: Input("cargo_kg", 0.5, -100)})
    payload = msgspec.json.encode({"state": {"reported": {"1": 0, "9": 1000, "239": 1}}})
    trackers = codec("teltonika-json", {IMEI: wired})
    (mine,) = trackers.decode("", payload, RECEIVED_AT, IMEI)
    (other,) = trackers.decode("", payload, RECEIVED_AT, "other")
    assert isinstance(mine, Position)
    assert isinstance(other, Position)
    assert (mine.door_open, mine.cargo_kg, mine.ignition) == (True, 400, True)
    assert (other.door_open, other.cargo_kg, other.ignition) == (None, None, True)
    with pytest.raises(InvalidInputError, match="field"):
        profile("teltonika", {"inputs": {"1": {"field": "hatch"}}})


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (PUBLISHED[:-1], "truncated"),
        (PUBLISHED + b"\0", "truncated"),
        (PUBLISHED[:-1] + b"\xce", "bad_checksum"),
        (PUBLISHED[:20] + b"\xff" + PUBLISHED[21:], "bad_checksum"),
        (PUBLISHED[:30], "truncated"),
        (bytes(4) + b"\xff\xff\xff\xff", "truncated"),
        (framed(b"\x07\x01"), "unknown_codec"),
        (framed(b"\x08\x00\x00"), "empty"),
        (framed(b"\x08\xff"), "truncated"),
        (framed(PUBLISHED[8:-5] + b"\x02"), "bad_count"),
        (framed(PUBLISHED[8:-4] + b"\x02"), "trailing_bytes"),
        (framed(b"\x8e\x01" + bytes(24) + b"\0\0\0\1" + b"\0\0" * 4 + b"\0\0" + b"\x01"), "bad_count"),
        (framed(b"\x8e\x01" + bytes(24) + b"\0\0\0\1" + b"\0\0" * 4 + b"\xff\xff" + b"\x01"), "truncated"),
        (framed(b"\x08\x01" + b"\xff" * 8 + bytes(16) + bytes(6) + b"\x01"), "bad_time"),
    ],
)
def test_bad_frames_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        decode(payload)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"state":{}}', "missing_field"),
        (b'{"state":{"reported":{}}}', "empty"),
        (b'{"state":{"reported":[]}}', "empty"),
        (b'{"state":{"reported":{"latlng":"12.9"}}}', "wrong_type"),
        (b'{"state":{"reported":{"latlng":[12.9,77.6]}}}', "wrong_type"),
        (b'{"state":{"reported":{"latlng":"nan,77.6"}}}', "wrong_type"),
        (b'{"state":{"reported":{"latlng":"999,77.6"}}}', "out_of_range"),
        (b'{"state":{"reported":{"66":"lots"}}}', "wrong_type"),
        (b'{"state":{"reported":{"66":{}}}}', "wrong_type"),
        (b'{"state":{"reported":{"sat":1e300}}}', "out_of_range"),
        (b'{"state":{"reported":{"ts":1e18}}}', "bad_time"),
    ],
)
def test_bad_json_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        TeltonikaJson().decode("", payload, RECEIVED_AT, IMEI)
    assert refusal.value.reason == reason


whole = st.integers(0, 300).map(float)
flags = maybe(st.booleans())
fixes = records(
    Position,
    device=st.just(IMEI),
    fix_time=st.integers(0, 4_102_444_800_000).map(from_unix_ms),
    received_at=st.just(RECEIVED_AT),
    longitude_deg=st.integers(1, 1_800_000_000).map(lambda value: value / 1e7),
    latitude_deg=st.integers(-900_000_000, 900_000_000).map(lambda value: value / 1e7),
    altitude_m=whole,
    course_deg=whole,
    satellites=st.integers(1, 40),
    fix_valid=st.just(True),
    ignition=flags,
    in_motion=flags,
    door_open=flags,
    external_v=maybe(st.integers(0, 40_000).map(lambda value: round(value * 0.001, 9))),
    battery_v=maybe(st.integers(0, 5_000).map(lambda value: round(value * 0.001, 9))),
    battery_pct=maybe(st.integers(0, 100).map(float)),
    fuel_l=maybe(st.integers(0, 5_000).map(lambda value: round(value * 0.1, 9))),
    odometer_m=maybe(st.integers(0, 2**31).map(float)),
    temperature_c=st.lists(st.integers(-550, 849).map(lambda value: round(value * 0.1, 9)), max_size=4).map(tuple),
    alarms=st.lists(st.sampled_from(["sos", "tow", "crash", "power_cut"]), unique=True).map(tuple),
)


@pytest.mark.parametrize("tracker", [Teltonika(), TeltonikaJson()])
@given(fix=fixes, speed_kmh=st.integers(0, 255))
def test_what_is_encoded_is_decoded(tracker: Teltonika | TeltonikaJson, fix: Position, speed_kmh: int) -> None:
    topic, payload = tracker.encode([fix._replace(speed_mps=speed_kmh / 3.6)], "acme")
    assert topic == f"{IMEI}/data"
    (got,) = tracker.decode(topic, payload, RECEIVED_AT, IMEI)
    assert isinstance(got, Position)
    assert got.speed_mps == pytest.approx(speed_kmh / 3.6)
    assert got._replace(speed_mps=None, alarms=()) == fix._replace(alarms=())
    assert set(got.alarms) == set(fix.alarms)


def test_a_missing_place_survives() -> None:
    for tracker in (Teltonika(), TeltonikaJson()):
        (got,) = tracker.decode(*tracker.encode([Position(IMEI, AT)], "acme"), RECEIVED_AT, IMEI)
        assert isinstance(got, Position)
        assert (got.longitude_deg, got.latitude_deg) == (None, None)
        assert got.speed_mps is None
        for reading in (SensorReading(IMEI, AT), Position(IMEI)):
            with pytest.raises(InvalidInputError):
                tracker.encode([reading], "acme")
