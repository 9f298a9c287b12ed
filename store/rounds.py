"""Trips as they are shown: planned stops side by side with what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from domain.trips import Circle, LonLat
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("rounds")


@dataclass(frozen=True, slots=True)
class RoundStop:
    """A planned stop and its visit; `state` is `pending` until something was concluded."""

    stop_id: str
    position_no: int
    outlet_id: str | None
    outlet_name: str | None
    place: Circle
    window_start: datetime | None
    window_end: datetime | None
    planned_service_s: float | None
    cases: float | None
    state: str
    arrived_at: datetime | None
    departed_at: datetime | None
    confidence: float | None
    estimated_arrival_at: datetime | None = None  # of a stop that is still ahead
    at_risk_since: datetime | None = None
    at_risk_because: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """A trip with its stops in planned order."""

    org_id: int
    trip_id: str
    vehicle_id: str
    device_key: str
    planned_start: datetime
    planned_end: datetime
    route: tuple[LonLat, ...]
    corridor_m: float | None
    depot: Circle | None
    state: str
    changed_at: datetime  # of its plan, its life or any of its visits
    stops: tuple[RoundStop, ...]


_CHANGED_AT: Final = SQL(_SQL["changed_at"])
LISTING: Final = Listing(
    sorts={
        "planned_start": Identifier("trip", "planned_start"),
        "trip_id": Identifier("trip", "trip_id"),
        "changed_at": _CHANGED_AT,
    },
    keys={name: Identifier("trip", name) for name in ("planned_start", "trip_id", "org_id")},
    changed=SQL(_SQL["changed"]),
    newest_first=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFilter:
    """Which trips to list; `None` lets all through. A trip is within the times when its planned span meets them."""

    vehicle_id: str | None = None
    states: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_rounds(connection: Connection, wanted: RoundFilter, part: Part = FIRST) -> list[Round]:
    """Trips, the newest planned start first unless `part` says otherwise."""
    end, values = ending(LISTING, part)
    parameters = {
        "vehicle_id": wanted.vehicle_id,
        "states": list(wanted.states) if wanted.states else None,
        "since": wanted.since,
        "until": wanted.until,
        **values,
    }
    statement = SQL(_SQL["list_trips"]).format(changed_at=_CHANGED_AT, part=end)
    return _with_stops(connection, connection.execute(statement, parameters).fetchall())


def find_round(connection: Connection, trip_id: str) -> Round | None:
    """One trip, the caller's own organisation's first."""
    statement = SQL(_SQL["find_trip"]).format(changed_at=_CHANGED_AT)
    rows = connection.execute(statement, {"trip_id": trip_id}).fetchall()
    return next(iter(_with_stops(connection, rows, with_evidence=True)), None)


def _with_stops(connection: Connection, rows: Sequence[Mapping[str, Any]], *, with_evidence: bool = False) -> list[Round]:
    wanted = {"org_ids": [row["org_id"] for row in rows], "trip_ids": [row["trip_id"] for row in rows]}
    stops: dict[tuple[int, str], list[RoundStop]] = defaultdict(list)
    for stop in connection.execute(_SQL["stops_of_trips"], {**wanted, "with_evidence": with_evidence}):
        stops[stop["org_id"], stop["trip_id"]].append(_stop(stop))
    return [_round(row, stops[row["org_id"], row["trip_id"]]) for row in rows]


def _round(row: Mapping[str, Any], stops: Sequence[RoundStop]) -> Round:
    return Round(
        org_id=row["org_id"],
        trip_id=row["trip_id"],
        vehicle_id=row["shown_vehicle_id"],
        device_key=row["device_key"],
        planned_start=row["planned_start"],
        planned_end=row["planned_end"],
        route=tuple((point[0], point[1]) for point in row["route"] or ()),
        corridor_m=row["corridor_m"],
        depot=Circle(**row["depot"]) if row["depot"] else None,
        state=row["state"],
        changed_at=row["shown_changed_at"],
        stops=tuple(stops),
    )


_PLAIN: Final = tuple(name for name in RoundStop.__dataclass_fields__ if name not in {"place", "state", "evidence"})


def _stop(row: Mapping[str, Any]) -> RoundStop:
    place = Circle(round(row["longitude_e7"] * 1e-7, 7), round(row["latitude_e7"] * 1e-7, 7), row["radius_m"])
    told = {name: row[name] for name in _PLAIN}
    return RoundStop(**told, place=place, state=row["state"] or "pending", evidence=row["evidence"] or {})
