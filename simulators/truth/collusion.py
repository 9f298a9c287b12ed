"""Odd halts that return to one place over days: a habit, and no accident, whatever brought the van there each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.truth import Incident, TrueVisit
from simulators.fleet.driving import Stood
from simulators.fleet.planning import Round
from simulators.town.places import Place

RULES: Final = frozenset({"unscheduled_stop", "unscheduled_unloading"})
"""Rules about a halt where nobody may halt."""
WITHIN_M, SPAN, LEAST_DAYS, LEAST_HALTS, POPULAR = 75.0, timedelta(days=28), 3, 3, 4
UNSURE_M: Final = 10.0  # two standard errors of where fixes under an open sky say that a van stood


@dataclass(frozen=True, slots=True)
class OddHalt:
    """A halt that the truth has a line of, with the day of the van's round and where in its town it stood."""

    incident: Incident
    day: int
    x_m: float
    y_m: float


def odd_halts(planned: Round, stood: Sequence[Stood], truth: Iterable[Incident | TrueVisit]) -> list[OddHalt]:
    """The halts among those of a round that lines of its truth call odd, each once."""
    by_begin = {planned.at(one.from_s): one for one in stood}
    found = {}
    for line in truth:
        if isinstance(line, Incident) and line.rule in RULES and (one := by_begin.get(line.started_at)) is not None:
            found[line.started_at] = OddHalt(line, planned.day, one.x_m, one.y_m)
    return list(found.values())


def collusions(halts: Sequence[OddHalt], allowed: Sequence[Place] = ()) -> list[Incident]:
    """One incident for each van and place with a habit, of all `halts` of a town; near the distance it is arguable."""
    ordered = sorted(halts, key=lambda halt: (halt.incident.started_at, halt.incident.device_id))
    exact, nearer, wider = (list(_habits(ordered, allowed, WITHIN_M + spare_m)) for spare_m in (0.0, -UNSURE_M, UNSURE_M))
    found = [replace(_line(one), arguable=not (_meets(one, nearer) and _meets(one, wider))) for one in exact]
    doubtful: list[Habit] = []
    for one in (*nearer, *wider):
        if not _meets(one, (*exact, *doubtful)):
            doubtful.append(one)
    return found + [replace(_line(one), arguable=True, happened=False) for one in doubtful]


Habit = list[OddHalt]


def _line(habit: Habit) -> Incident:
    lines = [halt.incident for halt in habit]
    ended_at = max(line.ended_at or line.started_at for line in lines)
    return Incident("collusion_cluster", lines[0].device_id, None, None, lines[0].started_at, ended_at)


def _meets(habit: Habit, others: Iterable[Habit]) -> bool:
    return any(halt in other for other in others for halt in habit)


def _habits(halts: Sequence[OddHalt], allowed: Sequence[Place], within_m: float) -> Iterator[Habit]:
    for place in _places(halts, within_m):
        by_van: dict[str, Habit] = defaultdict(list)
        for halt in place:
            by_van[halt.incident.device_id].append(halt)
        if len(by_van) < POPULAR and not _is_allowed(place, allowed):
            yield from (habit for habit in by_van.values() if _returns(habit))


def _returns(habit: Habit) -> bool:
    """Whether enough days of it lie within the span that ends with one of its halts."""
    ends = [halt.incident.started_at for halt in habit]
    return any(len({one.day for one in habit if end - SPAN <= one.incident.started_at <= end}) >= LEAST_DAYS for end in ends)


def _is_allowed(place: Sequence[OddHalt], allowed: Sequence[Place]) -> bool:
    x_m, y_m = np.median([halt.x_m for halt in place]), np.median([halt.y_m for halt in place])
    return any(np.hypot(x_m - one.x_m, y_m - one.y_m) <= one.radius_m for one in allowed)


def _places(halts: Sequence[OddHalt], within_m: float) -> list[list[OddHalt]]:
    """Clusters of halts in order (DBSCAN); a halt at the rim of two is of the one with the earlier core."""
    near = _near(halts, within_m)
    core = near.sum(axis=1) >= LEAST_HALTS
    # Who is linked by a chain of cores has in the end the number of the first of them.
    number = np.where(core, np.arange(len(halts)), len(halts))
    linked = near & core[None, :]
    while True:
        lowest = np.where(linked, number[None, :], len(halts)).min(axis=1, initial=len(halts))
        if (lowest[core] == number[core]).all():
            break
        number[core] = lowest[core]
    return [[halts[at] for at in np.flatnonzero(lowest == first).tolist()] for first in np.unique(lowest[lowest < len(halts)])]


def _near(halts: Sequence[OddHalt], within_m: float) -> NDArray[np.bool_]:
    """Shape (n, n): who is near whom, in place and time."""
    x_m, y_m = np.array([halt.x_m for halt in halts]), np.array([halt.y_m for halt in halts])
    at_s = np.array([halt.incident.started_at.timestamp() for halt in halts])
    apart_m = np.hypot(x_m[:, None] - x_m, y_m[:, None] - y_m)
    near: NDArray[np.bool_] = (apart_m <= within_m) & (np.abs(at_s[:, None] - at_s) <= SPAN.total_seconds())
    return near
