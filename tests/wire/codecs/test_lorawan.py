"""ChirpStack and The Things Stack: the same sensors behind two network servers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from wire.codecs.chirpstack import Chirpstack
from wire.codecs.ttn import Ttn
from wire.instants import parse_instant
from wire.registry import codec, profile

EUI = "a8404187d187106e"
AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
UP = f"application/5bb9/device/{EUI}/event/up"


def uplink(content: Any, settings: dict[str, Any] | None = None, **members: Any) -> list[Reading]:
    event = {"time": "2026-05-01T05:59:58Z", "deviceInfo": {"devEui": EUI}, "fCnt": 3, "object": content} | members
    profiles = {} if settings is None else {EUI: profile("chirpstack", settings)}
    return codec("chirpstack", profiles).decode(UP, msgspec.json.encode(event), RECEIVED_AT, EUI)


def test_the_events_of_chirpstack() -> None:
    up, status, location, join = (Chirpstack().decode(*example, RECEIVED_AT, EUI)[0] for example in EXAMPLES["chirpstack"])
    at = AT.replace(microsecond=863512)
    assert up == SensorReading(
        EUI, at, RECEIVED_AT, temperature_c=4.5, humidity_pct=65.5, door_open=False, battery_v=3.301, seq=42
    )
    assert status == DeviceStatus(EUI, AT, RECEIVED_AT, online=True, battery_pct=75.5)
    assert location == Position(EUI, AT, RECEIVED_AT, 77.59, 12.97, accuracy_m=300)
    assert join == DeviceStatus(EUI, None, RECEIVED_AT, online=True)


def test_the_messages_of_the_things_stack() -> None:
    cooler, crate, join = (Ttn().decode(topic, payload, RECEIVED_AT) for topic, payload in EXAMPLES["ttn"])
    at = AT.replace(microsecond=954236)
    assert cooler == [SensorReading("cooler-1", at, RECEIVED_AT, temperature_c=4.5, humidity_pct=60, seq=15)]
    assert crate == [
        Position("crate-1", AT, RECEIVED_AT, 77.59, 12.97, altitude_m=900, temperature_c=(None, 7.5), seq=0),
        SensorReading("crate-1", AT, RECEIVED_AT, temperature_c=7.5, count=3, seq=0),
    ]
    assert join == [DeviceStatus("cooler-1", None, RECEIVED_AT, online=True)]


def test_a_simulated_uplink_is_dropped() -> None:
    topic, payload = EXAMPLES["ttn"][0]
    assert Ttn().decode(topic, payload[:-1] + b',"simulated":true}', RECEIVED_AT) == []


def test_the_counter_zero_is_left_out_by_the_server() -> None:
    (reading,) = uplink({"temperature": 4.5}, fCnt=0)
    event = b'{"deviceInfo":{"devEui":"a8404187d187106e"},"object":{"temperature":4.5}}'
    (other,) = Chirpstack().decode(UP, event, RECEIVED_AT, EUI)
    assert reading.seq == other.seq == 0


def test_a_table_for_the_vendors_keys() -> None:
    inputs = {
        "wt": {"field": "weight_g", "scale": 1000, "offset": -250},
        "reed.state": {"field": "door_open", "inverted": True},
        "t": {"field": "temperature_c", "missing": [327.67]},
    }
    content = {"wt": "5.25", "reed": {"state": 0}, "t": 327.67, "temperature": 99}
    (reading,) = uplink(content, {"inputs": inputs, "usual": False})
    assert reading == SensorReading(EUI, AT, RECEIVED_AT, weight_g=5000, door_open=True, seq=3)


@pytest.mark.parametrize(
    ("content", "field", "value"),
    [
        ({"temp_DS18B20": "0.00", "temp_SOIL": "13.25"}, "temperature_c", 13.25),
        ({"TempC_DS": 327.67, "TempC_SHT": 5}, "temperature_c", 5),
        ({"weight_kg": 5.2}, "weight_g", 5200),
        ({"door": "open"}, "door_open", True),
        ({"door": "closed", "count": 7.0}, "count", 7),
        ({"vdd": 3605}, "battery_v", 3.605),
        ({"temperature": None, "humidity": 50}, "temperature_c", None),
    ],
)
def test_keys_that_mean_the_same_everywhere(content: Any, field: str, value: Any) -> None:
    (reading,) = uplink(content)
    assert getattr(reading, field) == value


def test_an_uplink_without_payload_says_nothing() -> None:
    assert uplink(None) == []
    assert uplink(None, fPort=0, data="") == []


def test_status_without_a_battery() -> None:
    for members in ({"externalPowerSource": True, "batteryLevel": 50}, {"batteryLevelUnavailable": True}, {"margin": 3}):
        event = msgspec.json.encode({"deviceInfo": {"devEui": EUI}} | members)
        (status,) = Chirpstack().decode(UP.replace("/up", "/status"), event, RECEIVED_AT, EUI)
        assert status == DeviceStatus(EUI, None, RECEIVED_AT, online=True)


@pytest.mark.parametrize(
    ("content", "members", "reason"),
    [
        (None, {"data": "AQID"}, "no_object"),
        ({}, {}, "nothing_mapped"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, {}, "nothing_mapped"),
        ({"soil": 5, "list": [1, 2]}, {}, "nothing_mapped"),
        ({"temperature": "warm"}, {}, "wrong_type"),
        ({"temperature": True}, {}, "wrong_type"),
        ({"count": 2**70}, {}, "out_of_range"),
        ({str(key): 1 for key in range(600)}, {}, "too_large"),
        ({"temperature": 4}, {"deviceInfo": {"devEui": "0000000000000000"}}, "identity_mismatch"),
        ({"temperature": 4}, {"deviceInfo": {}}, "missing_field"),
        ({"temperature": 4}, {"time": "yesterday"}, "bad_time"),
        ([], {}, "wrong_type"),
    ],
)
def test_bad_events_say_why(content: Any, members: dict[str, Any], reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        uplink(content, **members)
    assert refusal.value.reason == reason


def test_a_raw_payload_of_the_things_stack() -> None:
    payload = b'{"end_device_ids":{"device_id":"cooler-1"},"uplink_message":{"frm_payload":"AQID"}}'
    with pytest.raises(DecodeError) as refusal:
        Ttn().decode("", payload, RECEIVED_AT)
    assert refusal.value.reason == "no_object"


def test_published_vectors(vectors: dict[str, list[dict[str, Any]]]) -> None:
    for vector in vectors["json_misc_lorawan"]:
        payload, expected = msgspec.json.encode(vector["payload"]), vector["expected"]
        if vector["format"] == "chirpstack_v4":
            (reading,) = Chirpstack().decode("", payload, RECEIVED_AT)
            assert reading == SensorReading(
                expected["dev_eui"],
                parse_instant(expected["time_utc"]),
                RECEIVED_AT,
                temperature_c=expected["metrics"]["temp_SOIL"],
                battery_v=expected["metrics"]["BatV"],
                seq=0,
            )
        if vector["format"] == "ttnhttp":
            (reading,) = Ttn().decode("", payload, RECEIVED_AT)
            assert isinstance(reading, Position)
            assert (reading.latitude_deg, reading.longitude_deg, reading.altitude_m) == (37.7858, -122.4064, 44.5)
            assert (reading.temperature_c, reading.seq) == ((27.2, 25.5), 15)
