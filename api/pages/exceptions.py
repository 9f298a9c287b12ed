"""The pages of where rules hold back: breakdowns, detours, places to halt and breaks, and the places that learning proposes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError

from api.access import Access, Caller, Planner
from api.listing import ListQuery
from api.own_clock import clock_of, moment, typed
from api.pages.drawing import back_to, page
from api.pages.forms import FORM, REFUSALS, refusals
from api.pages.weekly_hours import hours_text, read_hours
from api.resources import suppressors
from api.resources.approvals import Approval
from api.resources.suppressors import End, Identifier, NewSuppressor, State, Suppressor
from domain.approvals import DECIDED_BY, ApprovalKind, ApprovalState
from domain.errors import BeatwatchError, InvalidInputError
from domain.people import Permission
from domain.suppressors import SuppressorKind
from store import approvals, fleet
from store.approvals import ApprovalFilter
from store.listing import Part

router = APIRouter(prefix="/console/exceptions", include_in_schema=False)

_HERE: Final = "/console/exceptions"
_PAGE_SIZE: Final = 50
_ALL: Final = Part(limit=5000)
_FIELDS: Final = ("kind", "vehicle_id", "trip_id", "where", "metres", "hours", "valid_from", "valid_until", "state", "reason")
_TOLD_OF: Final = {"geometry": "where", "radius_m": "metres", "width_m": "metres", "schedule": "hours", "time_zone": "hours"}
"""Where the form has another name for what is refused."""
KINDS: Final = {
    SuppressorKind.breakdown: "Of a vehicle: dwell, deviation and missed stops hold back, stops ahead are at risk.",
    SuppressorKind.detour: "Of a trip or, with a place alone, for everybody: no deviation is told.",
    SuppressorKind.approved_place: "Anybody may halt there.",
    SuppressorKind.break_window: "Halts do not count, in weekly hours if any are said.",
}
Text = Annotated[str, Form(max_length=300)]
LongText = Annotated[str, Form(max_length=20_000)]


@router.get("")
def exceptions_page(
    request: Request,
    caller: Caller,
    kind: SuppressorKind | Literal[""] = "",
    state: State | Literal[""] = "",
    at: Literal["now", "ever"] = "now",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """What holds now, or ever did, and the places that wait for a yes."""
    asked = ListQuery(changed_since=None, sort=None, limit=_PAGE_SIZE, cursor=cursor)
    kinds, states = [kind] if kind else None, [state] if state else None
    found = suppressors.list_suppressors(caller, asked, kinds, states, at=datetime.now(UTC) if at == "now" else None)
    wanted = ApprovalFilter(states=[ApprovalState.pending.value], kinds=[ApprovalKind.approved_place, ApprovalKind.detour])
    with caller.transaction() as connection:
        waiting = [Approval.model_validate(one) for one in approvals.list_approvals(connection, wanted)]
    return page(
        request,
        "exceptions.html",
        exceptions=found.items,
        following=found.next_cursor,
        proposals=waiting,
        may_decide={one.value for one, roles in DECIDED_BY.items() if caller.role in roles},
        may_plan=Permission.plan in caller.permissions,
        kinds=list(SuppressorKind),
        asked={"kind": kind, "state": state, "at": at},
    )


@router.get("/new")
def new_page(request: Request, caller: Planner) -> HTMLResponse:
    """A form for one more."""
    begin = typed(datetime.now(UTC), clock_of(caller))
    return _form(request, caller, None, {"kind": "breakdown", "state": "approved", "valid_from": begin}, {})


@router.get("/{suppressor_id}")
def exception_page(
    request: Request,
    caller: Caller,
    suppressor_id: Identifier,
    refusal: Annotated[str | None, Query(max_length=2000)] = None,
) -> HTMLResponse:
    """One of them."""
    one = suppressors.get_suppressor(caller, suppressor_id, Response())
    return _form(request, caller, suppressor_id, _said(caller, one), {FORM: refusal} if refusal else {}, one)


@router.post("/save")
def save(
    request: Request,
    caller: Planner,
    suppressor_id: Text = "",
    kind: Text = "",
    vehicle_id: Text = "",
    trip_id: Text = "",
    where: LongText = "",
    metres: Text = "",
    hours: LongText = "",
    valid_from: Text = "",
    valid_until: Text = "",
    state: Text = "approved",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Keep it. What was judged since it holds is judged again."""
    said = {"kind": kind, "vehicle_id": vehicle_id, "trip_id": trip_id, "where": where, "metres": metres, "hours": hours}
    said |= {"valid_from": valid_from, "valid_until": valid_until, "state": state, "reason": reason}
    try:
        terms = NewSuppressor.model_validate(_terms(caller, said))
        if suppressor_id:
            kept = suppressors.replace_suppressor(caller, suppressor_id, terms, Response())
        else:
            kept = suppressors.create_suppressor(caller, terms, Response())
    except REFUSALS as error:
        return _form(request, caller, suppressor_id or None, said, _refusals(error), status=422)
    return back_to(f"{_HERE}/{kept.suppressor_id}")


