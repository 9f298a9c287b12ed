"""The evening: what came back is counted against what went out, agreed upon, and the trip is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import settling
from api.access import Access, Approver, Caller, Checker
from api.errors import problem_responses
from api.journeys import advance, follow, held_trip, shown_trip, trip_tag
from api.records.money import NOTHING, Money, Price
from api.records.resource import Given
from api.resources.approvals import Approval, AskedFor, Decision, ask
from api.resources.trips import TripId
from api.versions import IfMatch
from domain.approvals import ApprovalKind
from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.trip_life import TRIP, TripState
from store import journeys, settlements
from store.audit import Change
from store.journeys import Journey
from store.pool import Connection
from store.settlements import HandedIn, ProductFlow

router = APIRouter(prefix="/trips/{trip_id}", tags=["settlement"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
_REFUSALS: Final = problem_responses(403, 404, 409, 412, 422)


class SettlementLine(BaseModel):
    """A product in pieces: expected = loaded + topped up + transferred - delivered - free - damaged + returned."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    name: str
    loaded: int
    topped_up: int
    transferred: int = Field(description="Put on from another van, or (negative) onto one.")
    delivered: int
    free: int
    damaged: int
    returned: int = Field(description="Taken back from customers.")
    expected: int
    counted: int | None = Field(description="Found on the van; null while nobody has counted.")
    variance: int | None = Field(description="Counted less expected: negative when something is missing.")
    price: Money


class Settlement(BaseModel):
    """A trip's settlement; before it is handed in, what is expected."""

    trip_id: str
    trip_state: TripState
    lines: list[SettlementLine]
    billed: Money
    credit: Money
    cash_due: Money
    cash_counted: Money | None
    cash_gap: Money | None = Field(description="Counted less due.")
    upi_due: Money
    upi_counted: Money | None
    crates_due: int = Field(description="Loaded, less given to customers, plus taken back from them.")
    crates_counted: int | None
    variance_value: Money | None = Field(description="Of all pieces that are missing or too many, at their price.")
    variance_share: float | None = Field(description="Settlement variance: sum of |variance value| / load value.")
    submitted_by: str | None
    submitted_at: datetime | None
    note: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


class CountedBack(Given):
    """How many pieces were found on the van."""

    product_id: Name
    pieces: Annotated[int, Field(ge=0, le=10_000_000)]


class HandIn(Given):
    """What was found on the van and what the driver handed in. A product that is not named was not found."""

    lines: list[CountedBack] = Field(max_length=2000)
    cash: Price = Field(default=Decimal(0), json_schema_extra=NOTHING)
    upi: Price = Field(default=Decimal(0), json_schema_extra=NOTHING)
    crates: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    note: Text | None = None


class ClosureCheck(BaseModel):
    """Something that has to hold before a trip is closed."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["deliveries_proved"])
    passed: bool
    detail: str | None = Field(description="How many do not, and which.")


class Closure(BaseModel):
    """Whether a trip can be closed."""

    trip_id: str
    trip_state: TripState
    can_be_closed: bool
    checks: list[ClosureCheck]


Said = Annotated[Decision | None, Body()]


@router.get("/settlement", operation_id="get_settlement", responses=problem_responses(404))
def get_settlement(caller: Caller, trip_id: TripId, response: Response) -> Settlement:
    """What is expected to come back, and what was handed in. Its ETag is that of the trip."""
    with caller.transaction() as connection:
        return _tagged(connection, shown_trip(caller, connection, trip_id), response)


@router.post("/settlement", operation_id="submit_settlement", status_code=201, responses=_REFUSALS)
def submit_settlement(
    caller: Checker, request: Request, trip_id: TripId, handed: HandIn, response: Response, if_match: IfMatch = None
) -> Settlement:
    """Hand in what was counted. Until it is agreed upon, a new count takes its place. What does not add up opens an alert."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if journey.state != "settlement_pending":
            TRIP.check(trip_id, journey.state, "settlement_pending", caller.permissions)
        counted = _counted(settlements.flows(connection, journey), handed)
        money = HandedIn(cash_counted=handed.cash, upi_counted=handed.upi, crates_counted=handed.crates, note=handed.note)
        settlements.submit(connection, journey, caller.actor, money, counted)
        if journey.state != "settlement_pending":
            advance(caller, connection, journey, "settlement_pending")
        shown = _tagged(connection, journeys.journey_named(connection, trip_id), response)
        gap = (shown.cash_gap or Decimal(0)) + (shown.upi_counted or Decimal(0)) - shown.upi_due
        judge = request.app.state.settlement_judge
        if judge is not None:
            settling.judge(connection, journey, judge, settlements.settled_lines(connection, journey), float(gap))
        told = {"variances": {line.product_id: line.variance for line in shown.lines if line.variance}, "money_gap": float(gap)}
        _note(caller, connection, journey, "settlement.submit", told)
        return shown


