"""Rebuilding devices from a checkpoint: what late data, a changed plan and a crash all come down to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from geofence.misdated import disordered_devices
from geofence.rows import ROW, Rows, from_us
from geofence.rulebook import JUDGED_ELSEWHERE
from geofence.worker.corrections import Produced
from geofence.worker.disorder import Disorder, Spans
from geofence.worker.handover import Handovers
from geofence.worker.judge import Judge
from store.conclusions import Checkpoint, Judged, Past, checkpoints_before, past_since
from store.pool import Connection

BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whether the lanes are taken up anew, how to read what devices tell up to the cursor, and who tells on for whom."""

    is_recovery: bool
    read: Callable[[Spans], Rows]
    handovers: Callable[[], Handovers]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What had been held since the checkpoints, and what the replay concluded from them."""

    past: Past = field(default_factory=Past)
    replayed: Produced = field(default_factory=Produced)
    known_us: Mapping[int, int] = field(default_factory=dict)  # by device: the row up to which it was replayed
    sinces: Mapping[int, datetime] = field(default_factory=dict)  # by device: the checkpoint it was put back to
    changed: Mapping[int, datetime] = field(default_factory=dict)  # by device: since when what was held may not hold
    whole: frozenset[int] = frozenset()  # devices replayed up to the newest row that is stored
    disordered: frozenset[int] = frozenset()  # devices whose rows may be misdated
    fresh: Rows = field(default_factory=lambda: np.empty(0, ROW))  # their newer rows, put right


def rebuild(
    connection: Connection,
    judge: Judge,
    devices: Mapping[int, Judged],
    sinces: Mapping[int, datetime],
    scope: Scope,
    disordered: Set[int] = frozenset(),
) -> Rebuilt:
    """Put devices back to their checkpoint before `sinces[device]` and replay what batches up to the cursor stored.

    The replay ends with the last row that each device had seen, or, in a recovery and where another device may tell of it, with
    the last row there is. Where rows turn out to be misdated it begins before the first of them; `disordered` are devices known
    to have rows to be looked at.
    """
    seen_us = {device: judge.last_fix_us(device) for device in sinces}
    whole = frozenset(device for device in sinces if scope.handovers().siblings(device))
    untils = {
        device: END if scope.is_recovery or device in whole else BEGINNING if last_us is None else from_us(last_us)
        for device, last_us in seen_us.items()
    }
    checkpoints = _put_back(connection, judge, sinces)
    spans = {device: (_after(checkpoints, device), until) for device, until in untils.items()}
    rows = scope.read(spans)
    disorder = Disorder.of(disordered_devices(rows) | disordered, spans, scope.read)
    earlier = {} if scope.is_recovery else disorder.reaching_before(spans)
    if earlier:
        sinces = {**sinces, **earlier}
        checkpoints = {**checkpoints, **dict.fromkeys(earlier), **_put_back(connection, judge, earlier)}
        spans |= {device: (_after(checkpoints, device), untils[device]) for device in earlier}
        disorder = Disorder.of(disorder.devices, spans, scope.read)
    rows, fresh = disorder.right(rows, spans)
    change_nos = {device: checkpoint.change_no for device, checkpoint in checkpoints.items() if checkpoint}
    past = past_since(connection, [devices[device] for device in sinces], change_nos, rules=JUDGED_ELSEWHERE)
    judge.changes = scope.handovers().changes
    replayed = judge.advance(rows)
    seen_us.update((device, judge.last_fix_us(device)) for device in whole)
    known_us = {device: last_us for device, last_us in seen_us.items() if last_us is not None}
    afters = {device: after for device, (after, _) in spans.items()}
    return Rebuilt(past, replayed, known_us, afters, sinces, whole, disorder.devices, fresh)


def _put_back(connection: Connection, judge: Judge, sinces: Mapping[int, datetime]) -> dict[int, Checkpoint | None]:
    """Each device as it was at its newest checkpoint before a moment that can be read, else as never seen."""
    found = checkpoints_before(connection, sinces)
    states = {device: found[device].state if device in found else None for device in sinces}
    return {device: found.get(device) if judge.restore(device, state) else None for device, state in states.items()}


def _after(checkpoints: Mapping[int, Checkpoint | None], device: int) -> datetime:
    checkpoint = checkpoints[device]
    return BEGINNING if checkpoint is None else checkpoint.at
