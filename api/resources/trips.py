"""Trips: what was planned, side by side with what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Access, Caller, Planner
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import tag
from domain.errors import NotFoundError
from domain.events import VisitState
from domain.suppressors import Suppressor
from domain.trip_life import TripState
from store import planning, rounds, suppressors
from store.audit import Change
from store.journal import StopVisit
from store.listing import Part
from store.pool import Connection
from store.rounds import Round, RoundFilter, RoundStop
from store.suppressors import Approval
from wire.files.trip_json import parse_suppressors, parse_trips

router = APIRouter(prefix="/trips", tags=["trips"])


class Circle(BaseModel):
    """A place on the ground with a radius."""

    model_config = ConfigDict(from_attributes=True)

    longitude_deg: float = Field(examples=[77.5946])
    latitude_deg: float = Field(examples=[12.9716])
    radius_m: float = Field(examples=[75])


class LineString(BaseModel):
    """A GeoJSON line of [longitude, latitude] pairs."""

    type: Literal["LineString"] = "LineString"
    coordinates: list[tuple[float, float]]


class Visit(BaseModel):
    """What became of a planned stop so far. `no_data` is never `missed`."""

    model_config = ConfigDict(from_attributes=True)

    trip_id: str
    stop_id: str
    state: VisitState
    arrived_at: datetime | None
    departed_at: datetime | None
    confidence: float | None = Field(description="From 0 to 1; null while nothing was concluded.")


class DecidingFix(BaseModel):
    """A fix that decided, and the zones around it with the metres to their boundaries, negative inside."""

    at: datetime
    longitude_deg: float
    latitude_deg: float
    zones: list[dict[str, Any]] = []


class Stop(BaseModel):
    """A shop to be served, in the order of the plan."""

    stop_id: str
    outlet_id: str | None
    name: str = Field(examples=["Corner Shop"])
    place: Circle
    window_start: datetime | None
    window_end: datetime | None
    planned_service_s: float | None
    cases: float | None
    visit: Visit
    estimated_arrival_at: datetime | None = Field(None, description="While the stop is ahead of a running trip.")
    at_risk: bool = Field(False, description="It may not be served in time.")
    at_risk_since: datetime | None = None
    at_risk_because: str | None = Field(
        None,
        description="`estimate`: it will be reached after its window. `left_out`: later stops were served first. `breakdown`.",
    )
    evidence: dict[str, DecidingFix] = Field(
        default_factory=dict, description="By state of the visit, the fix that decided it."
    )


class Trip(BaseModel):
    """One van's round."""

    trip_id: str
    vehicle_id: str
    device_key: str
    state: str = Field(examples=["planned"])
    changed_at: datetime = Field(description="Of its plan, its life or any of its visits; the ETag is made of it.")
    planned_start: datetime
    planned_end: datetime
    corridor_m: float | None
    depot: Circle | None
    stops: list[Stop]
    route: LineString | None = Field(description="The planned way; null where none was planned, or when not asked for.")


class Stored(BaseModel):
    """What a request stored."""

    stored: list[str] = Field(description="Identifiers that are new or changed.")
    unchanged: list[str]


TripId = Annotated[str, Path(max_length=200, examples=["T-2026-03-02-07"])]


@router.get("", operation_id="list_trips")
def list_trips(
    caller: Caller,
    listed: Listed,
    vehicle_id: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[list[TripState] | None, Query(description="In one of these states.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Planned to end at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Planned to start before this time.")] = None,
    routes: Annotated[bool, Query(description="With the planned lines.")] = False,
) -> RecordPage[Trip]:
    """Trips with their stops and visits, the latest planned start first."""
    wanted = RoundFilter(vehicle_id=vehicle_id, states=state, since=since, until=until)

    def read(connection: Connection, part: Part) -> list[Round]:
        return rounds.list_rounds(connection, wanted, part)

    return record_page(caller, rounds.LISTING, listed, read, partial(trip_of, with_route=routes))


