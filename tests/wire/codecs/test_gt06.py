from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.codecs.gt06 import Gt06, Gt06Profile
from wire.crc import crc16_x25
from wire.instants import EPOCH
from wire.registry import codec, profile

IMEI = "123456789012345"
TOPIC = f"gt06/{IMEI}/raw"
LOGIN, LOCATION, HEARTBEAT, ALARM = (example.payload for example in EXAMPLES["gt06"])


def framed(content: bytes, serial: int = 1, start: bytes = b"\x78\x78") -> bytes:
    width = 1 if start == b"\x78\x78" else 2
    body = (len(content) + 4).to_bytes(width, "big") + content + serial.to_bytes(2, "big")
    return start + body + crc16_x25(body).to_bytes(2, "big") + b"\r\n"


def position(payload: bytes, made: Gt06 | None = None) -> Position:
    (reading,) = (made or Gt06()).decode(TOPIC, payload, RECEIVED_AT, IMEI)
    assert isinstance(reading, Position)
    return reading


def test_the_frames_of_the_published_protocol() -> None:
    assert Gt06().decode(TOPIC, LOGIN, RECEIVED_AT) == [DeviceStatus(IMEI, RECEIVED_AT, RECEIVED_AT, online=True, seq=1)]
    assert Gt06().decode(TOPIC, HEARTBEAT, RECEIVED_AT, IMEI) == [
        DeviceStatus(IMEI, RECEIVED_AT, RECEIVED_AT, online=True, battery_pct=66.7, seq=15)
    ]
    assert position(LOCATION) == Position(
        IMEI,
        datetime(2011, 8, 29, 17, 46, 16, tzinfo=UTC),
        RECEIVED_AT,
        longitude_deg=0x0C465849 / 1_800_000,
        latitude_deg=0x027AC7EB / 1_800_000,
        speed_mps=0.0,
        course_deg=143.0,
        satellites=15,
        fix_valid=True,
        seq=3,
    )
    alarm = position(ALARM)
    assert (alarm.alarms, alarm.ignition, alarm.battery_pct) == (("sos",), False, 100.0)


def test_a_connection_is_named_by_its_login() -> None:
    made = Gt06()
    with pytest.raises(DecodeError, match="no_login"):
        made.decode("gateway/17", LOCATION, RECEIVED_AT)
    made.decode("gateway/17", LOGIN, RECEIVED_AT)
    (mine,) = made.decode("gateway/17", LOCATION, RECEIVED_AT)
    assert mine.device == IMEI
    with pytest.raises(DecodeError, match="no_login"):
        made.decode("gateway/18", LOCATION, RECEIVED_AT)
    assert [type(reading) for reading in made.decode("gateway/18", LOGIN + LOCATION, RECEIVED_AT)] == [DeviceStatus, Position]
    with pytest.raises(DecodeError, match="identity_mismatch"):
        made.decode("gt06/999999999999999/raw", LOGIN, RECEIVED_AT, "999999999999999")


FIX = LOCATION[4:22]
CELL = bytes.fromhex("01cc00287d001fb8")


def test_the_newer_location_tells_ignition_reupload_and_mileage() -> None:
    reading = position(framed(b"\x22" + FIX + CELL + b"\x01\x00\x01" + (123456).to_bytes(4, "big")))
    assert (reading.ignition, reading.buffered, reading.odometer_m) == (True, True, 123456)
    assert position(framed(b"\x22" + FIX + CELL + b"\x00\x00\x00")).odometer_m is None


def test_frames_of_4g_trackers() -> None:
    cell = bytes.fromhex("01cc00") + bytes(12)
    assert position(framed(b"\xa0" + FIX + cell + b"\x01\x00\x00")).ignition is True
    wide = bytes.fromhex("1181cc0001") + bytes(12)
    assert position(framed(b"\xa4" + FIX + wide + b"\x02\x06\x04\x13\x02")).alarms == ("tamper",)
    assert position(framed(b"\xa4" + FIX + wide + b"\x02\x06\x04\x7f\x02\xff")).alarms == ("alarm_0x7f",)
    assert position(framed(b"\x12" + FIX + CELL, start=b"\x79\x79")).fix_valid is True


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        (0x0000, "latitude_deg", pytest.approx(-23.111668, abs=1e-6)),
        (0x0C00, "longitude_deg", pytest.approx(-114.409285, abs=1e-6)),
        (0x0400, "fix_valid", False),
        (0xC000, "ignition", True),
        (0x4000, "ignition", False),
        (0x8000, "ignition", None),
        (0x0167, "course_deg", 359.0),
    ],
)
def test_what_the_flags_mean(flags: int, field: str, value: Any) -> None:
    content = b"\x12" + FIX[:-2] + flags.to_bytes(2, "big") + CELL
    assert getattr(position(framed(content)), field) == value


