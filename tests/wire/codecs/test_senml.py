from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from tests.wire.strategies import maybe, records
from wire.codecs.senml_cbor import SenmlCbor
from wire.codecs.senml_json import SenmlJson
from wire.instants import from_unix_ms
from wire.registry import codec, profile
from wire.senml import resolve

AT = datetime(2026, 5, 1, 5, 59, 58, tzinfo=UTC)


def decode(pack: Any, device: str = "") -> list[Reading]:
    return SenmlJson().decode("", msgspec.json.encode(pack), RECEIVED_AT, device)


def test_values_of_one_time_are_one_reading() -> None:
    shelf, crate = (SenmlJson().decode(*example, RECEIVED_AT) for example in EXAMPLES["senml-json"])
    device = "urn:dev:mac:0024befffe804ff1"
    assert shelf == [
        SensorReading(device, AT, RECEIVED_AT, temperature_c=4.5, humidity_pct=65.5, door_open=False),
        SensorReading(device, AT - timedelta(minutes=1), RECEIVED_AT, weight_g=5250),
    ]
    assert crate == [Position("crate-1", RECEIVED_AT, RECEIVED_AT, 77.59, 12.97, speed_mps=10.0)]


def test_the_same_in_cbor() -> None:
    (example,) = EXAMPLES["senml-cbor"]
    assert SenmlCbor().decode(*example, RECEIVED_AT) == [
        SensorReading("cooler-1", AT, RECEIVED_AT, temperature_c=4.5, door_open=True)
    ]


def test_small_times_are_relative_to_now() -> None:
    (reading,) = decode([{"n": "d", "u": "Cel", "v": 1, "t": -30}])
    assert reading == SensorReading("d", RECEIVED_AT - timedelta(seconds=30), RECEIVED_AT, temperature_c=1)


def test_base_values_hold_until_they_change() -> None:
    pack = [{"bn": "a:", "bu": "Cel", "bv": 20, "n": "t", "v": 1}, {"n": "t", "t": 5, "v": 2}, {"bn": "b:", "bv": 0, "v": 3}]
    assert [(reading.device, reading.temperature_c) for reading in decode(pack) if isinstance(reading, SensorReading)] == [
        ("a", 21),
        ("a", 22),
        ("b", 3),
    ]


def test_the_topics_device_wins_and_a_profile_names_records() -> None:
    (reading,) = decode([{"bn": "urn:x:", "u": "K", "v": 277.15}], "cooler-1")
    assert reading == SensorReading("cooler-1", RECEIVED_AT, RECEIVED_AT, temperature_c=4.0)
    wired = {"cooler-1": profile("senml-json", {"inputs": {"load": {"field": "weight_g", "scale": 500}}})}
    payload = msgspec.json.encode([{"n": "load", "u": "/", "v": 3}])
    assert codec("senml-json", wired).decode("", payload, RECEIVED_AT, "cooler-1") == [
        SensorReading("cooler-1", RECEIVED_AT, RECEIVED_AT, weight_g=1500)
    ]


@pytest.mark.parametrize(
    ("pack", "reason"),
    [
        ([], "nothing_mapped"),
        ([{}], "nothing_mapped"),
        ([{"n": "x", "u": "A", "v": 1}], "nothing_mapped"),
        ({}, "wrong_type"),
        ([7], "wrong_type"),
        ([{"n": "x", "u": "Cel", "v": "1"}], "wrong_type"),
        ([{"n": "x", "u": "Cel", "v": 1, "must_": 1}], "not_understood"),
        ([{"bver": 11, "n": "x", "u": "Cel", "v": 1}], "out_of_range"),
        ([{"n": "x", "u": "Cel", "v": 1e300}], "out_of_range"),
        ([{"n": "x", "u": "Cel", "v": 1, "t": 1e12}], "bad_time"),
        ([{"n": "x", "u": "count", "v": 1.5e18}], "out_of_range"),
    ],
)
def test_bad_packs_say_why(pack: Any, reason: str) -> None:
    for made, payload in ((SenmlJson(), msgspec.json.encode(pack)), (SenmlCbor(), cbor2.dumps(pack))):
        with pytest.raises(DecodeError) as refusal:
            made.decode("", payload, RECEIVED_AT)
        assert refusal.value.reason == reason


def test_published_examples_resolve_as_published(vectors: dict[str, list[dict[str, Any]]]) -> None:
    compared = 0
    for vector in vectors["senml"]:
        for expected, record in zip(vector["resolved"] or (), resolve(vector["pack"]), strict=False):
            assert record.base + record.name == expected["n"]
            assert record.unit == expected.get("u", "")
            if record.time_s:
                assert record.time_s == pytest.approx(expected["t"])
            assert record.value == expected.get("v", expected.get("vb"))
            compared += 1
        if vector["cbor_hexdump"]:
            lines = vector["cbor_hexdump"].splitlines()
            digits = "".join("".join(re.findall(r"\b[0-9a-f]{2,}\b", line[5:53])) for line in lines)
            payload = bytes.fromhex(digits)
            assert SenmlCbor().decode("", payload, RECEIVED_AT) == decode(vector["pack"])
    assert compared > 20


@pytest.mark.parametrize(
    ("number", "expected"),
    [("c48221196ab3", 273.15), ("c482203918af", -632.0), ("c482021a00000003", 300.0), ("f94480", 4.5), ("fa40900000", 4.5)],
)
def test_numbers_of_cbor_in_all_their_forms(number: str, expected: float) -> None:
    """The first is the example of RFC 8949, section 3.4.4: 27315 x 10^-2."""
    (reading,) = SenmlCbor().decode("", bytes.fromhex("81a3006164" + "0161" + "67" + "02" + number), RECEIVED_AT)
    assert isinstance(reading, SensorReading)
    assert reading.weight_g == expected


@pytest.mark.parametrize("number", ["c48161", "c40a", "c482c2410102", "c4821a7fffffff01", "c482216161", "c582211905"])
def test_numbers_that_are_none(number: str) -> None:
    with pytest.raises(DecodeError):
        SenmlCbor().decode("", bytes.fromhex("81a30061640161" + "6702" + number), RECEIVED_AT)


values = maybe(st.integers(-(10**6), 10**6).map(lambda value: value / 8))
readings = records(
    SensorReading,
    device=st.just("cooler-1"),
    measured_at=st.integers(10**12, 4 * 10**12).map(from_unix_ms),
    received_at=st.just(RECEIVED_AT),
    weight_g=values,
    temperature_c=st.integers(-(10**6), 10**6).map(lambda value: value / 8),
    humidity_pct=values,
    door_open=maybe(st.booleans()),
    count=maybe(st.integers(0, 10**9)),
    battery_v=values,
    battery_pct=values,
)


@pytest.mark.parametrize("made", [SenmlJson(), SenmlCbor()])
@given(st.lists(readings, min_size=1, max_size=3, unique_by=lambda reading: reading.measured_at))
def test_what_is_encoded_is_decoded(made: SenmlJson | SenmlCbor, measured: list[SensorReading]) -> None:
    topic, payload = made.encode(measured, "acme")
    assert topic == "senml/cooler-1"
    assert made.decode(topic, payload, RECEIVED_AT) == measured


def test_what_cannot_be_encoded_is_refused() -> None:
    for reading in (DeviceStatus("d"), SensorReading("d"), SensorReading("d", AT)):
        with pytest.raises(InvalidInputError):
            SenmlJson().encode([reading], "acme")
