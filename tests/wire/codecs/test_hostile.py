"""Whatever arrives, a codec gives readings or one `DecodeError`: never another exception, and never for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT, Example
from wire.codec import MAX_PAYLOAD_BYTES
from wire.registry import FORMATS, codec
from wire.topics import DEFAULT_PATTERNS, Router

ROUTER = Router()
ALL = sorted(FORMATS)
SPLINTERS = [b"\xff" * 8, b"9" * 40, b"null", b"-1e400", b"[" * 50, b'"\\u0000"', b"NaN"]
TOPICS = ["", *(example.topic for examples in EXAMPLES.values() for example in examples)]
bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: repr(value).replace("'", '"').encode("utf-8", "surrogatepass")),
)


def examples_of(name: str) -> list[Example]:
    """The examples of a format; a format that is told apart by the first byte has those of both."""
    joined = {
        "beatwatch": ("beatwatch-json", "beatwatch-cbor"),
        "teltonika-any": ("teltonika", "teltonika-json"),
        "senml": ("senml-json", "senml-cbor"),
    }
    return [example for part in joined.get(name, (name,)) for example in EXAMPLES[part]]


def values_of(reading: Reading) -> Iterator[Any]:
    for value in reading:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def assert_storable(reading: Reading) -> None:
    """Types as declared, numbers finite and of a size that a database holds, text without NUL, times aware."""
    assert isinstance(reading, Position | SensorReading | DeviceStatus)
    for value in values_of(reading):
        if isinstance(value, datetime):
            assert value.utcoffset() is not None
        elif isinstance(value, str):
            assert "\0" not in value
            value.encode()
        elif isinstance(value, int):
            assert -(2**63) <= value < 2**63
        elif value is not None:
            assert isinstance(value, float)
            assert isfinite(value)
    if isinstance(reading, Position):
        for angle in (reading.longitude_deg, reading.latitude_deg):
            assert angle is None or -(2**31) <= round(angle * 1e7) < 2**31
        assert reading.satellites is None or abs(reading.satellites) < 2**15


def device_of(topic: str) -> str:
    route = ROUTER.route(topic)
    return route.device if route else "van-1"


def assert_coded(error: DecodeError) -> None:
    assert error.reason.isidentifier()


def decode(name: str, topic: str, payload: bytes) -> list[Reading] | None:
    made = codec(name)
    try:
        readings = made.decode(topic, payload, RECEIVED_AT, device_of(topic))
    except DecodeError as error:
        assert_coded(error)
        return None
    for reading in readings:
        assert_storable(reading)
    made.take_replies()
    return readings


@pytest.mark.parametrize("name", ALL)
def test_every_example_is_decoded(name: str) -> None:
    made = codec(name)
    for topic, payload in examples_of(name):
        for reading in made.decode(topic, payload, RECEIVED_AT, device_of(topic)):
            assert_storable(reading)


@pytest.mark.parametrize("name", ALL)
@given(topic=st.sampled_from(TOPICS), payload=bodies)
def test_arbitrary_bytes(name: str, topic: str, payload: bytes) -> None:
    decode(name, topic, payload)


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_bent_payloads(name: str, data: st.DataObject) -> None:
    topic, payload = data.draw(st.sampled_from(examples_of(name)))
    bent = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(len(bent) - 1, 0)))
        kind = data.draw(st.integers(0, 3))
        if kind == 0:
            bent[place : place + 1] = data.draw(st.binary(max_size=4))
        elif kind == 1:
            del bent[place:]
        elif kind == 2:
            bent += bent[place:]
        else:
            bent[place:place] = data.draw(st.sampled_from(SPLINTERS))
    decode(name, topic, bytes(bent))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"{}",
        b"[]",
        b"[[]]",
        b"null",
        b"\xff" * 64,
        b"[" * 200_000,
        b"[" + b'{"seq":1},' * 20_000 + b"{}]",
        b"\x9f" + b"\xa1\x02\x01" * 20_000 + b"\xff",
        b'{"seq":' + b"9" * 100_000 + b"}",
        b"$" + b",0000,00" * 20_000,
        b'{"a":' * 100_000,
        b"\x81" * 200_000,
        b"\x9b" + b"\xff" * 8,
        b"\xbb\x00\x00\x00\xff\xff\xff\xff\xff",
        b"0" * (MAX_PAYLOAD_BYTES + 1),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_payloads_made_to_hurt(name: str, payload: bytes) -> None:
    for topic in {"", *(example.topic for example in examples_of(name))}:
        assert not decode(name, topic, payload)


def test_every_default_pattern_names_a_format() -> None:
    assert {pattern.format for pattern in DEFAULT_PATTERNS} <= set(FORMATS)
