"""Rebuilding devices from a checkpoint: what late data, a changed plan and a crash all come down to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from geofence.grading import believed_rows, moments_us
from geofence.handover import Handovers
from geofence.rows import ROW, Rows, from_us, in_order, to_us
from geofence.rulebook import JUDGED_ELSEWHERE
from geofence.worker.corrections import Produced
from geofence.worker.disorder import Disorder, Spans, ends_us
from geofence.worker.doubts import decoded
from geofence.worker.judge import Judge
from store.conclusions import Checkpoint, Judged, Past, checkpoints_before, past_since
from store.pool import Connection

BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whether the lanes are taken up anew, how to read what devices said up to the cursor, and who tells on for whom."""

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
    said: Rows,
    grave: Mapping[int, int],
) -> Rebuilt:
    """Put devices back to their checkpoint before `sinces[device]` and replay what batches up to the cursor stored.

    The replay ends with the last row that each device had seen, or, in a recovery and where another device may tell of it, with
    the last row there is. `said` are the newest rows, not judged yet. Where rows turn out to be misdated it begins before the
    first moment of which they have something else judged; `grave` are the devices whose clocks are in doubt by what is
    remembered, and since when they are to be read.
    """
    seen_us = {device: judge.last_fix_us(device) for device in sinces}
    whole = frozenset(device for device in sinces if scope.handovers().siblings(device))
    untils = {
        device: END if scope.is_recovery or device in whole else BEGINNING if last_us is None else from_us(last_us)
        for device, last_us in seen_us.items()
    }
    checkpoints = _put_back(connection, judge, sinces)
    spans = {device: (_after(checkpoints, device), untils[device]) for device in sinces}
    told = scope.read(spans)
    windows = _in_doubt(judge, _together(told, said, spans), spans, grave)
    disorder = Disorder.of(windows, scope.read)
    changed_us = {} if scope.is_recovery else disorder.changed_us(said)
    earlier = {device: from_us(at_us) for device, at_us in changed_us.items() if at_us <= to_us(spans[device][0])}
    if earlier:
        sinces = {**sinces, **earlier}
        checkpoints = {**checkpoints, **dict.fromkeys(earlier), **_put_back(connection, judge, earlier)}
        spans |= {device: (_after(checkpoints, device), untils[device]) for device in earlier}
        disorder = Disorder.of(windows | _reaching_back(judge, windows, spans, earlier), scope.read)
    judge.remember(_since(_together(told, np.concatenate((said, disorder.said)), spans), spans))
    rows, fresh = disorder.right(_counted(told, spans), spans)
    change_nos = {device: checkpoint.change_no for device, checkpoint in checkpoints.items() if checkpoint}
    past = past_since(connection, [devices[device] for device in sinces], change_nos, rules=JUDGED_ELSEWHERE)
    judge.changes = scope.handovers().changes
    replayed = judge.advance(rows)
    seen_us.update((device, judge.last_fix_us(device)) for device in whole)
    known_us = {device: last_us for device, last_us in seen_us.items() if last_us is not None}
    afters = {device: after for device, (after, _) in spans.items()}
    return Rebuilt(past, replayed, known_us, afters, sinces, whole, disorder.devices, fresh)


def _in_doubt(judge: Judge, told: Rows, spans: Spans, grave: Mapping[int, int]) -> dict[int, int]:
    """By device whose rows may be misdated, since when they have to be read; `told` is all that was said in its span."""
    found = dict(grave)
    for device, doubts in judge.following(told).items():
        after_us = to_us(spans[device][0])
        if device in grave or doubts.is_grave(after_us):
            found[device] = min(doubts.reading_since_us(after_us), grave.get(device, after_us))
    return found


def _reaching_back(judge: Judge, windows: Mapping[int, int], spans: Spans, earlier: Iterable[int]) -> dict[int, int]:
    return {device: min(windows[device], judge.doubts(device).reading_since_us(to_us(spans[device][0]))) for device in earlier}


def _together(told: Rows, others: Rows, spans: Spans) -> Rows:
    """What was said of the devices that have a span, in order and once."""
    concerned = others[np.isin(others["device"], list(spans))]
    return in_order(np.concatenate((told, concerned))) if len(concerned) else told


def _since(rows: Rows, spans: Spans) -> Rows:
    """Rows that are dated, or count, after the beginning of their device's span."""
    held: Rows = rows[np.maximum(rows["fix_time_us"], moments_us(rows)) > ends_us(rows, spans, 0)]
    return held


def _counted(told: Rows, spans: Spans) -> Rows:
    """Of what was said, what counts within its device's span as it is believed."""
    counts_us = moments_us(told)
    return believed_rows(told[(counts_us > ends_us(told, spans, 0)) & (counts_us <= ends_us(told, spans, 1))])


def _put_back(connection: Connection, judge: Judge, sinces: Mapping[int, datetime]) -> dict[int, Checkpoint | None]:
    """Each device as it was at its newest checkpoint before a moment that can be read, else as never seen."""
    found = checkpoints_before(connection, sinces)
    return {device: found.get(device) if _restore(judge, device, found.get(device)) else None for device in sinces}


def _restore(judge: Judge, device: int, checkpoint: Checkpoint | None) -> bool:
    if checkpoint is None:
        return judge.restore(device, None)
    return judge.restore(device, checkpoint.state, decoded(checkpoint.doubts, to_us(checkpoint.at)))


def _after(checkpoints: Mapping[int, Checkpoint | None], device: int) -> datetime:
    checkpoint = checkpoints[device]
    return BEGINNING if checkpoint is None else checkpoint.at
