"""Whoever is cut off in the middle of a round comes back with a mark from before it."""

from __future__ import annotations

import json
from typing import Any

from api.live.feed import AT_A_TIME, Story, frames_of
from api.live.view import View


def told(frames: list[bytes]) -> list[tuple[int, str, int]]:
    """Of each: its id, kind, and how many items it holds."""
    found = []
    for one in frames:
        fields = dict(line.split(": ", 1) for line in one.decode().splitlines() if line)
        items: dict[str, list[Any]] = json.loads(fields["data"])
        found.append((int(fields["id"]), fields["event"], len(items.get(fields["event"], []))))
    return found


def some(count: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in range(count)]


def test_only_the_last_of_a_round_has_its_mark() -> None:
    stories = [
        Story("positions", some(AT_A_TIME + 1), 5, 9),
        Story("events", some(2), 5, 9),
        Story("visits", [], 5, 9),
        Story("alerts", some(1), 5, 9),
    ]
    assert told(frames_of(stories)) == [
        (5, "positions", AT_A_TIME),
        (5, "positions", 1),
        (5, "events", 2),
        (9, "alerts", 1),
    ]
    assert told(frames_of(stories[:1])) == [(5, "positions", AT_A_TIME), (9, "positions", 1)]
    assert frames_of([Story("events", [], 5, 9)]) == []


def test_a_view_that_hides_the_last_ends_with_the_mark_all_the_same() -> None:
    stories = [Story("events", [{"trip_id": None}], 5, 9), Story("positions", [], 5, 9)]
    assert told(frames_of(stories, View(None, 4.0))) == [(9, "events", 1)]


def test_a_reset_comes_last_of_its_kind() -> None:
    stories = [Story("events", some(1), 5, 9, reset=True), Story("alerts", some(1), 5, 9)]
    assert told(frames_of(stories)) == [(5, "events", 1), (5, "reset", 0), (9, "alerts", 1)]
