"""Judging a whole set of rows at once, or as they would have arrived: the same conclusions either way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Severity, Visit
from geofence.alike import Alike, excused
from geofence.conclusions import Conclusions, Fault
from geofence.engine import Engine
from geofence.grading import NO_REASON, clock_reason, in_their_time, is_heard
from geofence.instruments import Changes, parts
from geofence.rows import MISSING_US, Rows, in_order

_BATCH_ROWS: Final = 50_000
_SORTED_TOGETHER: Final = 1_000_000
NO_CHANGES: Final[Changes] = {}


@dataclass(slots=True)
class Judgement:
    """The final events and visits of a set of rows."""

    events: dict[str, Event] = field(default_factory=dict)
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    alike: dict[str, Alike] = field(default_factory=dict)

    def take(self, conclusions: Conclusions) -> None:
        """The latest form of each conclusion, without those withdrawn."""
        for event in conclusions.events:
            self.events[event.event_id] = event
        for withdrawal in conclusions.withdrawn:
            self.events.pop(withdrawal.event_id, None)
        for visit in conclusions.visits:
            key = visit.trip_id, visit.stop_id
            self.visits[key] = visit.following(self.visits.get(key))
        self.faults.extend(conclusions.faults)
        self.alike.update({one.alike_id: one for one in conclusions.alike})

    def add(self, other: Judgement) -> None:
        """What was judged of other devices of the same organisation."""
        self.events |= other.events
        self.visits |= other.visits
        self.faults += other.faults
        self.alike |= other.alike

    def held(self) -> dict[str, Event]:
        """The events that stand: those that the fleet does not excuse."""
        gone = excused(self.alike.values())
        return {
            event_id: event
            for event_id, event in self.events.items()
            if event_id not in gone or event.severity is Severity.critical
        }

    def in_order(self) -> list[Event | Visit]:
        """Events by beginning, rule and device, then visits by trip and stop."""
        events = sorted(self.held().values(), key=lambda e: (e.started_at, e.rule, e.device_id, e.event_id))
        visits = [visit for _, visit in sorted(self.visits.items())]
        return [*events, *visits]


def judge(
    engine: Engine, rows: Rows, as_of_us: int | None = None, changes: Changes = NO_CHANGES
) -> Iterator[tuple[int, Conclusions]]:
    """Judge rows in any order, repeated or not, by an engine that knows nothing yet -> rows done so far and what they gave.

    Time then passes until `as_of_us`, or until the last moment the rows know of: what is later is not known, and not judged.
    `changes` say from when on another tracker tells of a device's vehicle.
    """
    done, moments = 0, [] if as_of_us is None else [as_of_us]
    for group in _by_devices(rows):
        sound = sound_rows(group)
        if as_of_us is None and (last_us := last_moment_us(sound)) is not None:
            moments.append(last_us)
        for low, high in pairwise(cut_places(sound, _BATCH_ROWS)):
            for part, due in parts(sound[low:high], changes):
                for device, at_us in due.items():
                    engine.change_tracker(device, at_us)
                yield done + high, engine.advance(part)
        done += len(sound)
    if moments:
        yield done, engine.tick(max(moments))


def _by_devices(rows: Rows) -> Iterator[Rows]:
    """Rows in groups of whole devices, by their numbers: putting rows in order takes several times their room."""
    if len(rows) <= _SORTED_TOGETHER:
        yield rows
        return
    order = np.argsort(rows["device"], kind="stable")
    ends = np.flatnonzero(np.diff(rows["device"][order], append=-1)) + 1
    low = 0
    while low < len(rows):
        fitting = ends[(ends > low) & (ends <= low + _SORTED_TOGETHER)]
        high = int(fitting[-1] if len(fitting) else ends[ends > low][0])
        yield rows[order[low:high]]
        low = high


def sound_rows(rows: Rows) -> Rows:
    """Rows with a believable clock, and that the others spoke, in order and each once."""
    rows = in_order(rows)
    return in_their_time(rows[(clock_reason(rows) == NO_REASON) | is_heard(rows)])


def cut_places(rows: Rows, most: int) -> list[int]:
    """Where to cut ordered rows into batches of about `most`: never between two rows of one device and moment."""
    places, place = [0], 0
    while place < len(rows):
        place = min(place + most, len(rows))
        while 0 < place < len(rows) and _same_moment(rows[place - 1], rows[place]):
            place += 1
        places.append(place)
    return places


def _same_moment(one: Any, other: Any) -> bool:
    return bool(one["device"] == other["device"] and one["fix_time_us"] == other["fix_time_us"])


def last_moment_us(rows: Rows) -> int | None:
    """The latest fix or receipt."""
    if len(rows) == 0:
        return None
    received = rows["received_at_us"]
    return int(max(rows["fix_time_us"].max(), np.where(received == MISSING_US, rows["fix_time_us"], received).max()))


def arrival_order(rows: Rows) -> NDArray[np.int64]:
    """Shape (n,): the rows' places in the order in which they were received; those of unknown receipt arrive at their fix."""
    arrived = np.where(rows["received_at_us"] == MISSING_US, rows["fix_time_us"], rows["received_at_us"])
    return np.argsort(arrived, kind="stable")
