"""Judging rows as they arrive: late ones take their device back to a checkpoint before them and are replayed with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from domain.events import Event, Visit
from geofence.alike import Alike
from geofence.conclusions import Conclusions, Fault
from geofence.engine import Engine
from geofence.history import NO_CHANGES, Judgement, arrival_order, sound_rows
from geofence.instruments import Changes, parts
from geofence.rows import MISSING_US, ROW, Rows, in_order

_STEP_US: Final = 60 * 1_000_000
_CHECKPOINT_US: Final = 900 * 1_000_000
_DELAY_US: Final = 5 * 1_000_000


@dataclass(slots=True)
class _Point:
    """A device as it was at a moment, and what had been concluded about it by then."""

    frontier_us: int
    checkpoint: bytes | None
    events: dict[str, Event]
    visits: dict[tuple[str, str], Visit]
    alike: dict[str, Alike]


@dataclass(slots=True)
class _Story:
    """One device: its rows so far, those of them that are judged, its points, and what stands concluded."""

    rows: Rows = field(default_factory=lambda: np.empty(0, ROW))
    sound: Rows = field(default_factory=lambda: np.empty(0, ROW))
    points: list[_Point] = field(default_factory=lambda: [_Point(-(2**62), None, {}, {}, {})])
    events: dict[str, Event] = field(default_factory=dict)
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    alike: dict[str, Alike] = field(default_factory=dict)


class Replay:
    """Feeds an engine with rows in the order of their arrival, a minute at a time, and lets time pass between."""

    def __init__(
        self, engine: Engine, device_keys: dict[int, str], trip_devices: dict[str, str], changes: Changes = NO_CHANGES
    ) -> None:
        """`device_keys`: number -> key. `trip_devices`: trip_id -> key of its device. `changes`: as `history.judge`."""
        self._engine = engine
        self._changes = changes
        self._numbers = {key: number for number, key in device_keys.items()}
        self._trip_devices = trip_devices
        self._stories: dict[int, _Story] = {}
        self.rebuilds = 0
        self.faults: list[Fault] = []

    def run(self, rows: Rows, as_of_us: int | None) -> Iterator[int]:
        """Take all rows -> how many so far."""
        rows = rows[arrival_order(rows)]
        arrived = np.where(rows["received_at_us"] == MISSING_US, rows["fix_time_us"], rows["received_at_us"])
        low = 0
        while low < len(rows):
            high = int(np.searchsorted(arrived, arrived[low] + _STEP_US, side="right"))
            self.take(rows[low:high])
            self._concluded(self._engine.tick(int(arrived[high - 1]) - _DELAY_US))
            low = high
            yield low
        if as_of_us is not None:
            self.wait(as_of_us)

    def wait(self, as_of_us: int) -> None:
        """Let time pass."""
        self._concluded(self._engine.tick(as_of_us))

    def take(self, batch: Rows) -> None:
        """Rows that arrived together."""
        ordered = in_order(batch)
        starts = np.concatenate(([0], np.flatnonzero(np.diff(ordered["device"])) + 1, [len(ordered)])).astype(np.int64)
        for low, high in pairwise(starts):
            self._take_device(int(ordered[low]["device"]), ordered[low:high])

    def judgement(self) -> Judgement:
        """What stands by now."""
        result = Judgement(faults=self.faults)
        for story in self._stories.values():
            result.events.update(story.events)
            result.visits.update(story.visits)
            result.alike.update(story.alike)
        return result

    def _take_device(self, number: int, batch: Rows) -> None:
        story = self._story(number)
        together = in_order(np.concatenate((story.rows, batch)))
        if len(together) == len(story.rows):
            return
        frontier, sound = self._engine.frontier_us(number), sound_rows(together)
        since_us = _first_other_us(story.sound, sound)
        story.rows, story.sound = together, sound
        if frontier is not None and since_us <= frontier:
            self._rebuild(number, story, since_us)
        else:
            self._advance(sound[sound["fix_time_us"] >= since_us])
        self._keep_point(number, story)

    def _rebuild(self, number: int, story: _Story, since_us: int) -> None:
        self.rebuilds += 1
        while story.points[-1].frontier_us >= since_us:
            story.points.pop()
        point = story.points[-1]
        self._engine.restore(number, point.checkpoint)
        story.events, story.visits, story.alike = dict(point.events), dict(point.visits), dict(point.alike)
        self._advance(story.sound[story.sound["fix_time_us"] > point.frontier_us])

    def _advance(self, rows: Rows) -> None:
        for part, due in parts(rows, self._changes):
            for device, at_us in due.items():
                self._engine.change_tracker(device, at_us)
            self._concluded(self._engine.advance(part))

    def _keep_point(self, number: int, story: _Story) -> None:
        frontier = self._engine.frontier_us(number)
        if frontier is not None and frontier - story.points[-1].frontier_us >= _CHECKPOINT_US:
            checkpoint = self._engine.checkpoint(number)
            story.points.append(_Point(frontier, checkpoint, dict(story.events), dict(story.visits), dict(story.alike)))

    def _story(self, number: int) -> _Story:
        return self._stories.setdefault(number, _Story())

    def _concluded(self, conclusions: Conclusions) -> None:
        self.faults.extend(conclusions.faults)
        for event in conclusions.events:
            self._story(self._number(event.device_id)).events[event.event_id] = event
        for withdrawal in conclusions.withdrawn:
            for story in self._stories.values():
                story.events.pop(withdrawal.event_id, None)
        for visit in conclusions.visits:
            story = self._story(self._number(self._trip_devices[visit.trip_id]))
            key = visit.trip_id, visit.stop_id
            story.visits[key] = visit.following(story.visits.get(key))
        for one in conclusions.alike:
            self._story(self._number(one.device_id)).alike[one.alike_id] = one

    def _number(self, key: str) -> int:
        return self._numbers[key] if key in self._numbers else int(key)


def _first_other_us(before: Rows, after: Rows) -> int:
    """The moment of the first row that is among one of them alone; 2**62: there is none."""
    others = [rows["fix_time_us"][~np.isin(_keys(rows), _keys(known))] for rows, known in ((before, after), (after, before))]
    return int(np.concatenate(others).min(initial=2**62))


def _keys(rows: Rows) -> Rows:
    """What tells a device's rows apart, as one value a row."""
    keys = np.empty(len(rows), [("fix_time_us", "<i8"), ("seq", "<i8")])
    keys["fix_time_us"], keys["seq"] = rows["fix_time_us"], rows["seq"]
    return keys.view("V16")
