from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from domain.errors import DecodeError
from domain.observations import DeviceStatus, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from wire.codecs.zigbee2mqtt import Zigbee2mqtt
from wire.registry import codec, profile

NAME = "cooler door"
TOPIC = f"zigbee2mqtt/{NAME}"


def sensor(**content: Any) -> SensorReading:
    (reading,) = Zigbee2mqtt().decode(TOPIC, msgspec.json.encode(content), RECEIVED_AT, NAME)
    assert isinstance(reading, SensorReading)
    return reading


def test_contact_means_closed_and_a_missing_time_is_missing() -> None:
    full, bare, *_ = (
        Zigbee2mqtt().decode(topic, payload, RECEIVED_AT, NAME)[0] for topic, payload in EXAMPLES["zigbee2mqtt"][:2]
    )
    assert full == SensorReading(
        NAME,
        datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC),
        RECEIVED_AT,
        temperature_c=4.5,
        humidity_pct=65.5,
        door_open=False,
        battery_v=3.005,
        battery_pct=95,
    )
    assert bare == SensorReading(NAME, None, RECEIVED_AT, door_open=True)


def test_last_seen_in_its_three_forms() -> None:
    at = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
    for value in ("2026-05-01T05:59:58.000Z", "2026-05-01T11:29:58+05:30", 1777615198000):
        assert sensor(temperature=4, last_seen=value).measured_at == at
    for nothing in (None, ""):
        assert sensor(temperature=4, last_seen=nothing).measured_at is None


def test_availability_old_and_new() -> None:
    for payload, online in ((b'{"state":"offline"}', False), (b"online", True), (b" offline\n", False)):
        readings = Zigbee2mqtt().decode(f"{TOPIC}/availability", payload, RECEIVED_AT, NAME)
        assert readings == [DeviceStatus(NAME, None, RECEIVED_AT, online=online)]


def test_what_is_no_sensor_is_counted() -> None:
    made = Zigbee2mqtt()
    assert made.decode(TOPIC, b'{"state":"ON","brightness":254}', RECEIVED_AT, NAME) == []
    assert made.warnings["nothing_mapped"] == 1


def test_the_voltage_of_a_socket_is_no_battery() -> None:
    assert sensor(temperature=20, voltage=231).battery_v is None
    assert sensor(voltage=2900).battery_v == 2.9


def test_a_profile_wins() -> None:
    settings = {"inputs": {"contact": {"field": "door_open"}, "mass": {"field": "weight_g", "scale": 1000}}}
    made = codec("zigbee2mqtt", {NAME: profile("zigbee2mqtt", settings)})
    readings = made.decode(TOPIC, b'{"contact":true,"mass":5.25}', RECEIVED_AT, NAME)
    assert readings == [SensorReading(NAME, None, RECEIVED_AT, weight_g=5250, door_open=True)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"[]", "wrong_type"),
        (b'{"contact":"ajar"}', "wrong_type"),
        (b'{"temperature":4,"last_seen":"2026-05-01T05:59:58"}', "bad_time"),
        (b'{"temperature":4,"last_seen":[1]}', "wrong_type"),
        (b'{"temperature":4,"last_seen":true}', "wrong_type"),
        (b'{"battery":1e300}', "out_of_range"),
    ],
)
def test_bad_payloads_say_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        Zigbee2mqtt().decode(TOPIC, payload, RECEIVED_AT, NAME)
    assert refusal.value.reason == reason
