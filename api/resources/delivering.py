"""Delivering: the driver is there, hands over item by item, takes money and returns, or could not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from api.access import Access, Deliverer
from api.handing_over import handed_lines, invoice_value, is_told_again, movements, payment
from api.held_deliveries import REFUSALS, DeliveryId, Sighting, answer_delivery, check_delivery, held_delivery, note_delivery
from api.journeys import follow, refuse_future
from api.records.money import NOTHING, Price
from api.records.resource import Given
from api.shown_deliveries import DeliveryInFull
from api.versions import IfMatch
from domain.errors import ConflictError, InvalidInputError
from domain.trip_life import DELIVERY, TELLS_OF_DELIVERIES, TELLS_OF_FAILURES
from store import deliveries, journeys, stock
from store.deliveries import Delivery as Row
from store.deliveries import DeliveryLine, Ending, Handed
from store.pool import Connection

router = APIRouter(prefix="/deliveries/{delivery_id}", tags=["deliveries"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Pieces = Annotated[int, Field(ge=0, le=10_000_000)]


class Arrival(Given):
    """That the driver is there."""

    at: AwareDatetime


class HandedLine(Given):
    """What became of a line. Damaged goods are lost; returned goods are what the customer gives back."""

    line_no: int = Field(ge=1, le=2_000_000_000)
    delivered: Pieces = Field(examples=[24])
    free: Pieces | None = Field(None, description="Null: as many as the order says.")
    damaged: Pieces = 0
    returned: Pieces = 0
    short_reason: Text | None = Field(None, examples=["customer has no room"])
    return_reason: Text | None = None


class ReturnedLine(Given):
    """Something that the customer gives back and that is in no line of the order."""

    product_id: Name
    pieces: Annotated[int, Field(ge=1, le=10_000_000)]
    reason: Text | None = Field(None, examples=["expired"])


class Payment(Given):
    """How the customer paid."""

    cash: Price = Field(default=Decimal(0), json_schema_extra=NOTHING)
    upi: Price = Field(default=Decimal(0), json_schema_extra=NOTHING)
    credit: Price | None = Field(None, description="Null: what is not paid.")


class Completion(Sighting):
    """How a delivery went. The same again, with the same time, is done once; anything else is refused."""

    at: AwareDatetime
    lines: list[HandedLine] = Field(default_factory=list, max_length=1000)
    returns: list[ReturnedLine] = Field(default_factory=list, max_length=200)
    payment: Payment = Field(default_factory=lambda: Payment(credit=None))
    crates_out: Annotated[int, Field(ge=0, le=100_000)] = 0
    crates_in: Annotated[int, Field(ge=0, le=100_000)] = 0


class Failure(Sighting):
    """Why nothing was delivered."""

    at: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]+$", examples=["shop closed"])]


@router.post("/arrive", operation_id="arrive_at_stop", responses=REFUSALS)
def arrive(
    caller: Deliverer, delivery_id: DeliveryId, arrival: Arrival, response: Response, if_match: IfMatch = None
) -> DeliveryInFull:
    """Say that one is there. The first arrival sets the trip under way."""
    refuse_future(arrival.at, "at")
    with caller.transaction() as connection:
        row = held_delivery(caller, connection, delivery_id)
        if row.state == "arrived":
            return answer_delivery(connection, row, response)
        check_delivery(if_match, row)
        _check(caller, row, "arrived")
        _under_way(caller, connection, row)
        deliveries.arrive(connection, row, arrival.at)
        note_delivery(caller, connection, row, "delivery.arrive", {"at": arrival.at.isoformat()})
        return answer_delivery(connection, deliveries.delivery_named(connection, delivery_id), response)


@router.post("/complete", operation_id="complete_delivery", responses=REFUSALS)
def complete(
    caller: Deliverer, delivery_id: DeliveryId, done: Completion, response: Response, if_match: IfMatch = None
) -> DeliveryInFull:
    """Say what was handed over. Stock moves from the van to the outlet, the invoice is what was delivered."""
    refuse_future(done.at, "at")
    with caller.transaction() as connection:
        row = held_delivery(caller, connection, delivery_id)
        kept = deliveries.lines_of(connection, row)
        lines = [line for line in kept if line.ordered or line.planned_free]  # the others were given back without an order
        handed = handed_lines(lines, done.lines) + _other_returns(lines, done.returns)
        value = invoice_value(lines, handed)
        paid = payment(value, done.payment.cash, done.payment.upi, done.payment.credit)
        crates = (done.crates_out, done.crates_in)
        if row.state in {"delivered", "partially_delivered"} and row.completed_at == done.at:
            if not is_told_again(row, kept, handed, paid, crates):
                raise ConflictError("something else was told of this delivery with the same time")
            return answer_delivery(connection, row, response)
        check_delivery(if_match, row)
        if lines and not any(line.delivered or line.free for line in handed):
            raise InvalidInputError("lines", "nothing was delivered: say that it failed, and why")
        state = "partially_delivered" if any(line.short for line in handed) else "delivered"
        ending = _ending(caller, done, state=state, value=value, paid=paid, crates=crates)
        _end(caller, connection, row, ending, handed)
        return answer_delivery(connection, deliveries.delivery_named(connection, delivery_id), response)


@router.post("/fail", operation_id="fail_delivery", responses=REFUSALS)
def fail(
    caller: Deliverer, delivery_id: DeliveryId, failure: Failure, response: Response, if_match: IfMatch = None
) -> DeliveryInFull:
    """Say that nothing could be delivered, and why."""
    refuse_future(failure.at, "at")
    with caller.transaction() as connection:
        row = held_delivery(caller, connection, delivery_id)
        if row.state == "failed" and (row.completed_at, row.reason) == (failure.at, failure.reason):
            return answer_delivery(connection, row, response)
        check_delivery(if_match, row)
        handed = handed_lines(deliveries.lines_of(connection, row), [])
        ending = _ending(caller, failure, state="failed", reason=failure.reason)
        _end(caller, connection, row, ending, handed)
        return answer_delivery(connection, deliveries.delivery_named(connection, delivery_id), response)


def _check(caller: Access, row: Row, state: str) -> None:
    DELIVERY.check(row.delivery_id, row.state, state, caller.permissions)
    if row.trip_state not in (TELLS_OF_FAILURES if state == "failed" else TELLS_OF_DELIVERIES):
        raise ConflictError(f"trip {row.trip_id!r} is {row.trip_state}: nothing is delivered then")


def _under_way(caller: Access, connection: Connection, row: Row) -> None:
    if row.trip_state == "dispatched":
        follow(caller, connection, journeys.journey_named(connection, row.trip_id, org_id=row.org_id), "in_progress")


def _end(caller: Access, connection: Connection, row: Row, ending: Ending, handed: Sequence[Handed]) -> None:
    _check(caller, row, ending.state)
    _under_way(caller, connection, row)
    deliveries.complete(connection, row, ending, handed)
    stock.move(connection, row.org_id, caller.actor, movements(row, handed, ending.completed_at))
    told: dict[str, object] = {"state": ending.state, "invoice_value": str(ending.invoice_value), "reason": ending.reason}
    told["delivered"] = {line.line_no: line.delivered for line in handed}
    note_delivery(caller, connection, row, f"delivery.{ending.state}", told)


def _ending(
    caller: Access,
    said: Completion | Failure,
    *,
    state: str,
    reason: str | None = None,
    value: Decimal = Decimal(0),
    paid: tuple[Decimal, Decimal, Decimal] = (Decimal(0), Decimal(0), Decimal(0)),
    crates: tuple[int, int] = (0, 0),
) -> Ending:
    return Ending(
        state=state,
        completed_at=said.at,
        completed_by=caller.actor,
        longitude_deg=said.longitude_deg,
        latitude_deg=said.latitude_deg,
        accuracy_m=said.accuracy_m,
        reason=reason,
        invoice_value=value,
        cash=paid[0],
        upi=paid[1],
        credit=paid[2],
        crates_out=crates[0],
        crates_in=crates[1],
    )


def _other_returns(lines: Sequence[DeliveryLine], returns: Sequence[ReturnedLine]) -> list[Handed]:
    first = max((line.line_no for line in lines), default=0) + 1
    return [
        Handed(
            line_no=first + number,
            product_id=line.product_id,
            delivered=0,
            free=0,
            short=0,
            short_reason=None,
            damaged=0,
            returned=line.pieces,
            return_reason=line.reason,
        )
        for number, line in enumerate(returns)
    ]
