"""docs/formats.md says what is so: its examples are run, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tests.wire.codecs.examples import EXAMPLES, RECEIVED_AT
from wire.codecs.beatwatch_cbor import KEYS_BY_CHANNEL
from wire.reading_json import reading_members
from wire.registry import codec
from wire.topics import DEFAULT_PATTERNS, Router

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```\w+ (\S+) (\S+)( hex)?\n(.*?)^```\n\n```json decoded\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WRITTEN = EXAMPLE.findall(DOCUMENT)


@pytest.mark.parametrize(("name", "topic", "in_hex", "payload", "decoded"), WRITTEN, ids=[example[0] for example in WRITTEN])
def test_examples(name: str, topic: str, in_hex: str, payload: str, decoded: str) -> None:
    content = bytes.fromhex(payload) if in_hex else payload.encode()
    route = Router().route(topic)
    assert route is not None
    readings = codec(name).decode(topic, content, RECEIVED_AT, route.device)
    assert [msgspec.json.encode(reading_members(reading)).decode() for reading in readings] == decoded.splitlines()


def test_every_format_has_a_section_with_an_example() -> None:
    sections = re.findall(r"^## (\S+)$", DOCUMENT, re.MULTILINE)
    assert [example[0] for example in WRITTEN] == list(EXAMPLES) == [name for name in sections if name in EXAMPLES]


def test_the_table_of_topics() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([a-z0-9-]+) \| (?:`([^`]+)`|of the payload) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(pattern.pattern, pattern.format, pattern.device) for pattern in DEFAULT_PATTERNS]


def test_the_table_of_integer_keys() -> None:
    section = DOCUMENT.partition("## beatwatch-cbor")[2].partition("## teltonika")[0]
    told = {int(key): name for key, name in re.findall(r"\| (\d+) \| ([a-z_]+) ", section)}
    used = {key: name for names in KEYS_BY_CHANNEL.values() for key, name in names.items()}
    used[3] = "time"
    assert told == used
