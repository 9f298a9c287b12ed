"""Our own JSON and CBOR: what is encoded is decoded, and what is missing stays missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.codecs.beatwatch_cbor import BeatwatchCbor
from wire.codecs.beatwatch_json import BeatwatchJson, _Position, _Sensor, _Status
from wire.instants import EPOCH, from_unix_ms

times = st.integers(0, 4_102_444_800_000).map(from_unix_ms)
counters = st.integers(0, 2**63 - 1)
words = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9), max_size=3).map(tuple)
flags = maybe(st.booleans())


def scaled(per_unit: int, most: int = 10**9) -> st.SearchStrategy[float | None]:
    """Values that the CBOR form carries exactly."""
    return maybe(st.integers(-most, most).map(lambda value: value / per_unit))


positions = records(
    Position,
    device=st.just("van-1"),
    received_at=st.just(RECEIVED_AT),
    fix_time=maybe(times),
    longitude_deg=scaled(10**7, 2**31 - 1),
    latitude_deg=scaled(10**7, 2**31 - 1),
    speed_mps=scaled(100),
    course_deg=scaled(100),
    altitude_m=scaled(10),
    accuracy_m=scaled(10),
    hdop=scaled(100),
    satellites=maybe(st.integers(0, 99)),
    fix_valid=flags,
    ignition=flags,
    in_motion=flags,
    door_open=flags,
    cargo_kg=scaled(1000),
    fuel_l=scaled(1000),
    fuel_pct=scaled(10),
    external_v=scaled(1000),
    battery_v=scaled(1000),
    battery_pct=scaled(1),
    odometer_m=scaled(1, 10**12),
    temperature_c=st.lists(scaled(100), max_size=3).map(tuple),
    alarms=words,
    buffered=flags,
    boot_id=maybe(counters),
    seq=counters,
)
sensors = records(
    SensorReading,
    device=st.just("van-1"),
    received_at=st.just(RECEIVED_AT),
    measured_at=maybe(times),
    weight_g=scaled(1),
    temperature_c=scaled(100),
    humidity_pct=scaled(10),
    door_open=flags,
    count=maybe(counters),
    battery_v=scaled(1000),
    battery_pct=scaled(1),
    buffered=flags,
    boot_id=maybe(counters),
    seq=counters,
)
statuses = records(
    DeviceStatus,
    device=st.just("van-1"),
    received_at=st.just(RECEIVED_AT),
    reported_at=maybe(times),
    online=flags,
    firmware=maybe(st.just("1.2.0")),
    signal_dbm=scaled(1),
    configuration_version=maybe(st.just("c7")),
    battery_v=scaled(1000),
    battery_pct=scaled(1),
    boot_id=maybe(counters),
    seq=counters,
)
batches = st.one_of(*(st.lists(kind, min_size=1, max_size=3) for kind in (positions, sensors, statuses)))


@pytest.mark.parametrize("codec", [BeatwatchJson(), BeatwatchCbor()])
@given(batch=batches)
def test_what_is_encoded_is_decoded(codec: BeatwatchJson | BeatwatchCbor, batch: list[Reading]) -> None:
    topic, payload = codec.encode(batch, "acme")
    assert topic.startswith("bw/1/acme/van-1/")
    assert codec.decode(topic, payload, RECEIVED_AT, "van-1") == batch


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 100))
def test_cbor_is_no_further_off_than_half_a_unit(longitude: float, latitude: float, speed: float) -> None:
    codec = BeatwatchCbor()
    sent = Position("van-1", longitude_deg=longitude, latitude_deg=latitude, speed_mps=speed)
    (got,) = codec.decode(*codec.encode([sent], "acme"), RECEIVED_AT, "van-1")
    assert isinstance(got, Position)
    assert got.longitude_deg == pytest.approx(longitude, abs=0.51e-7)
    assert got.latitude_deg == pytest.approx(latitude, abs=0.51e-7)
    assert got.speed_mps == pytest.approx(speed, abs=0.0051)


def test_the_structures_follow_the_records() -> None:
    for structure, record in ((_Position, Position), (_Sensor, SensorReading), (_Status, DeviceStatus)):
        rest = [name for name in record._fields if name not in {"device", "received_at"}]
        assert list(structure.__struct_fields__) == rest


def test_the_contract_of_integer_keys() -> None:
    payload = cbor2.dumps(
        {1: 3, 2: 9, 3: 1777615198000, 4: 775931818, 5: -129720978, 6: 1234, 7: 9050, 8: -125, 9: 55, 10: 95, 11: 9, 12: True}
        | {13: True, 14: False, 15: False, 16: 300500, 17: 40250, 18: 505, 19: 12400, 20: 3900, 21: 80, 22: 123456}
        | {23: [-1850, None, 400], 24: ["sos"], 25: True, 99: "from later firmware"}
    )
    (position,) = BeatwatchCbor().decode("bw/1/acme/van-1/pos", payload, RECEIVED_AT, "van-1")
    assert position == Position(
        device="van-1",
        fix_time=datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC),
        received_at=RECEIVED_AT,
        longitude_deg=77.5931818,
        latitude_deg=-12.9720978,
        speed_mps=12.34,
        course_deg=90.5,
        altitude_m=-12.5,
        accuracy_m=5.5,
        hdop=0.95,
        satellites=9,
        fix_valid=True,
        ignition=True,
        in_motion=False,
        door_open=False,
        cargo_kg=300.5,
        fuel_l=40.25,
        fuel_pct=50.5,
        external_v=12.4,
        battery_v=3.9,
        battery_pct=80,
        odometer_m=123456,
        temperature_c=(-18.5, None, 4.0),
        alarms=("sos",),
        buffered=True,
        boot_id=3,
        seq=9,
    )
    sensor = cbor2.dumps({2: 1, 3: 0, 15: True, 23: 450, 32: 5200, 33: 655, 34: 13})
    assert BeatwatchCbor().decode("bw/1/acme/shelf-1/sensor", sensor, RECEIVED_AT, "shelf-1") == [
        SensorReading("shelf-1", EPOCH, RECEIVED_AT, 5200, 4.5, 65.5, door_open=True, count=13, seq=1)
    ]
    status = cbor2.dumps({40: True, 41: "1.2.0", 42: -71, 43: "c7"})
    assert BeatwatchCbor().decode("bw/1/acme/van-1/status", status, RECEIVED_AT, "van-1") == [
        DeviceStatus("van-1", None, RECEIVED_AT, online=True, firmware="1.2.0", signal_dbm=-71, configuration_version="c7")
    ]


def test_times_and_nulls_in_json() -> None:
    payload = b'[{"fix_time":"2026-05-01T11:29:58+0530","seq":1},{"fix_time":1777615198000,"hdop":null,"alarms":null,"seq":2}]'
    first, second = BeatwatchJson().decode("bw/1/acme/van-1/event", payload, RECEIVED_AT, "van-1")
    at = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)
    assert first == Position("van-1", at, RECEIVED_AT, seq=1)
    assert second == Position("van-1", at, RECEIVED_AT, seq=2)


def test_a_place_beyond_the_globe_is_kept_for_screening() -> None:
    payload = b'{"fix_time":0,"longitude_deg":200,"latitude_deg":-95.5}'
    (position,) = BeatwatchJson().decode("bw/1/acme/van-1/pos", payload, RECEIVED_AT, "van-1")
    assert isinstance(position, Position)
    assert (position.longitude_deg, position.latitude_deg) == (200, -95.5)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"{", "not_json"),
        (b'{"alarms":["\xff"]}', "not_json"),
        (b"7", "wrong_type"),
        (b"{}", "empty"),
        (b"[]", "empty"),
        (b'[{"seq":1},{}]', "empty"),
        (b'{"seq":"7"}', "wrong_type"),
        (b'{"seq":true}', "wrong_type"),
        (b'{"seq":9223372036854775808}', "out_of_range"),
        (b'{"ignition":1}', "wrong_type"),
        (b'{"latitude_deg":300}', "out_of_range"),
        (b'{"speed_mps":1e400}', "out_of_range"),
        (b'{"speed_mps":NaN}', "not_json"),
        (b'{"fix_time":"2026-05-01T05:59:58"}', "bad_time"),
        (b'{"fix_time":1000000000000000000}', "bad_time"),
        (b'{"fix_time":"0000-01-01T00:00:00Z"}', "bad_time"),
        (b'{"alarms":["a\\u0000b"]}', "wrong_type"),
        (b'{"temperature_c":[' + b"1," * 99 + b"1]}", "out_of_range"),
    ],
)
def test_bad_json_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        BeatwatchJson().decode("bw/1/acme/van-1/pos", payload, RECEIVED_AT, "van-1")
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "empty"),
        ([], "empty"),
        (7, "wrong_type"),
        ([7], "wrong_type"),
        ({2: "7"}, "wrong_type"),
        ({2: True}, "wrong_type"),
        ({2: 1.5}, "wrong_type"),
        ({2: 2**63}, "out_of_range"),
        ({4: 2**31}, "out_of_range"),
        ({3: 10**18}, "bad_time"),
        ({3: "now"}, "wrong_type"),
        ({12: 1}, "wrong_type"),
        ({24: "sos"}, "wrong_type"),
        ({24: ["a\0"]}, "out_of_range"),
        ({23: [1] * 99}, "wrong_type"),
        ({23: [2**40]}, "wrong_type"),
        ({2: 2**70}, "not_cbor"),
    ],
)
def test_bad_cbor_says_why(content: Any, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        BeatwatchCbor().decode("bw/1/acme/van-1/pos", cbor2.dumps(content), RECEIVED_AT, "van-1")
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "empty"),
        ("a10207ff", "trailing_bytes"),
        ("a10207a10208", "trailing_bytes"),
        ("a202070208", "not_cbor"),
        ("a102", "truncated"),
    ],
)
def test_broken_cbor_says_why(payload: str, reason: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        BeatwatchCbor().decode("bw/1/acme/van-1/pos", bytes.fromhex(payload), RECEIVED_AT, "van-1")
    assert refusal.value.reason == reason


def test_an_acknowledgement_holds_no_reading() -> None:
    assert BeatwatchJson().decode("bw/1/acme/van-1/ack", b'{"id":"c1"}', RECEIVED_AT, "van-1") == []
    assert BeatwatchCbor().decode("bw/1/acme/van-1/ack", cbor2.dumps({50: 1}), RECEIVED_AT, "van-1") == []


def test_without_a_topic_the_members_tell_the_kind() -> None:
    kinds = (SensorReading, DeviceStatus, Position)
    named = [msgspec.json.encode(content) for content in ({"weight_g": 5}, {"online": False}, {"seq": 1})]
    numbered = [cbor2.dumps(content) for content in ({32: 5}, {40: False}, {2: 1})]
    for codec, payloads in ((BeatwatchJson(), named), (BeatwatchCbor(), numbered)):
        readings = [reading for payload in payloads for reading in codec.decode("", payload, RECEIVED_AT)]
        assert tuple(map(type, readings)) == kinds
        assert {reading.device for reading in readings} == {""}


def test_a_number_that_is_none_is_not_encoded() -> None:
    with pytest.raises(InvalidInputError):
        BeatwatchCbor().encode([Position("van-1", speed_mps=float("nan"))], "acme")


@pytest.mark.parametrize("eight", ["8", "8.0", "8e0", "0.8e1"])
def test_a_whole_number_is_one_however_it_is_written(eight: str) -> None:
    payload = f'[{{"satellites": {eight}, "fix_time": 1770000000000.0, "temperature_c": [8.0, 7.5]}}]'.encode()
    [reading] = BeatwatchJson().decode("bw/1/acme/van-1/pos", payload, RECEIVED_AT, "van-1")
    assert isinstance(reading, Position)
    assert (reading.satellites, type(reading.satellites), reading.temperature_c) == (8, int, (8.0, 7.5))
    assert reading.fix_time == from_unix_ms(1_770_000_000_000)


@pytest.mark.parametrize("value", ["8.5", '"8"', "1e300", "40000.0", "[[[[8.0]]]]"])
def test_what_is_no_small_whole_number_is_refused(value: str) -> None:
    with pytest.raises(DecodeError) as refused:
        BeatwatchJson().decode("bw/1/acme/van-1/pos", f'{{"satellites": {value}}}'.encode(), RECEIVED_AT, "van-1")
    assert refused.value.reason in {"wrong_type", "out_of_range"}


def test_a_deep_payload_with_a_fraction_is_refused_and_no_more() -> None:
    deep = b'{"satellites": 8.0, "x": ' + b"[" * 900 + b"]" * 900 + b"}"
    with pytest.raises(DecodeError, match="not_json"):
        BeatwatchJson().decode("bw/1/acme/van-1/pos", deep, RECEIVED_AT, "van-1")
