"""Approvals that hold rules back: breakdowns, detours, places where anybody may halt, breaks."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Access, Caller, Planner
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import IfMatch, check_unchanged, tag
from domain.errors import InvalidInputError
from domain.suppressors import Suppressor as Held
from domain.suppressors import SuppressorKind
from domain.zones import OpenHours, Schedule, schedule_members
from store import suppressors
from store.audit import Change
from store.listing import Part
from store.pool import Connection
from store.suppressors import Approval, ApprovalFilter

router = APIRouter(prefix="/suppressors", tags=["suppressors"])

State = Literal["proposed", "approved", "rejected"]


class WeeklyHours(BaseModel):
    """Of one weekday; what closes no later than it opens, closes the day after."""

    weekday: int = Field(ge=0, le=6, description="0 is Monday.")
    opens: time = Field(examples=["13:00"])
    closes: time = Field(examples=["14:00"])


class Weekly(BaseModel):
    """Hours that come back every week, by the clock of a time zone."""

    time_zone: str = Field(max_length=100, examples=["Asia/Kolkata"])
    hours: list[WeeklyHours] = Field(min_length=1, max_length=100)


class Terms(BaseModel):
    """What is approved, for whom, from when until when."""

    kind: SuppressorKind = Field(
        description="`breakdown` of a vehicle: dwell, deviation and missed stops hold back, stops ahead are at risk."
        " `detour` of a trip or, with a geometry alone, for everybody. `approved_place`: anybody may halt there."
        " `break`: halts do not count."
    )
    vehicle_id: str | None = Field(None, max_length=200)
    trip_id: str | None = Field(None, max_length=200)
    geometry: dict[str, Any] | None = Field(
        None,
        description="GeoJSON: where a detour leads, where a place is.",
        examples=[{"type": "Point", "coordinates": [77.6, 13.0]}],
    )
    radius_m: float | None = Field(None, gt=0, le=100_000, description="Of a point.")
    width_m: float | None = Field(None, gt=0, le=100_000, description="To each side of a line.")
    schedule: Weekly | None = Field(None, description="Of breaks.")
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = Field(None, description="Null: until it is ended.")
    state: State = "approved"
    reason: str | None = Field(None, max_length=1000)


class NewSuppressor(Terms):
    """With a name of its own, or one that is made up."""

    suppressor_id: str | None = Field(None, min_length=1, max_length=200)


class Suppressor(Terms):
    """What was approved. Only what is `approved` holds rules back."""

    suppressor_id: str
    source: str = Field(description="Who put it here.")
    changed_at: datetime | None = None


class End(BaseModel):
    """When it is over."""

    until: AwareDatetime | None = Field(None, description="Otherwise now.")


Identifier = Annotated[str, Path(max_length=200)]


@router.get("", operation_id="list_suppressors")
def list_suppressors(
    caller: Caller,
    asked: Listed,
    kind: Annotated[list[SuppressorKind] | None, Query(description="Of one of these kinds.")] = None,
    state: Annotated[list[State] | None, Query()] = None,
    vehicle_id: Annotated[str | None, Query(max_length=200)] = None,
    trip_id: Annotated[str | None, Query(max_length=200)] = None,
    at: Annotated[AwareDatetime | None, Query(description="Those that hold at this moment.")] = None,
) -> RecordPage[Suppressor]:
    """Approvals, the latest begin first."""
    wanted = ApprovalFilter(kinds=kind, states=state, vehicle_id=vehicle_id, trip_id=trip_id, at=at)

    def read(connection: Connection, part: Part) -> list[Approval]:
        return suppressors.list_suppressors(connection, wanted, part)

    return record_page(caller, suppressors.LISTING, asked, read, _shown)


@router.get("/{suppressor_id}", operation_id="get_suppressor", responses=problem_responses(404))
def get_suppressor(caller: Caller, suppressor_id: Identifier, response: Response) -> Suppressor:
    """One approval."""
    with caller.transaction() as connection:
        return _answer(suppressors.find_suppressor(connection, suppressor_id), response)


@router.post("", operation_id="create_suppressor", status_code=201, responses=problem_responses(422))
def create_suppressor(caller: Planner, wanted: NewSuppressor, response: Response) -> Suppressor:
    """Approve something. What was judged since it holds is judged again."""
    with caller.transaction() as connection:
        saved = _save(caller, connection, wanted.suppressor_id or str(uuid4()), wanted, "suppressor.create")
        return _answer(saved, response)


@router.put("/{suppressor_id}", operation_id="replace_suppressor", responses=problem_responses(404, 412, 422))
def replace_suppressor(
    caller: Planner, suppressor_id: Identifier, wanted: Terms, response: Response, if_match: IfMatch = None
) -> Suppressor:
    """Change an approval."""
    with caller.transaction() as connection:
        before = suppressors.find_suppressor(connection, suppressor_id, caller.org_id, lock=True)
        check_unchanged(if_match, before.revision)
        return _answer(_save(caller, connection, suppressor_id, wanted, "suppressor.replace"), response)


@router.post("/{suppressor_id}/end", operation_id="end_suppressor", responses=problem_responses(404, 412, 422))
def end_suppressor(
    caller: Planner, suppressor_id: Identifier, end: End, response: Response, if_match: IfMatch = None
) -> Suppressor:
    """Let it hold no longer: the van is repaired, the road is open again."""
    until = end.until or datetime.now(UTC)
    with caller.transaction() as connection:
        before = suppressors.find_suppressor(connection, suppressor_id, caller.org_id, lock=True)
        check_unchanged(if_match, before.revision)
        ended = suppressors.end_suppressor(connection, caller.org_id, suppressor_id, until)
        after = {"valid_until": until.isoformat()}
        caller.note(connection, Change(action="suppressor.end", kind="suppressor", identifier=suppressor_id, after=after))
    return _answer(ended, response)


def _answer(approval: Approval, response: Response) -> Suppressor:
    response.headers["etag"] = tag(approval.revision)
    return _shown(approval)


def _save(caller: Access, connection: Connection, suppressor_id: str, wanted: Terms, action: str) -> Approval:
    held = Held(
        suppressor_id,
        wanted.kind,
        wanted.valid_from,
        wanted.valid_until,
        None,
        wanted.trip_id,
        wanted.geometry,
        wanted.radius_m,
        wanted.width_m,
        _schedule(wanted.schedule),
        wanted.reason,
    )
    approval = Approval(held, wanted.vehicle_id, caller.actor, wanted.state, caller.org_id)
    suppressors.save_suppressor(connection, caller.org_id, approval)
    after = wanted.model_dump(mode="json", exclude_none=True)
    caller.note(connection, Change(action=action, kind="suppressor", identifier=suppressor_id, after=after))
    return suppressors.find_suppressor(connection, suppressor_id, caller.org_id)


def _schedule(weekly: Weekly | None) -> Schedule | None:
    if weekly is None:
        return None
    if any(one.opens.tzinfo or one.closes.tzinfo for one in weekly.hours):
        raise InvalidInputError("body.schedule.hours", "are times of day of the schedule's own time zone")
    return Schedule(weekly.time_zone, tuple(OpenHours(one.weekday, one.opens, one.closes) for one in weekly.hours))


def _shown(approval: Approval) -> Suppressor:
    one = approval.suppressor
    return Suppressor(
        suppressor_id=one.suppressor_id,
        kind=one.kind,
        vehicle_id=approval.vehicle_id,
        trip_id=one.trip_id,
        geometry=None if one.geometry is None else dict(one.geometry),
        radius_m=one.radius_m,
        width_m=one.width_m,
        schedule=None if one.schedule is None else Weekly.model_validate(schedule_members(one.schedule)),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        state=approval.state,  # type: ignore[arg-type]  # the table's own check
        reason=one.reason,
        source=approval.source,
        changed_at=approval.changed_at,
    )