@router.get("/{trip_id}", operation_id="get_trip", responses=problem_responses(404))
def get_trip(caller: Caller, trip_id: TripId, response: Response) -> Trip:
    """One trip with its route, stops and visits."""
    row = find_round(caller, trip_id)
    response.headers["etag"] = tag(row.changed_at)
    return trip_of(row, with_route=True)


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One trip, or a list of them.",
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
                "example": {
                    "trip_id": "T-1",
                    "device_id": "tracker-0007",
                    "planned_start": "2026-03-02T02:30:00Z",
                    "planned_end": "2026-03-02T08:30:00Z",
                    "stops": [{"stop_id": "S-1", "longitude_deg": 77.5946, "latitude_deg": 12.9716, "radius_m": 75}],
                },
            }
        },
    }
}


@router.post("", operation_id="save_trips", status_code=201, openapi_extra=_BODY, responses=problem_responses(409, 422))
async def save_trips(caller: Planner, request: Request) -> Stored:
    """Store planned trips, all or none. A trip that is there is planned anew, unless it was dispatched."""
    body = await request.body()
    return await run_in_threadpool(_save, caller, body)


def find_round(caller: Access, trip_id: str) -> Round:
    """The trip, if the caller may see it. Raises NotFoundError."""
    with caller.transaction() as connection:
        row = rounds.find_round(connection, trip_id)
    if row is None:
        raise NotFoundError("trip", trip_id)
    return row


def trip_of(row: Round, *, with_route: bool) -> Trip:
    """A stored trip as the API shows it."""
    return Trip(
        trip_id=row.trip_id,
        vehicle_id=row.vehicle_id,
        device_key=row.device_key,
        state=row.state,
        changed_at=row.changed_at,
        planned_start=row.planned_start,
        planned_end=row.planned_end,
        corridor_m=row.corridor_m,
        depot=Circle.model_validate(row.depot) if row.depot else None,
        stops=[_stop_of(row.trip_id, stop) for stop in row.stops],
        route=LineString(coordinates=list(row.route)) if with_route and row.route else None,
    )


def visit_of(row: StopVisit) -> Visit:
    """A stored visit as the API shows it."""
    return Visit.model_validate(row)


def _stop_of(trip_id: str, stop: RoundStop) -> Stop:
    visit = Visit(
        trip_id=trip_id,
        stop_id=stop.stop_id,
        state=VisitState(stop.state),
        arrived_at=stop.arrived_at,
        departed_at=stop.departed_at,
        confidence=stop.confidence,
    )
    return Stop(
        stop_id=stop.stop_id,
        outlet_id=stop.outlet_id,
        name=stop.outlet_name or stop.outlet_id or stop.stop_id,
        place=Circle.model_validate(stop.place),
        window_start=stop.window_start,
        window_end=stop.window_end,
        planned_service_s=stop.planned_service_s,
        cases=stop.cases,
        visit=visit,
        estimated_arrival_at=stop.estimated_arrival_at,
        at_risk=stop.at_risk_since is not None,
        at_risk_since=stop.at_risk_since,
        at_risk_because=stop.at_risk_because,
        evidence={state: DecidingFix.model_validate(fix) for state, fix in stop.evidence.items()},
    )


def _save(caller: Access, body: bytes) -> Stored:
    trips, approved = parse_trips(body), parse_suppressors(body)
    with caller.transaction() as connection:
        changed = {trip.trip_id: planning.save_trip(connection, caller.org_id, trip) for trip in trips}
        for trip in trips:
            if changed[trip.trip_id]:
                after = {"device_id": trip.device_id, "planned_start": trip.planned_start.isoformat(), "stops": len(trip.stops)}
                caller.note(connection, Change(action="trip.plan", kind="trip", identifier=trip.trip_id, after=after))
        for one in approved:
            _approve(caller, connection, one)
    return Stored(
        stored=[trip_id for trip_id, is_new in changed.items() if is_new],
        unchanged=[trip_id for trip_id, is_new in changed.items() if not is_new],
    )


def _approve(caller: Access, connection: Connection, one: Suppressor) -> None:
    """Store an approval that a trip carries. The tracker that it names stands for whatever it is on."""
    approval = Approval(replace(one, device_id=None), one.device_id, caller.actor, "approved", caller.org_id)
    suppressors.save_suppressor(connection, caller.org_id, approval)
    after = {"kind": one.kind.value, "trip_id": one.trip_id, "valid_from": one.valid_from.isoformat()}
    caller.note(connection, Change(action="suppressor.save", kind="suppressor", identifier=one.suppressor_id, after=after))