def test_without_a_fix_zeros_are_nothing() -> None:
    reading = position(framed(b"\x12" + FIX[:6] + b"\xc0" + bytes(11) + CELL))
    assert (reading.longitude_deg, reading.latitude_deg, reading.speed_mps, reading.course_deg) == (None,) * 4
    assert (reading.fix_valid, reading.satellites) == (False, 0)


def test_a_clock_that_is_not_set_to_utc() -> None:
    ahead = codec("gt06", {IMEI: profile("gt06", {"ahead_of_utc_s": 19800})})
    assert isinstance(ahead, Gt06)
    assert position(LOCATION, ahead).fix_time == datetime(2011, 8, 29, 12, 16, 16, tzinfo=UTC)
    told = codec("gt06", {IMEI: Gt06Profile(zone_from_login=True)})
    told.decode(TOPIC, framed(b"\x01" + LOGIN[4:12] + b"\x70\x00\x32\x01"), RECEIVED_AT, IMEI)
    assert isinstance(told, Gt06)
    assert position(LOCATION, told).fix_time == datetime(2011, 8, 29, 9, 46, 16, tzinfo=UTC)


@pytest.mark.parametrize("protocol", [0x10, 0x11, 0x1A, 0x1E, 0x2D, 0x31, 0x32, 0x37])
@pytest.mark.parametrize("rest", [b"", CELL + b"\x07\x00\xff"])
def test_of_relatives_the_fix_is_read(protocol: int, rest: bytes) -> None:
    known, reading = position(framed(b"\x12" + FIX + CELL)), position(framed(bytes([protocol]) + FIX + rest))
    assert reading == known


def test_an_alarm_of_a_4g_tracker_as_published() -> None:
    """From the tests of Traccar's decoder (Apache 2.0): byte 16 of length, cell, ignition off, level 5, 0x13, no fence."""
    payload = "78782da41a0509160203cf05be31f80c306530001c00"
    payload += "10012ed000007ef40000000006428b074205041302ff0009389c0d0a"
    assert position(bytes.fromhex(payload)) == Position(
        IMEI,
        datetime(2026, 5, 9, 22, 2, 3, tzinfo=UTC),
        RECEIVED_AT,
        longitude_deg=-0x0C306530 / 1_800_000,
        latitude_deg=0x05BE31F8 / 1_800_000,
        speed_mps=0.0,
        course_deg=0.0,
        satellites=15,
        fix_valid=True,
        ignition=True,
        battery_pct=83.3,
        alarms=("tamper",),
        seq=9,
    )


@pytest.mark.parametrize(
    "rest",
    [
        b"\x07" * 2,
        bytes.fromhex("3145 04b6040000001c0000"),  # a card reader's mileage and card number
        bytes(15),
    ],
)
def test_what_a_maker_adds_is_not_taken_for_ignition_or_mileage(rest: bytes) -> None:
    assert position(framed(b"\x12" + FIX + CELL + rest)) == position(framed(b"\x12" + FIX + CELL))


def test_an_alarm_of_another_length_is_no_more_than_a_fix() -> None:
    longer = framed(b"\x16" + FIX + b"\x09" + CELL + bytes.fromhex("a0005d4b1302"))
    assert position(longer) == position(framed(b"\x12" + FIX + CELL))
    assert position(framed(b"\x26" + FIX + b"\x09" + CELL + bytes.fromhex("0255041302ff"))).alarms == ("tamper",)


@pytest.mark.parametrize(
    ("level", "battery_pct"), [(0, 0.0), (4, 66.7), (6, 100.0), (7, 7.0), (93, 93.0), (100, 100.0), (101, None), (178, None)]
)
def test_the_charge_comes_in_steps_or_in_per_cent(level: int, battery_pct: float | None) -> None:
    (status,) = Gt06().decode(TOPIC, framed(b"\x13\x40" + bytes([level]) + b"\x04\x00\x01"), RECEIVED_AT, IMEI)
    assert isinstance(status, DeviceStatus)
    assert status.battery_pct == battery_pct