@router.post("/settlement/approve", operation_id="approve_settlement", responses=_REFUSALS)
def approve_settlement(
    caller: Approver, trip_id: TripId, response: Response, said: Said = None, if_match: IfMatch = None
) -> Settlement:
    """Agree to it: what was counted goes into the depot, what is missing is written off. A variance needs a word."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        TRIP.check(trip_id, journey.state, "settled", caller.permissions)
        shown = _shown(connection, journey)
        has_variance = any(line.variance for line in shown.lines) or shown.cash_gap or shown.upi_counted != shown.upi_due
        if has_variance and not (said and said.comment):
            raise ConflictError("something is missing or too much: say in the comment how that was resolved")
        settlements.decide(connection, journey, caller.actor, said.comment if said else None)
        settling.unload(caller, connection, journey, settlements.settled_lines(connection, journey))
        follow(caller, connection, journey, "settled", said.comment if said else None)
        return _tagged(connection, journeys.journey_named(connection, trip_id), response)


@router.post("/settlement/reject", operation_id="reject_settlement", responses=_REFUSALS)
def reject_settlement(
    caller: Approver, trip_id: TripId, response: Response, said: Said = None, if_match: IfMatch = None
) -> Settlement:
    """Have it counted again."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        TRIP.check(trip_id, journey.state, "unloading", caller.permissions)
        if journey.state != "settlement_pending":
            raise NotFoundError("settlement of trip", trip_id)
        follow(caller, connection, journey, "unloading", said.comment if said else None)
        return _tagged(connection, journeys.journey_named(connection, trip_id), response)


@router.get("/closure", operation_id="get_closure", responses=problem_responses(404))
def get_closure(caller: Caller, trip_id: TripId, response: Response) -> Closure:
    """Whether the trip can be closed, and what still keeps it open. Its ETag is that of the trip."""
    with caller.transaction() as connection:
        journey = shown_trip(caller, connection, trip_id)
        response.headers["etag"] = trip_tag(connection, journey)
        return _closure(connection, journey)


@router.post("/closure", operation_id="ask_closure", status_code=201, responses=_REFUSALS)
def ask_closure(caller: Caller, trip_id: TripId, said: Said = None, if_match: IfMatch = None) -> Approval:
    """Ask to close the trip. Who approves it closes it; the checks have to hold then."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        TRIP.check(trip_id, journey.state, "closed", caller.permissions | {TRIP.needed("closed")})
        closure = _closure(connection, journey)
        asked = AskedFor(
            kind=ApprovalKind.dispatch_closure,
            subject_id=trip_id,
            comment=said.comment if said else None,
            difference={"checks": {check.name: check.passed for check in closure.checks}},
        )
        return ask(caller, connection, journey.org_id, asked)


def _tagged(connection: Connection, journey: Journey, response: Response) -> Settlement:
    response.headers["etag"] = trip_tag(connection, journey)
    return _shown(connection, journey)


def _shown(connection: Connection, journey: Journey) -> Settlement:
    found, due = settlements.settlement_of(connection, journey), settlements.due(connection, journey)
    lines = settlements.flows(connection, journey) if found is None else settlements.settled_lines(connection, journey)
    value = None if found is None else sum((abs(line.variance or 0) * line.price for line in lines), Decimal(0))
    load = sum(((line.loaded + line.topped_up + line.transferred) * line.price for line in lines), Decimal(0))
    return Settlement(
        trip_id=journey.trip_id,
        trip_state=TripState(journey.state),
        lines=[SettlementLine.model_validate(line) for line in lines],
        billed=found.billed if found else due.billed,
        credit=found.credit if found else due.credit,
        cash_due=found.cash_due if found else due.cash,
        cash_counted=found.cash_counted if found else None,
        cash_gap=found.cash_counted - found.cash_due if found else None,
        upi_due=found.upi_due if found else due.upi,
        upi_counted=found.upi_counted if found else None,
        crates_due=found.crates_due if found else due.crates,
        crates_counted=found.crates_counted if found else None,
        variance_value=value,
        variance_share=float(value / load) if value is not None and load else None,
        submitted_by=found.submitted_by if found else None,
        submitted_at=found.submitted_at if found else None,
        note=found.note if found else None,
        decided_by=found.decided_by if found else None,
        decided_at=found.decided_at if found else None,
        decision=found.decision if found else None,
    )


def _counted(flows: Sequence[ProductFlow], handed: HandIn) -> list[tuple[ProductFlow, int]]:
    found = {line.product_id: line.pieces for line in handed.lines}
    if len(found) != len(handed.lines):
        raise InvalidInputError("lines", "names a product twice")
    if strange := sorted(found.keys() - {flow.product_id for flow in flows}):
        raise InvalidInputError("lines", f"{strange[0]!r} never was on this van")
    return [(flow, found.get(flow.product_id, 0)) for flow in flows]


def _closure(connection: Connection, journey: Journey) -> Closure:
    checks = settling.closure_checks(connection, journey)
    return Closure(
        trip_id=journey.trip_id,
        trip_state=TripState(journey.state),
        can_be_closed=all(check.passed for check in checks),
        checks=[ClosureCheck.model_validate(check) for check in checks],
    )


def _note(caller: Access, connection: Connection, journey: Journey, action: str, after: Mapping[str, object]) -> None:
    caller.note(connection, Change(action=action, kind="trip", identifier=journey.trip_id, after=after), journey.org_id)
