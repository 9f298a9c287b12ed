"""Judging what one step brings one organisation, and storing what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
import structlog

from domain.events import Event
from geofence.grading import believed_rows
from geofence.rows import Rows, from_us, to_us
from geofence.worker.corrections import Correction, Produced, correct
from geofence.worker.fleetwide import Fleetwide
from geofence.worker.judge import Judge
from geofence.worker.rebuild import Rebuilt, Scope, rebuild
from store.alike import thin_alike
from store.conclusions import (
    Judged,
    drop_checkpoints,
    put_events,
    put_visits,
    save_checkpoints,
    supersede_events,
    tell_concluded,
    withdraw_events,
)
from store.pool import Connection
from store.rule_faults import note_faults

NEWS_US: Final = 15 * 60 * 1_000_000
"""What a changed plan brings to light is news for so long."""
_log: Final = structlog.get_logger("geofence")


@dataclass(frozen=True, slots=True)
class Task:
    """New rows of an organisation's devices as they said them, those that were planned anew, and how far its time has come."""

    org_id: int
    rows: Rows
    replanned: Mapping[int, datetime] = field(default_factory=dict)
    ticked_at: datetime | None = None
    as_of: datetime | None = None  # the moment to tick for, if any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to store."""

    org_id: int
    produced: Produced
    correction: Correction
    rebuilt: Mapping[int, datetime]  # devices whose checkpoints from then on are void
    late: frozenset[str]  # keys of the devices that had late rows
    touched: frozenset[int]  # devices whose state moved
    tick_decided: bool
    replayed_since: Mapping[int, datetime] = field(default_factory=dict)  # by device: all since then is in `produced`


def judge_task(connection: Connection, judge: Judge, devices: Mapping[int, Judged], task: Task, scope: Scope) -> Outcome:
    """Judge a task. Late rows and changed plans rebuild their devices first; then time passes for all.

    Nothing is written, and what the judge remembers has moved: when storing fails, it has to be recovered.
    """
    rows = believed_rows(task.rows)
    order = judge.sort(rows)
    sinces = {device: since for device, since in task.replanned.items() if scope.is_recovery or _reaches(judge, device, since)}
    for device, late_us in order.late_us.items():
        sinces[device] = min(from_us(late_us), sinces.get(device, from_us(late_us)))
    grave = _in_doubt(judge, task.rows, order.late_us)
    for device in grave:
        first = from_us(int(rows["fix_time_us"][rows["device"] == device].min()))
        sinces[device] = min(first, sinces.get(device, first))
    rebuilt = rebuild(connection, judge, devices, sinces, scope, task.rows, grave) if sinces else Rebuilt()
    judge.remember(task.rows[~np.isin(task.rows["device"], list(sinces))] if sinces else task.rows)
    produced = Produced()
    produced.extend(rebuilt.replayed)
    produced.extend(judge.advance(_unseen(rows, rebuilt, {*order.late_us, *rebuilt.whole})))
    produced.extend(judge.advance(rebuilt.fresh))
    tick_to = task.as_of or (task.ticked_at if sinces else None)
    passed = judge.tick(tick_to) if tick_to else Produced()
    produced.extend(passed)
    return Outcome(
        task.org_id,
        produced,
        correct(rebuilt.past, produced, _should_have_been_known(devices, rebuilt, order.late_us)),
        {} if scope.is_recovery else rebuilt.changed,
        frozenset(devices[device].key for device in order.late_us),
        frozenset({*np.unique(task.rows["device"]).tolist(), *sinces}),
        bool(passed.events or passed.visits or passed.withdrawn or passed.alike),
        rebuilt.sinces,
    )


