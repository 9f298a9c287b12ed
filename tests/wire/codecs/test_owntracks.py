from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, SensorReading
from tests.wire.codecs.examples import RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.codecs.owntracks import Owntracks, OwntracksProfile
from wire.instants import from_unix_ms
from wire.registry import codec

TOPIC = "owntracks/ravi/phone"
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
HERE: dict[str, Any] = {"_type": "location", "lat": 12.97, "lon": 77.59, "tst": 1777615198}


def position(**members: Any) -> Position:
    (reading,) = Owntracks().decode(TOPIC, msgspec.json.encode(HERE | members), RECEIVED_AT, "ravi:phone")
    assert isinstance(reading, Position)
    return reading


def test_what_is_left_out_is_missing() -> None:
    assert position() == Position("ravi:phone", AT, RECEIVED_AT, 77.59, 12.97)


def test_numbers_may_come_as_text_as_some_trackers_write_them() -> None:
    extras = {"acc": 8, "vel": 36, "batt": 71.5, "ign": True}
    as_text = {name: str(value) for name, value in (HERE | extras).items() if name != "ign"} | {"ign": 1}
    assert position(**as_text) == position(**extras)
    region = {"_type": "transition", "event": "enter", "tst": 1777615198, "lat": 12.97, "lon": 77.59, "acc": 8}
    written = {name: str(value) for name, value in region.items()}
    read = [Owntracks().decode(TOPIC, msgspec.json.encode(told), RECEIVED_AT, "ravi:phone") for told in (region, written)]
    assert read[0] == read[1]


def test_the_extras_of_trackers() -> None:
    members: dict[str, Any] = {
        "vel": 36,
        "odometer": 12.5,
        "uext": 12.6,
        "ubatt": 4.1,
        "flvl": 55,
        "ign": True,
        "motion": False,
        "temp_c-01": 4.5,
    }
    assert position(**members) == Position(
        "ravi:phone",
        AT,
        RECEIVED_AT,
        77.59,
        12.97,
        speed_mps=10.0,
        ignition=True,
        in_motion=False,
        fuel_pct=55,
        external_v=12.6,
        battery_v=4.1,
        odometer_m=12500,
        temperature_c=(None, 4.5),
    )


@pytest.mark.parametrize(
    ("members", "alarms", "ignition"),
    [
        ({"t": "u"}, (), None),
        ({"t": "e"}, ("power_cut",), None),
        ({"t": "E"}, ("power_restored",), None),
        ({"t": "i"}, (), True),
        ({"t": "I"}, (), False),
        ({"t": "!"}, ("tow",), None),
        ({"t": "h", "rty": 4}, ("harsh_acceleration",), None),
        ({"t": "h", "rty": 0.5}, (), None),
        ({"t": "h"}, (), None),
    ],
)
def test_trigger_letters_where_case_matters(members: dict[str, Any], alarms: tuple[str, ...], ignition: bool | None) -> None:
    reading = position(**members)
    assert (reading.alarms, reading.ignition) == (alarms, ignition)


def test_when_a_message_was_made_is_told_by_phones_and_by_trackers() -> None:
    for members in ({"created_at": 1777615199}, {"sent": 1777615199}, {"created_at": 1777615199, "sent": 5}):
        assert position(**members).device_time == AT.replace(second=59)


def test_negative_means_unknown() -> None:
    reading = position(vel=-1, cog=-1, acc=-1, batt=-1, alt=-12)
    assert reading == Position("ravi:phone", AT, RECEIVED_AT, 77.59, 12.97, altitude_m=-12)


def test_crossings_and_the_will() -> None:
    phone = Owntracks()
    crossing = b'{"_type":"transition","event":"leave","tst":1777615198,"wtst":1,"lat":12.97,"lon":77.59,"acc":20}'
    assert phone.decode(TOPIC + "/event", crossing, RECEIVED_AT, "ravi:phone") == [
        Position("ravi:phone", AT, RECEIVED_AT, 77.59, 12.97, accuracy_m=20, alarms=("geofence_exit",))
    ]
    assert phone.decode(TOPIC, b'{"_type":"lwt","tst":1777600000}', RECEIVED_AT, "ravi:phone") == [
        DeviceStatus("ravi:phone", RECEIVED_AT, RECEIVED_AT, online=False)
    ]


def sealed(content: bytes, secret: str) -> bytes:
    box = SecretBox(secret.encode().ljust(32, b"\0")[:32])
    return msgspec.json.encode({"_type": "encrypted", "data": base64.b64encode(box.encrypt(content)).decode()})


