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


def test_channels_of_cayenne_lpp() -> None:
    """As ChirpStack's own decoder names them: kind, then channel."""
    content = {"temperatureSensor": {"1": 4.5, "2": -18.5}, "humiditySensor": {"3": 55}, "digitalInput": {"4": 1}}
    place, (reading,) = {"gpsLocation": {"5": {"latitude": 12.97, "longitude": 77.59}}}, uplink(content)
    assert reading == SensorReading(EUI, AT, RECEIVED_AT, temperature_c=4.5, humidity_pct=55, seq=3)
    (position, _) = uplink(content | place)
    assert isinstance(position, Position)
    assert (position.longitude_deg, position.temperature_c) == (77.59, (None, 4.5, -18.5))


def test_events_of_version_3() -> None:
    """Identity beside the application's, the time among the receptions. The shape is that of its documentation."""
    event: dict[str, Any] = {
        "applicationID": "7",
        "devEUI": EUI,
        "rxInfo": [{"gatewayID": "0303"}, {"gatewayID": "0404", "time": "2026-05-01T05:59:58.295915988Z"}],
        "fCnt": 10,
        "fPort": 5,
        "object": {"temperatureSensor": {"1": 25}},
    }
    at = AT.replace(microsecond=295915)
    (reading,) = Chirpstack().decode(UP, msgspec.json.encode(event), RECEIVED_AT, EUI)
    assert reading == SensorReading(EUI, at, RECEIVED_AT, temperature_c=25, seq=10)
    del event["rxInfo"]
    (reading,) = Chirpstack().decode(UP, msgspec.json.encode(event), RECEIVED_AT, EUI)
    assert reading == SensorReading(EUI, None, RECEIVED_AT, temperature_c=25, seq=10)


def test_events_of_version_3_with_bytes_in_base64() -> None:
    """Its marshaler "json": the mapping of Protocol Buffers to JSON, as its documentation shows it."""
    event: dict[str, Any] = {
        "devEUI": "qEBBh9GHEG4=",
        "rxInfo": [{"gatewayID": "AwMDAwMDAwM=", "time": None}],
        "fCnt": 10,
        "data": "AAE=",
        "objectJSON": '{"temperatureSensor":{"1":25.5},"humiditySensor":{"1":32}}',
        "publishedAt": "2026-05-01T05:59:58Z",
    }
    for device in (EUI, ""):
        (reading,) = Chirpstack().decode(UP, msgspec.json.encode(event), RECEIVED_AT, device)
        assert reading == SensorReading(EUI, AT, RECEIVED_AT, temperature_c=25.5, humidity_pct=32, seq=10)
    for broken, reason in (
        ({"objectJSON": "{"}, "not_json"),
        ({"objectJSON": ""}, "no_object"),
        ({"devEUI": "AAAAAAAAAAA="}, "identity_mismatch"),
    ):
        with pytest.raises(DecodeError) as refusal:
            Chirpstack().decode(UP, msgspec.json.encode(event | broken), RECEIVED_AT, EUI)
        assert refusal.value.reason == reason


def normalised(*measurements: Any, settings: dict[str, Any] | None = None, **members: Any) -> list[Reading]:
    uplink = {"f_cnt": 5, "received_at": "2026-05-01T05:59:58Z", "normalized_payload": measurements} | members
    message = {"end_device_ids": {"device_id": "crate"}, "uplink_message": uplink}
    profiles = {} if settings is None else {"crate": profile("ttn", settings)}
    return codec("ttn", profiles).decode("", msgspec.json.encode(message), RECEIVED_AT)


def test_a_normalised_measurement_comes_before_the_vendors_own_units() -> None:
    """The pair of the documentation: 50 degrees Fahrenheit and 10 degrees Celsius."""
    own = {"temperature": 50, "windSpeed": 17.5, "count": 3}
    normal = {"air": {"temperature": 10, "relativeHumidity": 43.9}, "battery": 3.3, "action": {"contactState": "open"}}
    (reading,) = normalised(normal, decoded_payload=own)
    known: dict[str, Any] = {"temperature_c": 10, "humidity_pct": 43.9, "door_open": True, "battery_v": 3.3, "seq": 5}
    assert reading == SensorReading("crate", AT, RECEIVED_AT, count=3, **known)
    (alone,) = normalised(normal | {"time": "2026-05-01T05:50:00Z"}, frm_payload="AQID")
    assert alone == SensorReading("crate", AT.replace(minute=50, second=0), RECEIVED_AT, **known)
    earlier, later = ({"time": f"2026-05-01T05:{minute}:00Z", "air": {"temperature": 4}} for minute in (40, 50))
    assert [type(one) is SensorReading and one.measured_at for one in normalised(earlier, later)] == [
        AT.replace(minute=40, second=0),
        AT.replace(minute=50, second=0),
    ]
    assert normalised(normal, normal, decoded_payload=own)[0][3:5] == (None, 50)  # of one time: the vendor's own is left
    inputs = {"inputs": {"temperature": {"field": "temperature_c", "scale": 2}}}
    (ours,) = normalised(normal, decoded_payload=own, settings=inputs)
    assert ours == SensorReading("crate", AT, RECEIVED_AT, temperature_c=100, count=3, seq=5)


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
