"""The day board: one row for each trip, one cell for each stop, what is most at risk first."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api import day_board
from api.access import Access, Caller
from api.day_board import CellState
from api.own_clock import span_of, zone_of
from store import inbox, rounds
from store.listing import Part
from store.rounds import Round, RoundFilter

router = APIRouter(tags=["trips"])

MOST_TRIPS: Final = 1000
_AROUND_NOW: Final = timedelta(hours=12)


class BoardCell(BaseModel):
    """A planned stop and how it stands."""

    stop_id: str
    name: str
    state: CellState
    window_start: datetime | None
    window_end: datetime | None
    arrived_at: datetime | None
    cases: float | None
    estimated_arrival_at: datetime | None = Field(None, description="While the stop is ahead of a running trip.")
    minutes_left: float | None = Field(
        None, description="Until the window closes, of a stop that is ahead; negative when it has."
    )
    at_risk_because: str | None = Field(None, description="estimate, left_out or breakdown, where the engine says so.")


class BoardRow(BaseModel):
    """A trip and how its stops stand."""

    trip_id: str
    vehicle_id: str
    state: str
    planned_start: datetime
    planned_end: datetime
    cells: list[BoardCell]
    visited: int
    cases_at_risk: float = Field(description="Planned for stops that are missed or at risk.")
    minutes_left: float | None = Field(description="Until the first window at risk closes; negative when it has closed.")
    open_alerts: int


class DayBoard(BaseModel):
    """All trips of a day, by the cases at risk."""

    as_of: datetime
    rows: list[BoardRow]
    totals: dict[CellState, int] = Field(description="Stops by how they stand.")


Day = Annotated[
    date | None,
    Query(description="Trips that touch this day by the organisation's clock; otherwise those within twelve hours of now."),
]


@router.get("/day-board", operation_id="get_day_board")
def get_day_board(caller: Caller, day: Day = None) -> DayBoard:
    """How the planned stops of a day stand: on time, late, at risk, missed, without data, unverified."""
    return read_day_board(caller, day)


def read_day_board(caller: Access, day: date | None) -> DayBoard:
    """The board of `day`, else of the hours around now."""
    now = datetime.now(UTC)
    with caller.transaction() as connection:
        since, until = (
            (now - _AROUND_NOW, now + _AROUND_NOW) if day is None else span_of(day, zone_of(connection, caller.org_id))
        )
        trips = rounds.list_rounds(connection, RoundFilter(since=since, until=until), Part(limit=MOST_TRIPS))
        alerts = inbox.open_alerts_by_trip(connection, [trip.trip_id for trip in trips])
    rows = [_row(trip, alerts.get(trip.trip_id, 0), now) for trip in trips]
    rows.sort(key=lambda row: (-row.cases_at_risk, -row.open_alerts, row.vehicle_id))
    totals = Counter(cell.state for row in rows for cell in row.cells)
    return DayBoard(as_of=now, rows=rows, totals={state: totals[state] for state in CellState})


def _row(trip: Round, open_alerts: int, now: datetime) -> BoardRow:
    states = day_board.cells(trip, now)
    return BoardRow(
        trip_id=trip.trip_id,
        vehicle_id=trip.vehicle_id,
        state=trip.state,
        planned_start=trip.planned_start,
        planned_end=trip.planned_end,
        cells=[
            BoardCell(
                stop_id=stop.stop_id,
                name=stop.outlet_name or stop.outlet_id or stop.stop_id,
                state=state,
                window_start=stop.window_start,
                window_end=stop.window_end,
                arrived_at=stop.arrived_at,
                cases=stop.cases,
                estimated_arrival_at=stop.estimated_arrival_at,
                minutes_left=day_board.minutes_left_of(stop, now),
                at_risk_because=stop.at_risk_because,
            )
            for stop, state in zip(trip.stops, states, strict=True)
        ],
        visited=sum(state in {CellState.on_time, CellState.early, CellState.late, CellState.here} for state in states),
        cases_at_risk=day_board.cases_at_risk(trip, states),
        minutes_left=day_board.minutes_left(trip, states, now),
        open_alerts=open_alerts,
    )
