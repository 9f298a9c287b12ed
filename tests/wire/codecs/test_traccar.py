from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import Position, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from tests.wire.strategies import latitudes, longitudes, maybe, moments, records
from wire.codecs.traccar import Traccar
from wire.registry import codec, profile

IMEI = "861359034137271"
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
((TOPIC, PAYLOAD),) = EXAMPLES["traccar"]


def position(attributes: dict[str, Any] | None = None, **members: Any) -> Position:
    content = {"position": {"fixTime": "2026-05-01T05:59:58Z"} | members, "device": {"uniqueId": IMEI}}
    content["position"]["attributes"] = attributes
    (reading,) = Traccar().decode(TOPIC, msgspec.json.encode(content), RECEIVED_AT)
    assert isinstance(reading, Position)
    return reading


def test_knots_become_metres_a_second_and_the_rest_its_field() -> None:
    (reading,) = Traccar().decode(TOPIC, PAYLOAD, RECEIVED_AT)
    assert reading == Position(
        IMEI,
        AT,
        RECEIVED_AT,
        77.5931818,
        12.9720978,
        speed_mps=reading.speed_mps if isinstance(reading, Position) else None,
        course_deg=90.0,
        altitude_m=900.0,
        accuracy_m=None,
        hdop=0.9,
        satellites=9,
        fix_valid=True,
        ignition=True,
        in_motion=True,
        door_open=False,
        fuel_l=40.5,
        external_v=12.6,
        battery_v=4.1,
        battery_pct=80,
        odometer_m=123456.0,
        temperature_c=(-18.5, None, 4.0),
        alarms=("harsh_braking", "sos"),
        buffered=True,
    )
    assert isinstance(reading, Position)
    assert reading.speed_mps == pytest.approx(10.0, abs=1e-6)


@pytest.mark.parametrize("text", ["2026-05-01T05:59:58Z", "2026-05-01T05:59:58.000+00:00", "2026-05-01T11:29:58.000+0530"])
def test_times_as_its_versions_write_them(text: str) -> None:
    assert position(fixTime=text).fix_time == AT


def test_an_outdated_fix_is_none() -> None:
    assert position(valid=True, outdated=True).fix_valid is False
    assert position(valid=False).fix_valid is False
    assert position().fix_valid is None


@pytest.mark.parametrize(
    ("attributes", "field", "value"),
    [
        (None, "alarms", ()),
        ({"alarm": "vibration"}, "alarms", ("vibration",)),
        ({"alarm": 7}, "alarms", ()),
        ({"alarm": ", ,"}, "alarms", ()),
        ({"fuelLevel": 55.5}, "fuel_pct", 55.5),
        ({"batteryLevel": None}, "battery_pct", None),
        ({"in2": True}, "door_open", None),
    ],
)
def test_what_attributes_mean(attributes: dict[str, Any] | None, field: str, value: Any) -> None:
    assert getattr(position(attributes), field) == value


def test_a_device_may_be_wired_otherwise() -> None:
    wired = {
        IMEI: profile(
            "traccar", {"inputs": {"in2": {"field": "door_open"}, "odometer": {"field": "odometer_m", "scale": 1000}}}
        )
    }
    content = {"position": {"attributes": {"in2": True, "odometer": 12.5}}, "device": {"uniqueId": IMEI}}
    (reading,) = codec("traccar", wired).decode(TOPIC, msgspec.json.encode(content), RECEIVED_AT)
    assert reading == Position(IMEI, None, RECEIVED_AT, door_open=True, odometer_m=12500)


def test_numbers_may_come_as_text() -> None:
    told = {"fixTime": 1777615198000, "latitude": 12.5, "longitude": 77.5, "speed": 10, "course": 90.5, "valid": True}
    as_text = {name: value if name == "fixTime" else str(value).lower() for name, value in told.items()}
    read = [
        Traccar().decode(TOPIC, msgspec.json.encode({"position": position, "device": {"uniqueId": IMEI}}), RECEIVED_AT)
        for position in (told, as_text)
    ]
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"position":{}}', "missing_field"),
        (b'{"position":{},"device":{}}', "missing_field"),
        (b'{"position":{},"device":{"uniqueId":7}}', "wrong_type"),
        (b'{"position":{"latitude":"nan"},"device":{"uniqueId":"7"}}', "out_of_range"),
        (b'{"position":{"speed":"fast"},"device":{"uniqueId":"7"}}', "wrong_type"),
        (b'{"position":{"fixTime":"2026-05-01T05:59:58"},"device":{"uniqueId":"7"}}', "bad_time"),
        (b'{"position":{"attributes":{"sat":[1]}},"device":{"uniqueId":"7"}}', "wrong_type"),
        (b'{"position":{"attributes":{"power":1e13}},"device":{"uniqueId":"7"}}', "out_of_range"),
    ],
)
def test_bad_payloads_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        Traccar().decode(TOPIC, payload, RECEIVED_AT)
    assert refusal.value.reason == reason


values = maybe(st.integers(1, 10**6).map(lambda value: value / 100))
flags = maybe(st.booleans())
fixes = records(
    Position,
    device=st.just(IMEI),
    fix_time=moments,
    received_at=st.just(RECEIVED_AT),
    longitude_deg=longitudes,
    latitude_deg=latitudes,
    course_deg=values,
    altitude_m=values,
    accuracy_m=values,
    hdop=values,
    satellites=maybe(st.integers(0, 40)),
    fix_valid=st.just(True),
    ignition=flags,
    in_motion=flags,
    door_open=flags,
    fuel_l=values,
    fuel_pct=values,
    external_v=values,
    battery_v=values,
    battery_pct=values,
    odometer_m=values,
    temperature_c=st.lists(values, max_size=3).map(lambda probes: (*probes, 1.5) if probes else ()),
    alarms=st.lists(st.sampled_from(["sos", "tow", "crash", "power_cut", "vibration"]), unique=True).map(tuple),
    buffered=flags,
    device_time=maybe(moments),
)


@given(fixes, st.integers(0, 100))
def test_what_is_encoded_is_decoded(fix: Position, speed_mps: int) -> None:
    topic, payload = Traccar().encode([fix._replace(speed_mps=speed_mps)], "acme")
    (got,) = Traccar().decode(topic, payload, RECEIVED_AT)
    assert isinstance(got, Position)
    assert got.speed_mps == pytest.approx(speed_mps)
    assert got._replace(speed_mps=None) == fix


def test_what_cannot_be_encoded_is_refused() -> None:
    for reading in (SensorReading(IMEI), Position(IMEI)):
        with pytest.raises(InvalidInputError):
            Traccar().encode([reading], "acme")