def test_an_alarm_without_a_fix_is_told() -> None:
    """The second is from the tests of Traccar's decoder (Apache 2.0)."""
    alarm = position(framed(b"\x19" + CELL + bytes.fromhex("0004040100")))
    assert alarm == Position(IMEI, None, RECEIVED_AT, fix_valid=False, ignition=False, battery_pct=66.7, alarms=("sos",), seq=1)
    published = position(bytes.fromhex("787819a5012ed0000075df000000000098661502050413000019a12b0d0a"))
    assert (published.alarms, published.ignition, published.longitude_deg) == (("tamper",), True, None)
    with pytest.raises(DecodeError, match="bad_layout"):
        position(framed(b"\x19" + CELL + bytes(10)))


def test_the_long_frames_of_0x32_say_how_long_their_place_is() -> None:
    sized = FIX[:6] + b"\x0c" + FIX[6:]
    known, reading = position(framed(b"\x12" + FIX + CELL)), position(framed(b"\x32" + sized, start=b"\x79\x79"))
    assert reading == known
    nothing = position(framed(b"\x32" + FIX[:6] + b"\x00" + FIX[6:], start=b"\x79\x79"))
    assert nothing == Position(IMEI, known.fix_time, RECEIVED_AT, fix_valid=False, seq=1)


def test_frames_without_a_place_are_counted() -> None:
    made = Gt06()
    assert made.decode(TOPIC, framed(b"\x8a"), RECEIVED_AT, IMEI) == []
    assert made.warnings["unread_protocol"] == 1


def test_a_frame_that_nobody_knows_is_kept_unless_others_come_with_it() -> None:
    made = Gt06()
    with pytest.raises(DecodeError, match=r"unread_protocol.*0x34"):
        made.decode(TOPIC, framed(b"\x34" + bytes(4) + FIX), RECEIVED_AT, IMEI)
    assert len(made.decode(TOPIC, framed(b"\x34" + bytes(4) + FIX) + LOCATION, RECEIVED_AT, IMEI)) == 1
    assert made.warnings["unread_protocol"] == 2


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"\x78", "truncated"),
        (b"\x77\x77\x05", "bad_start"),
        (LOCATION[:-1], "truncated"),
        (LOCATION[:-1] + b"\x0b", "bad_end"),
        (LOCATION[:10] + b"\xff" + LOCATION[11:], "bad_checksum"),
        (LOCATION + LOCATION[:5], "truncated"),
        (b"\x78\x78\x04\x13\x00\x00\x00\r\n", "truncated"),
        (framed(b"\x12"), "truncated"),
        (framed(b"\x12" + b"\x0b\x0d" + FIX[2:] + CELL), "bad_time"),
        (framed(b"\x12" + FIX[:7] + b"\xff" * 8 + FIX[15:] + CELL), "out_of_range"),
        (framed(b"\x12" + FIX[:16] + b"\x17\xff" + CELL), "out_of_range"),
        (framed(b"\x01" + b"\xab" * 8), "bad_digits"),
    ],
)
def test_bad_frames_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        Gt06().decode(TOPIC, payload, RECEIVED_AT, IMEI)
    assert refusal.value.reason == reason


fixes = records(
    Position,
    device=st.just(IMEI),
    fix_time=st.integers(946_684_800, 4_102_444_800).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
    received_at=st.just(RECEIVED_AT),
    longitude_deg=st.integers(-324_000_000, 324_000_000).map(lambda value: value / 1_800_000),
    latitude_deg=st.integers(-162_000_000, 162_000_000).map(lambda value: value / 1_800_000),
    course_deg=st.integers(0, 359).map(float),
    satellites=st.integers(0, 15),
    fix_valid=st.just(True),
    ignition=st.booleans(),
    odometer_m=maybe(st.integers(0, 2**32 - 1).map(float)),
    buffered=st.booleans(),
    seq=st.integers(0, 2**16 - 1),
)


@given(fixes, st.integers(0, 255))
def test_what_is_encoded_is_decoded(fix: Position, speed_kmh: int) -> None:
    topic, payload = Gt06().encode([fix._replace(speed_mps=speed_kmh / 3.6)], "acme")
    assert topic == TOPIC
    got = position(payload)
    assert got.speed_mps == pytest.approx(speed_kmh / 3.6)
    assert got._replace(speed_mps=None) == fix


def test_what_is_not_known_is_not_written() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    got = position(Gt06().encode([Position(IMEI, at)], "acme").payload)
    assert got == Position(IMEI, at, RECEIVED_AT, satellites=0, fix_valid=False, seq=0)
    for reading in (SensorReading(IMEI, at), Position(IMEI), Position(IMEI, EPOCH)):
        with pytest.raises(InvalidInputError):
            Gt06().encode([reading], "acme")