def store_outcome(connection: Connection, judge: Judge, devices: Mapping[int, Judged], outcome: Outcome) -> int:
    """Store an outcome and tell the readers; returns how many events and visits were given."""
    by_key = {device.key: device for device in devices.values()}
    correction = outcome.correction
    fleetwide = Fleetwide(connection, outcome.org_id, by_key, outcome.produced, correction, outcome.replayed_since)
    events = [event for event in correction.events if event.device_id in by_key and _is_sound(event)]
    put_events(connection, by_key, events)
    owners = {stop: by_key[key] for stop, key in judge.stop_owners.items() if key in by_key} if correction.visits else {}
    visits = [visit for visit in correction.visits if (visit.trip_id, visit.stop_id) in owners]
    put_visits(connection, owners, visits, correction.whole)
    _take_back(connection, outcome)
    fleetwide.settle()
    _note_faults(connection, outcome)
    if outcome.rebuilt:
        drop_checkpoints(connection, outcome.rebuilt)
    checkpoints = judge.due_checkpoints(outcome.touched)
    save_checkpoints(connection, outcome.org_id, checkpoints)
    thin_alike(connection, {device: saved.at for device, saved in checkpoints.items()})
    count = len(events) + len(visits) + len(correction.overturned) + len(correction.withdrawn)
    if count:
        tell_concluded(connection, [outcome.org_id])
    return count


def _in_doubt(judge: Judge, said: Rows, late_us: Mapping[int, int]) -> dict[int, int]:
    """Devices whose new rows may be misdated, or tell that others are, and since when theirs have to be read.

    Of those with late rows only what was known before is asked: what these themselves tell is seen when they are replayed.
    """
    found = dict[int, int]()
    for device, doubts in judge.following(said).items():
        since_us = int(said["fix_time_us"][said["device"] == device].min())
        known = judge.doubts(device) if device in late_us else doubts
        if known.is_grave(since_us, is_late=device in late_us):
            found[device] = known.reading_since_us(since_us)
    return found


def _reaches(judge: Judge, device: int, since: datetime) -> bool:
    frontier_us = judge.frontier_us(device)
    return frontier_us is not None and frontier_us >= to_us(since)


def _should_have_been_known(devices: Mapping[int, Judged], rebuilt: Rebuilt, late: Iterable[int]) -> frozenset[str]:
    """What a replay concluded for the first time and nobody is to be paged for: all that late rows brought to light.

    A proof of delivery, or a trip that was saved after its start, is news of a moment ago, and what it brings to light is too.
    """
    late_keys = {devices[device].key for device in late}
    seen_us = {devices[device].key: last_us for device, last_us in rebuilt.known_us.items() if device in devices}
    return frozenset(
        event.event_id
        for event in rebuilt.replayed.events.values()
        if event.device_id in late_keys or to_us(event.detected_at) < seen_us.get(event.device_id, 0) - NEWS_US
    )


def _unseen(rows: Rows, rebuilt: Rebuilt, replayed: Iterable[int]) -> Rows:
    """Rows that no replay has been given: all but the `replayed` devices' up to where it came, and those to be put right."""
    seen = np.zeros(len(rows), np.bool_)
    for device in replayed:
        if device in rebuilt.known_us:
            seen |= (rows["device"] == device) & (rows["fix_time_us"] <= rebuilt.known_us[device])
    return rows[~seen & ~np.isin(rows["device"], list(rebuilt.disordered))]


def _take_back(connection: Connection, outcome: Outcome) -> None:
    overturned = outcome.correction.overturned
    late = [event.event_id for event in overturned if event.device_id in outcome.late]
    replanned = [event.event_id for event in overturned if event.device_id not in outcome.late]
    supersede_events(connection, outcome.org_id, late, "late_data")
    supersede_events(connection, outcome.org_id, replanned, "replanned")
    withdraw_events(connection, outcome.org_id, outcome.correction.withdrawn)


def _note_faults(connection: Connection, outcome: Outcome) -> None:
    counted: dict[tuple[str, str], tuple[int, str]] = {}
    for fault in outcome.produced.faults:
        count, _ = counted.get((fault.rule, fault.error), (0, ""))
        counted[fault.rule, fault.error] = count + 1, fault.device_id
    note_faults(connection, outcome.org_id, counted)


def _is_sound(event: Event) -> bool:
    """Whether the database will have it; one rule's mistake must not keep everybody's conclusions from being stored."""
    is_sound = 0.0 <= event.confidence <= 1.0 and (event.ended_at is None or event.ended_at >= event.started_at)
    if not is_sound:
        _log.error("unsound_event", rule=event.rule, event_id=event.event_id, confidence=event.confidence)
    return is_sound