@router.post("/{suppressor_id}/end")
def end(caller: Planner, suppressor_id: Identifier) -> Response:
    """Let it hold no longer."""
    try:
        suppressors.end_suppressor(caller, suppressor_id, End(until=None), Response())
    except BeatwatchError as error:
        return back_to(f"{_HERE}/{suppressor_id}", error)
    return back_to(f"{_HERE}/{suppressor_id}")


def _refusals(error: BeatwatchError | ValidationError) -> dict[str, str]:
    told = refusals(error, (*_FIELDS, *_TOLD_OF))
    return {_TOLD_OF.get(field, field): detail for field, detail in told.items()}


def _terms(caller: Access, said: dict[str, str]) -> dict[str, Any]:
    clock = clock_of(caller)
    geometry = read_place(said["where"])
    line = geometry is not None and geometry["type"] == "LineString"
    size = "width_m" if line else "radius_m" if geometry and geometry["type"] == "Point" else None
    begin = moment("valid_from", said["valid_from"], clock)
    if begin is None:
        raise InvalidInputError("valid_from", "is needed")
    return {
        "kind": said["kind"],
        "vehicle_id": said["vehicle_id"].strip() or None,
        "trip_id": said["trip_id"].strip() or None,
        "geometry": geometry,
        **({size: said["metres"].strip() or None} if size else {}),
        "schedule": read_hours("hours", said["hours"], clock.key),
        "valid_from": begin,
        "valid_until": moment("valid_until", said["valid_until"], clock),
        "state": said["state"],
        "reason": said["reason"].strip() or None,
    }


def read_place(text: str) -> dict[str, Any] | None:
    """A place of lines with latitude and longitude: of one a point, of more a line; or GeoJSON. Raises InvalidInputError."""
    if text.lstrip().startswith("{"):
        return _geometry(text)
    points = [_point(line) for line in text.splitlines() if line.strip()]
    if not points:
        return None
    return {"type": "Point", "coordinates": points[0]} if len(points) == 1 else {"type": "LineString", "coordinates": points}


def _geometry(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("where", f"is no GeoJSON: {error}") from error
    geometry: dict[str, Any] = given.get("geometry", given)
    if not isinstance(geometry, dict) or "type" not in geometry:
        raise InvalidInputError("where", "is no GeoJSON geometry, nor a feature with one: it has no type")
    return geometry


def _point(line: str) -> list[float]:
    try:
        latitude_deg, longitude_deg = (float(part) for part in line.replace(",", " ").split())
    except ValueError as error:
        raise InvalidInputError("where", f"{line.strip()!r} is no latitude and longitude such as 12.9716, 77.5946") from error
    return [longitude_deg, latitude_deg]


def place_text(geometry: dict[str, Any] | None) -> str:
    """A place as the form takes it."""
    if geometry is None:
        return ""
    if geometry["type"] not in ("Point", "LineString"):
        return json.dumps(geometry)
    points = [geometry["coordinates"]] if geometry["type"] == "Point" else geometry["coordinates"]
    return "\n".join(f"{point[1]:.10g}, {point[0]:.10g}" for point in points)


def _said(caller: Access, one: Suppressor) -> dict[str, Any]:
    clock = clock_of(caller)
    return {
        "kind": one.kind.value,
        "vehicle_id": one.vehicle_id,
        "trip_id": one.trip_id,
        "where": place_text(one.geometry),
        "metres": one.radius_m or one.width_m,
        "hours": hours_text(one.schedule),
        "valid_from": typed(one.valid_from, clock),
        "valid_until": typed(one.valid_until, clock),
        "state": one.state,
        "reason": one.reason,
    }


def _form(
    request: Request,
    caller: Access,
    suppressor_id: str | None,
    said: dict[str, Any],
    refused: dict[str, str],
    one: Suppressor | None = None,
    status: int = 200,
) -> HTMLResponse:
    with caller.transaction() as connection:
        vehicles = [vehicle.vehicle_id for vehicle in fleet.list_vehicles(connection, words=None, part=_ALL)]
    now = datetime.now(UTC)
    return page(
        request,
        "exception.html",
        status_code=status,
        suppressor_id=suppressor_id,
        one=one,
        goes_on=one is not None and one.valid_from < now and (one.valid_until is None or one.valid_until > now),
        kinds=KINDS,
        vehicles=vehicles,
        zone=clock_of(caller).key,
        may_plan=Permission.plan in caller.permissions,
        said=said,
        refused=refused,
    )
