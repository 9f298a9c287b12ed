"""Breakdowns: reported on the road, agreed to within a quarter of an hour, and ended by repair, transfer, tow or abort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Access, Caller, Deliverer, Planner
from api.errors import problem_responses
from api.journeys import follow, held_trip, refuse_future
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given
from api.resources.approvals import AskedFor, ask
from api.resources.trips import TripId
from api.standstill import let_rules_apply
from api.versions import IfMatch, check_unchanged, tag
from domain.approvals import ApprovalKind
from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.trip_aftermath import BREAKDOWN
from domain.trip_life import ON_THE_ROAD, TRIP
from store import breakdowns, stock
from store.audit import Change
from store.breakdowns import Breakdown as Row
from store.breakdowns import BreakdownFilter, Report
from store.journeys import Journey
from store.listing import Part
from store.pool import Connection
from store.stock import Cause, Movement, Place, PlaceKind, between

router = APIRouter(tags=["breakdowns"])

State = Literal["reported", "approved", "rejected", "repair", "transfer", "tow", "abort", "closed"]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
BreakdownId = Annotated[str, Path(max_length=200, examples=["6f9619ff-8b86-d011-b42d-00cf4fc964ff"])]
_REFUSALS: Final = problem_responses(403, 404, 409, 412, 422)


class Breakdown(BaseModel):
    """A van that stands, and what is done about it."""

    model_config = ConfigDict(from_attributes=True)

    breakdown_id: str
    trip_id: str
    vehicle_id: str
    reported_at: datetime
    reported_by: str
    longitude_deg: float | None
    latitude_deg: float | None
    reason: str
    sha256: str | None = Field(description="A photo.")
    approval_id: int | None = Field(description="The approval that decides about it.")
    state: State
    may_become: list[State]
    to_trip_id: str | None = Field(description="The trip that took the goods over.")
    cargo_kg: float | None = Field(description="What they weighed on the other van.")
    note: str | None
    changed_at: datetime


class BreakdownReport(Given):
    """That the van stands."""

    at: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]+$", examples=["flat tyre"])]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(None, description="A photo that was saved before.")
    longitude_deg: float | None = Field(None, ge=-180, le=180)
    latitude_deg: float | None = Field(None, ge=-90, le=90)


class NextState(Given):
    """What is done about it. For a transfer there is an address of its own."""

    state: Literal["repair", "tow", "abort", "closed"]
    note: Text | None = None


class Rescan(Given):
    """So many pieces that were put on the other van."""

    product_id: Name
    pieces: Annotated[int, Field(ge=1, le=10_000_000)]


class Handover(Given):
    """What another trip takes over: counted piece by piece, and weighed."""

    to_trip_id: Name
    lines: list[Rescan] = Field(max_length=1000)
    cargo_kg: float | None = Field(None, ge=0, le=100_000)
    note: Text | None = None


@router.get("/breakdowns", operation_id="list_breakdowns")
def list_breakdowns(
    caller: Caller,
    asked: Listed,
    trip_id: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[list[State] | None, Query()] = None,
) -> RecordPage[Breakdown]:
    """Breakdowns, the newest first."""
    wanted = BreakdownFilter(trip_id=trip_id, states=state)

    def read(connection: Connection, part: Part) -> list[Row]:
        return breakdowns.list_breakdowns(connection, wanted, part)

    return record_page(caller, breakdowns.LISTING, asked, read, breakdown_of)


@router.get("/breakdowns/{breakdown_id}", operation_id="get_breakdown", responses=problem_responses(404))
def get_breakdown(caller: Caller, breakdown_id: BreakdownId, response: Response) -> Breakdown:
    """One breakdown."""
    with caller.transaction() as connection:
        return _answer(breakdowns.breakdown_named(connection, breakdown_id), response)


@router.post("/trips/{trip_id}/breakdowns", operation_id="report_breakdown", status_code=201, responses=_REFUSALS)
def report_breakdown(
    caller: Deliverer, trip_id: TripId, told: BreakdownReport, response: Response, if_match: IfMatch = None
) -> Breakdown:
    """Say that the van stands. Somebody has to agree within a quarter of an hour; until then the rules apply as ever."""
    refuse_future(told.at, "at")
    if (told.longitude_deg is None) != (told.latitude_deg is None):
        raise InvalidInputError("longitude_deg", "goes together with latitude_deg")
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if journey.state not in ON_THE_ROAD:
            TRIP.check(trip_id, journey.state, "breakdown", caller.permissions)
        if journey.state == "dispatched":
            follow(caller, connection, journey, "in_progress")
        row = breakdowns.report(connection, journey, caller.actor, Report(**told.model_dump()))
        place = {"longitude_deg": told.longitude_deg, "latitude_deg": told.latitude_deg, "sha256": told.sha256}
        asked = AskedFor(
            kind=ApprovalKind.breakdown,
            subject_id=row.breakdown_id,
            comment=told.reason,
            difference={"trip_id": trip_id, "vehicle_id": journey.vehicle_id, **place},
        )
        breakdowns.ask_for(connection, row, ask(caller, connection, journey.org_id, asked).approval_id)
        _note(caller, connection, row, "breakdown.report", {"trip_id": trip_id, "reason": told.reason})
        return _answer(breakdowns.breakdown_named(connection, row.breakdown_id), response)


@router.post("/breakdowns/{breakdown_id}/state", operation_id="set_breakdown_state", responses=_REFUSALS)
def set_breakdown_state(
    caller: Planner, breakdown_id: BreakdownId, wanted: NextState, response: Response, if_match: IfMatch = None
) -> Breakdown:
    """Say what is done about it. Closed after a repair the trip goes on; aborted, its open deliveries have failed."""
    with caller.transaction() as connection:
        row = breakdowns.breakdown_named(connection, breakdown_id, lock=True)
        check_unchanged(if_match, row.changed_at)
        BREAKDOWN.check(breakdown_id, row.state, wanted.state, caller.permissions)
        journey = held_trip(caller, connection, row.trip_id, org_id=row.org_id)
        if wanted.state == "abort":
            follow(caller, connection, journey, "aborted", wanted.note)
            breakdowns.give_up_deliveries(connection, row, caller.actor, f"breakdown: {row.reason}")
        if wanted.state == "closed":
            if journey.state == "breakdown":
                follow(caller, connection, journey, "in_progress", wanted.note)
            let_rules_apply(connection, row)
        return _answer(_become(caller, connection, row, wanted.state, wanted.note), response)


@router.post("/breakdowns/{breakdown_id}/transfer", operation_id="transfer_load", responses=_REFUSALS)
def transfer_load(
    caller: Planner, breakdown_id: BreakdownId, handover: Handover, response: Response, if_match: IfMatch = None
) -> Breakdown:
    """Let another trip take the goods and the open deliveries over. It has to come to the same outlets."""
    with caller.transaction() as connection:
        row = breakdowns.breakdown_named(connection, breakdown_id, lock=True)
        check_unchanged(if_match, row.changed_at)
        BREAKDOWN.check(breakdown_id, row.state, "transfer", caller.permissions)
        journey = held_trip(caller, connection, row.trip_id, org_id=row.org_id)
        other = _other_trip(caller, connection, row, handover.to_trip_id)
        if other.state not in {"planned", "loading", "load_confirmed", "dispatched", "in_progress"}:
            raise ConflictError(f"trip {other.trip_id!r} is {other.state}: it takes nothing over")
        if missing := breakdowns.put_on(connection, row, other, handover.cargo_kg):
            raise ConflictError(f"trip {other.trip_id!r} does not come to {', '.join(missing)}")
        pieces: Counter[str] = Counter()
        for line in handover.lines:
            pieces[line.product_id] += line.pieces
        vans = Place(PlaceKind.van, journey.vehicle_id), Place(PlaceKind.van, other.vehicle_id)
        _move_load(caller, connection, row, (journey.trip_id, other.trip_id), vans, pieces)
        breakdowns.give_up_deliveries(connection, row, caller.actor, f"taken over by trip {other.trip_id}")
        follow(caller, connection, journey, "transferred", handover.note)
        return _answer(_become(caller, connection, row, "transfer", handover.note), response)


def _other_trip(caller: Access, connection: Connection, row: Row, trip_id: str) -> Journey:
    if trip_id == row.trip_id:
        raise InvalidInputError("to_trip_id", "has to be another trip")
    try:
        return held_trip(caller, connection, trip_id, org_id=row.org_id)
    except NotFoundError as error:
        raise InvalidInputError("to_trip_id", f"there is no trip {trip_id!r} of the same organisation") from error


def breakdown_of(row: Row) -> Breakdown:
    """A stored breakdown as the API shows it."""
    plain = {name: getattr(row, name) for name in Breakdown.model_fields if name != "may_become"}
    return Breakdown.model_validate({**plain, "may_become": BREAKDOWN.next_states(row.state)})


def _move_load(
    caller: Access, connection: Connection, row: Row, trips: tuple[str, str], vans: tuple[Place, Place], pieces: Counter[str]
) -> None:
    lines: list[Movement] = []
    for product, count in pieces.items():
        movement = Movement(
            moved_at=row.reported_at,
            place=vans[0],
            product_id=product,
            pieces=count,
            cause=Cause.transfer,
            ref=row.breakdown_id,
        )
        for trip_id, half in zip(trips, between(*vans, movement), strict=True):
            lines.append(stock.of_trip(half, trip_id))
    stock.move(connection, row.org_id, caller.actor, lines)


def _become(caller: Access, connection: Connection, row: Row, state: str, note: str | None) -> Row:
    breakdowns.become(connection, row, state, note)
    _note(caller, connection, row, f"breakdown.{state}", {"state": state, "note": note})
    return breakdowns.breakdown_named(connection, row.breakdown_id)


def _answer(row: Row, response: Response) -> Breakdown:
    response.headers["etag"] = tag(row.changed_at)
    return breakdown_of(row)


def _note(caller: Access, connection: Connection, row: Row, action: str, after: Mapping[str, object]) -> None:
    change = Change(action=action, kind="breakdown", identifier=row.breakdown_id, before={"state": row.state}, after=after)
    caller.note(connection, change, row.org_id)
