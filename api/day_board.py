"""The day at a glance: how each planned stop stands. Pure; the clock is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.events import VisitState
from store.rounds import Round, RoundStop

GRACE: Final = timedelta(minutes=15)
"""An arrival is on time from so long before its window opens to so long after it closes."""

LATER_STOPS_DONE: Final = 2
"""A stop is at risk once so many later ones are done."""


class CellState(StrEnum):
    """How a stop stands, as the day board colours it."""

    ahead = "ahead"
    here = "here"
    on_time = "on_time"
    early = "early"
    late = "late"
    at_risk = "at_risk"
    unverified = "unverified"
    skipped = "skipped"
    missed = "missed"
    no_data = "no_data"


_DONE: Final = {VisitState.serviced, VisitState.out_of_sequence}
_PLAIN: Final = {
    VisitState.probable: CellState.unverified,
    VisitState.drive_by: CellState.unverified,
    VisitState.skipped: CellState.skipped,
    VisitState.missed: CellState.missed,
    VisitState.no_data: CellState.no_data,
    VisitState.arrived: CellState.here,
}
LOSING: Final = {CellState.at_risk, CellState.missed}


def cells(trip: Round, now: datetime) -> list[CellState]:
    """How each stop of `trip` stands at `now`, in planned order."""
    done = [VisitState(stop.state) in _DONE for stop in trip.stops]
    return [_cell(stop, sum(done[index + 1 :]), now) for index, stop in enumerate(trip.stops)]


def cases_at_risk(trip: Round, states: Sequence[CellState]) -> float:
    """Cases planned for stops that are missed or at risk; a stop that does not say how many counts as one."""
    pairs = zip(trip.stops, states, strict=True)
    return sum(stop.cases if stop.cases is not None else 1.0 for stop, state in pairs if state in LOSING)


def minutes_left_of(stop: RoundStop, now: datetime) -> float | None:
    """Until the window of a stop that is ahead closes; negative when it has closed, none of a stop that was served."""
    is_ahead = stop.state in {VisitState.pending, VisitState.approaching, VisitState.drive_by}
    return round((stop.window_end - now).total_seconds() / 60, 1) if is_ahead and stop.window_end is not None else None


def minutes_left(trip: Round, states: Sequence[CellState], now: datetime) -> float | None:
    """Until the first window of a stop at risk closes; negative when it has closed, none when no stop is at risk."""
    pairs = zip(trip.stops, states, strict=True)
    ends = [stop.window_end for stop, state in pairs if state is CellState.at_risk and stop.window_end]
    return round((min(ends) - now).total_seconds() / 60, 1) if ends else None


def _cell(stop: RoundStop, later_done: int, now: datetime) -> CellState:
    state = VisitState(stop.state)
    if state in _PLAIN:
        return _PLAIN[state]
    if state in _DONE:
        return _punctual(stop)
    overdue = (stop.window_end is not None and now > stop.window_end) or stop.at_risk_since is not None
    return CellState.at_risk if overdue or later_done >= LATER_STOPS_DONE else CellState.ahead


def _punctual(stop: RoundStop) -> CellState:
    arrived = stop.arrived_at
    if arrived is None:
        return CellState.on_time
    if stop.window_start is not None and arrived < stop.window_start - GRACE:
        return CellState.early
    if stop.window_end is not None and arrived > stop.window_end + GRACE:
        return CellState.late
    return CellState.on_time
