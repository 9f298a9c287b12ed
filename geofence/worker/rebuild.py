"""Rebuilding devices from a checkpoint: what late data, a changed plan and a crash all come down to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from geofence.rows import ALARM_BITS, ROW, Rows, from_us
from geofence.rulebook import JUDGED_ELSEWHERE
from geofence.worker.corrections import Produced
from geofence.worker.judge import Judge
from store.conclusions import Judged, Past, checkpoints_before, past_since
from store.pool import Connection
from store.reading_log import rows_of_devices

BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """Up to which batch the lanes have come, whether they are taken up anew, and how to have the plans for older rows."""

    cursor: int
    is_recovery: bool
    cover: Callable[[Rows], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What had been held since the checkpoints, and what the replay concluded from them."""

    past: Past = field(default_factory=Past)
    replayed: Produced = field(default_factory=Produced)
    known_us: Mapping[int, int] = field(default_factory=dict)  # by device: the row up to which it was replayed
    sinces: Mapping[int, datetime] = field(default_factory=dict)  # by device: the checkpoint it was put back to


def rebuild(
    connection: Connection, judge: Judge, devices: Mapping[int, Judged], sinces: Mapping[int, datetime], scope: Scope
) -> Rebuilt:
    """Put devices back to their checkpoint before `sinces[device]` and replay what batches up to the cursor stored.

    The replay ends with the last row that each device had seen, or, in a recovery, with the last row there is.
    """
    seen_us = {device: judge.last_fix_us(device) for device in sinces}
    checkpoints = checkpoints_before(connection, sinces)
    for device in sinces:
        checkpoint = checkpoints.get(device)
        if not judge.restore(device, checkpoint.state if checkpoint else None):
            del checkpoints[device]
    change_nos = {device: checkpoint.change_no for device, checkpoint in checkpoints.items()}
    past = past_since(connection, [devices[device] for device in sinces], change_nos, rules=JUDGED_ELSEWHERE)
    spans = {}
    for device, last_us in seen_us.items():
        after = checkpoints[device].at if device in checkpoints else BEGINNING
        until = END if scope.is_recovery else BEGINNING if last_us is None else from_us(last_us)
        spans[device] = (after, until)
    rows = rows_of_devices(connection, spans, scope.cursor, ROW, ALARM_BITS)
    scope.cover(rows)
    known_us = {device: last_us for device, last_us in seen_us.items() if last_us is not None}
    return Rebuilt(past, judge.advance(rows), known_us, {device: after for device, (after, _) in spans.items()})
