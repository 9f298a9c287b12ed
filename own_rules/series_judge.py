"""Judges one series of one organisation's devices by its own rules; late readings and changed plans go back to a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from domain.events import Event
from own_rules.context import ZoneBook, asks_for_zones, read_around
from own_rules.judging import ActiveRule
from own_rules.vocabulary import Series
from own_rules.watching import Costs, Memory, dump, load, watch
from store import own_rule_progress
from store.conclusions import Judged, put_events, supersede_events
from store.own_rule_progress import Kept
from store.pool import Connection

CHECKPOINT_EVERY: Final = timedelta(hours=1)
WARM_UP: Final = timedelta(hours=1)
"""For how long before a rule is on readings are looked at, so that standing and driving are known."""
NEWS: Final = timedelta(minutes=15)
"""What a changed plan brings to light is news for so long."""
END: Final = datetime(9999, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 25  # devices whose past is read together


@dataclass(slots=True)
class _Watched:
    """A device as far as it was judged."""

    memory: Memory
    judged_to: datetime
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """Devices with new readings and the first of each, and those whose plan changed and since when; by number."""

    firsts: Mapping[int, datetime]
    replanned: Mapping[int, datetime]
    now: datetime  # a rule that is on since before now tells nobody of what was before


class SeriesJudge:
    """Whatever it remembers can be had again from checkpoints and readings. After a failed transaction it is made anew."""

    def __init__(self, org_id: int, series: Series, zones: ZoneBook) -> None:
        self._org_id = org_id
        self._series = series
        self._zones = zones
        self._rules: Sequence[ActiveRule] = ()
        self._clock = "UTC"
        self._watched: dict[int, _Watched] = {}

    def renew(self, rules: Sequence[ActiveRule], clock: str) -> None:
        """Go on with these rules, by this clock."""
        self._rules, self._clock = rules, clock

    def judge(self, connection: Connection, keys: Mapping[int, str], task: Task, cursor: int, costs: Costs) -> int:
        """Judge what is new up to a cursor of batches, and store what that gives -> how many events changed."""
        changed = 0
        back = self._backs(task)
        forward = {device: one.judged_to for device in task.firsts if device not in back and (one := self._watched.get(device))}
        for part in _parts(forward, 40 * _AT_ONCE):
            changed += self._go_on(connection, keys, part, cursor, costs)
        for part in _parts(back, _AT_ONCE):
            changed += self._go_back(connection, keys, part, task, cursor, costs)
        return changed

    def _backs(self, task: Task) -> dict[int, datetime]:
        """Devices that are taken up, or put back, and to before which moment."""
        found: dict[int, datetime] = {}
        for device, first in (*task.firsts.items(), *task.replanned.items()):
            one = self._watched.get(device)
            if one is None or first <= one.judged_to:
                found[device] = min(first, found.get(device, END))
        return found

    def _go_on(
        self, connection: Connection, keys: Mapping[int, str], afters: Mapping[int, datetime], cursor: int, costs: Costs
    ) -> int:
        found = self._watch(connection, keys, afters, cursor, costs)
        put_events(connection, self._judged(keys, afters), found)
        self._save(connection, afters)
        return len(found)

    def _go_back(
        self,
        connection: Connection,
        keys: Mapping[int, str],
        sinces: Mapping[int, datetime],
        task: Task,
        cursor: int,
        costs: Costs,
    ) -> int:
        kept = own_rule_progress.checkpoints_before(connection, self._series, sinces)
        newest = own_rule_progress.checkpoints_before(connection, self._series, dict.fromkeys(sinces, END))
        known_to = {device: self._watched[device].judged_to for device in sinces if device in self._watched}
        known_to = {**{device: one.at for device, one in newest.items()}, **known_to}
        begin = min(rule.since for rule in self._rules) - WARM_UP
        afters = {device: kept[device].at if device in kept else begin for device in sinces}
        for device, after in afters.items():
            memory = load(kept[device].state, (rule.key for rule in self._rules)) if device in kept else Memory()
            self._watched[device] = _Watched(memory, after, after)
        held = own_rule_progress.events_since(connection, self._org_id, {rule.name for rule in self._rules}, afters)
        found = {event.event_id: event for event in self._watch(connection, keys, afters, cursor, costs)}
        for device in afters:
            found |= {event.event_id: event for event in self._watched[device].memory.going_on()}
        numbers = {keys[device]: device for device in afters}
        events = [_told_late(event, numbers[event.device_id], known_to, task) for event in found.values()]
        put_events(connection, self._judged(keys, afters), events)
        gone = sorted(held - found.keys())
        supersede_events(connection, self._org_id, gone, "late_data")
        own_rule_progress.drop_checkpoints(connection, self._series, sinces)
        self._save(connection, afters)
        return len(events) + len(gone)

    def _watch(
        self, connection: Connection, keys: Mapping[int, str], afters: Mapping[int, datetime], cursor: int, costs: Costs
    ) -> list[Event]:
        rows = own_rule_progress.readings_after(connection, self._series, afters, END, cursor=cursor)
        if not rows:
            return []
        span = min(said[0]["at"] for said in rows.values()), max(said[-1]["at"] for said in rows.values())
        wants_zones = self._series is Series.position and asks_for_zones(self._rules)
        places = self._zones.places(connection, self._org_id, span[0]) if wants_zones else None
        around = read_around(connection, self._org_id, list(rows), span, self._clock, places)
        found: list[Event] = []
        for device, said in rows.items():
            one = self._watched[device]
            found += watch((device, keys[device]), self._rules, said, around, one.memory, costs).values()
            one.judged_to = said[-1]["at"]
        return found

    def _judged(self, keys: Mapping[int, str], devices: Iterable[int]) -> dict[str, Judged]:
        return {keys[device]: Judged(device, self._org_id, keys[device]) for device in devices}

    def _save(self, connection: Connection, devices: Iterable[int]) -> None:
        due = {}
        for device in devices:
            one = self._watched[device]
            if one.judged_to - one.saved_at >= CHECKPOINT_EVERY:
                due[device] = Kept(one.judged_to, dump(one.memory))
                one.saved_at = one.judged_to
        own_rule_progress.save_checkpoints(connection, self._org_id, self._series, due)


def _told_late(event: Event, device: int, known_to: Mapping[int, datetime], task: Task) -> Event:
    """What should have been known before pages nobody; what a changed plan brings to light is news for a while."""
    known = known_to.get(device, task.now)
    is_late = device in known_to and device in task.firsts and task.firsts[device] <= known
    limit = known if is_late else known - NEWS
    return replace(event, late=event.detected_at <= limit)


def _parts(moments: Mapping[int, datetime], size: int) -> Iterable[dict[int, datetime]]:
    items = iter(sorted(moments.items()))
    while part := dict(islice(items, size)):
        yield part
