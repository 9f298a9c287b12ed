"""The page of one trip: what is loaded, delivered and counted back, and what its people do next."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.access import Access, Approver, Caller, Checker, Participant, Planner
from api.pages.drawing import back_to, page
from api.pages.forms import FORM, REFUSALS, Texts, refusals_by_line, sentence
from api.resources import breakdowns, settlements, trip_life
from api.resources.approvals import Decision
from api.resources.breakdowns import BreakdownId, Handover, NextState
from api.resources.proving import issue_otp
from api.resources.settlements import HandIn
from api.resources.trip_life import DriverChange, NewState, PlainState
from api.resources.trips import TripId
from api.shown_deliveries import delivery_of
from store import catalogue, deliveries, records
from store.breakdowns import BreakdownFilter, list_breakdowns
from store.deliveries import DeliveryFilter
from store.listing import Part
from store.records import Wanted

router = APIRouter(prefix="/console/trips/{trip_id}", include_in_schema=False)

_ALL: Final = Part(limit=10_000)  # of one trip
_COUNTED: Final = {"unloading", "settlement_pending", "settled", "closed"}

Figure = Annotated[str, Form(max_length=40)]
Text = Annotated[str, Form(max_length=2000)]


@router.get("")
def trip_page(
    request: Request, caller: Caller, trip_id: TripId, refusal: Annotated[str | None, Query(max_length=2000)] = None
) -> HTMLResponse:
    """One trip."""
    return _shown(request, caller, trip_id, {FORM: refusal} if refusal else {}, None)


def _shown(
    request: Request, caller: Access, trip_id: str, refused: dict[str, str], handed: dict[str, Any] | None
) -> HTMLResponse:
    """One trip, with what was `handed` in as somebody typed it."""
    life = trip_life.get_trip_life(caller, trip_id, Response())
    with caller.transaction() as connection:
        stops = [delivery_of(row) for row in deliveries.list_deliveries(connection, DeliveryFilter(trip_id=trip_id), _ALL)]
        stood = [breakdowns.breakdown_of(row) for row in list_breakdowns(connection, BreakdownFilter(trip_id=trip_id), _ALL)]
        drivers = records.list_records(connection, catalogue.DRIVER, Wanted(part=_ALL))
    state = life.state.value
    return page(
        request,
        "trip.html",
        status_code=422 if handed else 200,
        trip=life,
        stops=stops,
        stood=stood,
        drivers=drivers,
        settlement=settlements.get_settlement(caller, trip_id, Response()) if state in _COUNTED or stood else None,
        closure=settlements.get_closure(caller, trip_id, Response()) if state == "settled" else None,
        may={permission.value for permission in caller.permissions},
        refused=refused,
        handed=handed,
    )


@router.post("/driver")
def assign(caller: Planner, trip_id: TripId, driver_id: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Say who drives."""
    return _do(trip_id, lambda: trip_life.assign_driver(caller, trip_id, DriverChange(driver_id=driver_id or None), Response()))


@router.post("/dispatch")
def dispatch(caller: Planner, trip_id: TripId, without_driver: Annotated[bool, Form()] = False) -> Response:
    """Let the van go."""
    return _do(trip_id, lambda: trip_life.dispatch_trip(caller, trip_id, Response(), without_driver))


@router.post("/state")
def become(caller: Participant, trip_id: TripId, state: Annotated[PlainState, Form()]) -> Response:
    """Say where the trip is: under way, returning, unloading, cancelled."""
    return _do(trip_id, lambda: trip_life.set_trip_state(caller, trip_id, NewState(state=state), Response()))


@router.post("/settlement")
def hand_in(
    request: Request,
    caller: Checker,
    trip_id: TripId,
    product_id: Texts = None,
    pieces: Texts = None,
    cash: Figure = "0",
    upi: Figure = "0",
    crates: Figure = "0",
    note: Text = "",
) -> Response:
    """Take what was counted on the van and what the driver handed in; when it is refused, what was typed stays."""
    said = {"cash": cash, "upi": upi, "crates": crates, "note": note}
    lines = _lines(product_id, pieces)
    try:
        handed = HandIn.model_validate({**said, "note": note or None, "lines": lines})
        settlements.submit_settlement(caller, request, trip_id, handed, Response())
    except REFUSALS as error:
        typed = {**said, "lines": {line["product_id"]: line["pieces"] for line in lines}}
        return _shown(request, caller, trip_id, refusals_by_line(error, {"pieces", *said}), typed)
    return back_to(f"/console/trips/{trip_id}")


@router.post("/settlement/decision")
def decide(
    caller: Approver, trip_id: TripId, decision: Annotated[Literal["approve", "reject"], Form()], comment: Text = ""
) -> Response:
    """Agree to the settlement, or have it counted again."""
    deed = settlements.approve_settlement if decision == "approve" else settlements.reject_settlement
    return _do(trip_id, lambda: deed(caller, trip_id, Response(), Decision(comment=comment or None)))


@router.post("/closure")
def ask_closure(caller: Caller, trip_id: TripId, comment: Text = "") -> Response:
    """Ask to close the trip."""
    return _do(trip_id, lambda: settlements.ask_closure(caller, trip_id, Decision(comment=comment or None)))


@router.post("/breakdowns/{breakdown_id}")
def act_on_breakdown(
    caller: Planner,
    trip_id: TripId,
    breakdown_id: BreakdownId,
    state: Annotated[Literal["repair", "tow", "abort", "closed", "transfer"], Form()],
    note: Text = "",
    to_trip_id: Annotated[str, Form(max_length=200)] = "",
    product_id: Texts = None,
    pieces: Texts = None,
) -> Response:
    """Say what is done about a van that stands."""

    def keep() -> object:
        if state != "transfer":
            return breakdowns.set_breakdown_state(caller, breakdown_id, NextState(state=state, note=note or None), Response())
        lines = [line for line in _lines(product_id, pieces) if line["pieces"].strip() != "0"]
        handover = Handover.model_validate({"to_trip_id": to_trip_id, "lines": lines, "note": note or None})
        return breakdowns.transfer_load(caller, breakdown_id, handover, Response())

    return _do(trip_id, keep)


@router.post("/deliveries/{delivery_id}/otp")
def send_password(request: Request, caller: Planner, trip_id: TripId, delivery_id: str) -> Response:
    """Send the customer a one-time password."""
    return _do(trip_id, lambda: issue_otp(caller, request, delivery_id))


def _do(trip_id: str, deed: Callable[[], object]) -> Response:
    address = f"/console/trips/{trip_id}"
    try:
        deed()
    except REFUSALS as error:
        return back_to(address, sentence(error))
    return back_to(address)


def _lines(products: list[str] | None, pieces: list[str] | None) -> list[dict[str, str]]:
    told = zip_longest(products or [], pieces or [], fillvalue="")
    return [{"product_id": product, "pieces": count} for product, count in told]