def test_an_encrypted_location() -> None:
    inner = msgspec.json.encode(HERE)
    profiles = {"ravi:phone": OwntracksProfile(secret="s3cret")}
    phone = codec("owntracks", profiles)
    assert phone.decode(TOPIC, sealed(inner, "s3cret"), RECEIVED_AT, "ravi:phone") == [position()]
    for payload, device, reason in (
        (sealed(inner, "other"), "ravi:phone", "bad_cipher"),
        (sealed(inner, "s3cret"), "asha:phone", "no_key"),
        (sealed(b"{", "s3cret"), "ravi:phone", "not_json"),
        (sealed(sealed(inner, "s3cret"), "s3cret"), "ravi:phone", "unknown_type"),
        (b'{"_type":"encrypted","data":"***"}', "ravi:phone", "bad_cipher"),
        (b'{"_type":"encrypted","data":"AAAA"}', "ravi:phone", "bad_cipher"),
    ):
        with pytest.raises(DecodeError) as refusal:
            phone.decode(TOPIC, payload, RECEIVED_AT, device)
        assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{}", "missing_field"),
        (b'{"_type":"location","lat":1,"lon":2}', "missing_field"),
        (b'{"_type":"location","lat":1,"lon":2,"tst":1e12}', "bad_time"),
        (b'{"_type":"location","lat":"1 N","lon":2,"tst":1}', "wrong_type"),
        (b'{"_type":"location","lat":"nan","lon":2,"tst":1}', "out_of_range"),
        (b'{"_type":"transition","event":"hover","tst":1}', "wrong_type"),
        (b'{"_type":"telepathy"}', "unknown_type"),
    ],
)
def test_bad_payloads_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        Owntracks().decode(TOPIC, payload, RECEIVED_AT, "ravi:phone")
    assert refusal.value.reason == reason


def test_published_vectors(vectors: dict[str, list[dict[str, Any]]]) -> None:
    for vector in vectors["owntracks"]:
        (reading,) = Owntracks().decode(TOPIC, msgspec.json.encode(vector["payload"]), RECEIVED_AT, "ravi:phone")
        assert isinstance(reading, Position)
        expected = vector["expected"]
        assert (reading.latitude_deg, reading.longitude_deg) == (expected["lat"], expected["lon"])
        assert reading.fix_time == from_unix_ms(expected["time_epoch"] * 1000)
        assert reading.speed_mps == (None if expected["speed_mps"] is None else pytest.approx(expected["speed_mps"]))
        assert reading.course_deg == expected["course"]
        assert reading.altitude_m == expected["altitude_m"]
        assert reading.accuracy_m == expected["accuracy_m"]
        assert reading.battery_pct == expected["battery_pct"]


whole = maybe(st.integers(1, 200).map(float))
fixes = records(
    Position,
    device=st.just("ravi:phone"),
    received_at=st.just(RECEIVED_AT),
    fix_time=st.integers(0, 4_102_444_800).map(lambda seconds: from_unix_ms(seconds * 1000)),
    longitude_deg=st.floats(-180, 180),
    latitude_deg=st.floats(-90, 90),
    speed_mps=maybe(st.integers(1, 200).map(lambda kmh: kmh / 3.6)),
    course_deg=whole,
    altitude_m=whole,
    accuracy_m=whole,
    battery_pct=maybe(st.integers(0, 100).map(float)),
)


@given(fixes)
def test_what_is_encoded_is_decoded(fix: Position) -> None:
    phone = Owntracks()
    message = phone.encode([fix], "acme")
    assert message.topic == TOPIC
    (got,) = phone.decode(*message, RECEIVED_AT, "ravi:phone")
    assert isinstance(got, Position)
    assert got._replace(speed_mps=None, seq=None) == fix._replace(speed_mps=None)
    assert got.speed_mps == (None if fix.speed_mps is None else pytest.approx(fix.speed_mps))


def test_zero_is_left_out_as_phones_do() -> None:
    payload = Owntracks().encode([Position("van-1", AT, None, 77.59, 12.97, speed_mps=0.0)], "acme").payload
    assert "vel" not in msgspec.json.decode(payload)
    for reading in (SensorReading("van-1"), Position("van-1", AT), Position("van-1", longitude_deg=1, latitude_deg=1)):
        with pytest.raises(InvalidInputError):
            Owntracks().encode([reading], "acme")


def test_two_fixes_of_one_second_in_one_place_stay_two_and_a_repetition_stays_one() -> None:
    phone = Owntracks()
    fix = Position("ravi:phone", fix_time=datetime(2026, 5, 1, 6, tzinfo=UTC), longitude_deg=77.5, latitude_deg=12.9)
    later = fix._replace(fix_time=datetime(2026, 5, 1, 6, 0, 0, 600_000, tzinfo=UTC))
    again, first, second = (
        phone.decode(*phone.encode([position], "acme"), RECEIVED_AT, "ravi:phone") for position in (fix, fix, later)
    )
    assert first == again
    assert first[0]._replace(seq=None) == second[0]._replace(seq=None)
    assert first[0].seq != second[0].seq
