"""The examples of docs/files.md are read as it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from pathlib import Path

import pytest

from wire.files.assignments import parse_assignments
from wire.files.event_jsonl import parse_events
from wire.files.orders_json import parse_orders
from wire.files.sensor_csv import parse_sensors
from wire.files.track_csv import parse_tracks
from wire.files.trip_json import parse_trips
from wire.files.truth_jsonl import parse_truth
from wire.files.zone_geojson import parse_zones

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"
EXAMPLES = dict(re.findall(r"^```\w+ (\w+)\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
READERS: dict[str, tuple[Callable[[str], Sized], int]] = {
    "tracks": (lambda text: list(parse_tracks(text.splitlines())), 2),
    "sensors": (lambda text: list(parse_sensors(text.splitlines())), 1),
    "zones": (parse_zones, 3),
    "trips": (parse_trips, 1),
    "orders": (parse_orders, 1),
    "assignments": (parse_assignments, 2),
    "events": (lambda text: list(parse_events(text.splitlines())), 2),
    "truth": (lambda text: list(parse_truth(text.splitlines())), 3),
}


def test_every_kind_of_file_has_an_example() -> None:
    assert EXAMPLES.keys() == READERS.keys()


@pytest.mark.parametrize("kind", READERS)
def test_an_example_is_read(kind: str) -> None:
    read, count = READERS[kind]
    assert len(read(EXAMPLES[kind])) == count
