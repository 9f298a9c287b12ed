"""Deliveries: what each stop gets, item by item, what proves it, and whether the van was there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Access, Caller, Deliverer, Participant, Planner
from api.errors import problem_responses
from api.handing_over import handed_lines, invoice_value, movements, payment
from api.journeys import follow, held_trip, refuse_future, shown_trip
from api.listing import Listed, RecordPage, record_page
from api.one_time import check_otp, send_otp
from api.records.money import Price
from api.shown_deliveries import Delivery, DeliveryInFull, delivery_in_full, delivery_of
from domain.errors import ConflictError, InvalidInputError
from domain.trip_life import DELIVERY, DONE, TELLS_OF_DELIVERIES, DeliveryState
from store import deliveries, journeys, stock
from store.audit import Change
from store.deliveries import Delivery as Row
from store.deliveries import DeliveryFilter, DeliveryLine, Ending, Handed, NewProof
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/deliveries", tags=["deliveries"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Pieces = Annotated[int, Field(ge=0, le=10_000_000)]
DeliveryId = Annotated[str, Path(max_length=200, examples=["6f9619ff-8b86-d011-b42d-00cf4fc964ff"])]
_REFUSALS: Final = problem_responses(403, 404, 409, 422)


class Sighting(BaseModel):
    """Where the phone was."""

    longitude_deg: float | None = Field(None, ge=-180, le=180, examples=[77.5946])
    latitude_deg: float | None = Field(None, ge=-90, le=90, examples=[12.9716])
    accuracy_m: float | None = Field(None, ge=0, le=100_000, examples=[8])


class Arrival(BaseModel):
    """That the driver is there."""

    at: AwareDatetime


class HandedLine(BaseModel):
    """What became of a line. Damaged goods are lost; returned goods are what the customer gives back."""

    line_no: int = Field(ge=1, le=2_000_000_000)
    delivered: Pieces = Field(examples=[24])
    free: Pieces | None = Field(None, description="Null: as many as the order says.")
    damaged: Pieces = 0
    returned: Pieces = 0
    short_reason: Text | None = Field(None, examples=["customer has no room"])
    return_reason: Text | None = None


class ReturnedLine(BaseModel):
    """Something that the customer gives back and that is in no line of the order."""

    product_id: Name
    pieces: Annotated[int, Field(ge=1, le=10_000_000)]
    reason: Text | None = Field(None, examples=["expired"])


class Payment(BaseModel):
    """How the customer paid."""

    cash: Price = Decimal(0)
    upi: Price = Decimal(0)
    credit: Price | None = Field(None, description="Null: what is not paid.")


class Completion(Sighting):
    """How a delivery went. Sent again with the same time, it is the same."""

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


class CapturedProof(Sighting):
    """A proof as the phone captured it: media for a signature or a photo, a code for a scan, a password for an OTP."""

    kind: Annotated[str, Field(pattern="^(otp|signature|photo|scan)$", examples=["signature"])]
    captured_at: AwareDatetime
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    code: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] | None = None
    signed_by: Name | None = None


class IssuedOtp(BaseModel):
    """That a one-time password is on its way to the customer. Nobody here is shown it, and only its hash is kept."""

    delivery_id: str
    until: datetime
    sent_to: str = Field(description="The end of the outlet's telephone number.", examples=["... 1234"])


Word = Annotated[str | None, Query(max_length=200)]


@router.get("", operation_id="list_deliveries")
def list_deliveries(
    caller: Caller,
    asked: Listed,
    trip_id: Word = None,
    outlet_id: Word = None,
    order_id: Word = None,
    state: Annotated[list[DeliveryState] | None, Query()] = None,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
) -> RecordPage[Delivery]:
    """Deliveries, the latest trip first, by stop."""
    wanted = DeliveryFilter(trip_id=trip_id, outlet_id=outlet_id, order_id=order_id, states=state, since=since, until=until)
    return _page(caller, wanted, asked)


@router.get("/billed-without-visit", operation_id="list_billed_without_visit")
def list_billed_without_visit(
    caller: Caller,
    asked: Listed,
    since: Annotated[AwareDatetime | None, Query(description="Of trips planned to start at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of trips planned to start before this time.")] = None,
) -> RecordPage[Delivery]:
    """Deliveries that were billed although the van was not seen to serve the stop.

    Where the reason is `no_data` or `probable`, the data has a gap: that accuses nobody.
    """
    return _page(caller, DeliveryFilter(since=since, until=until, billed_unvisited=True), asked)


@router.get("/{delivery_id}", operation_id="get_delivery", responses=problem_responses(404))
def get_delivery(caller: Participant, delivery_id: DeliveryId) -> DeliveryInFull:
    """A delivery with its lines and proofs."""
    with caller.transaction() as connection:
        row = deliveries.delivery_named(connection, delivery_id)
        shown_trip(caller, connection, row.trip_id)
        return delivery_in_full(connection, row)


@router.post("/{delivery_id}/arrive", operation_id="arrive_at_stop", responses=_REFUSALS)
def arrive(caller: Deliverer, delivery_id: DeliveryId, arrival: Arrival) -> DeliveryInFull:
    """Say that one is there. The first arrival sets the trip under way."""
    refuse_future(arrival.at, "at")
    with caller.transaction() as connection:
        row = _held(caller, connection, delivery_id)
        if row.state == "arrived":
            return delivery_in_full(connection, row)
        _check(caller, row, "arrived")
        _under_way(caller, connection, row)
        deliveries.arrive(connection, row, arrival.at)
        _note(caller, connection, row, "delivery.arrive", {"at": arrival.at.isoformat()})
        return delivery_in_full(connection, deliveries.delivery_named(connection, delivery_id))


@router.post("/{delivery_id}/complete", operation_id="complete_delivery", responses=_REFUSALS)
def complete(caller: Deliverer, delivery_id: DeliveryId, done: Completion) -> DeliveryInFull:
    """Say what was handed over. Stock moves from the van to the outlet, the invoice is what was delivered."""
    refuse_future(done.at, "at")
    with caller.transaction() as connection:
        row = _held(caller, connection, delivery_id)
        if row.state in {"delivered", "partially_delivered"} and row.completed_at == done.at:
            return delivery_in_full(connection, row)
        lines = deliveries.lines_of(connection, row)
        handed = handed_lines(lines, done.lines) + _other_returns(lines, done.returns)
        value = invoice_value(lines, handed)
        if lines and not any(line.delivered or line.free for line in handed):
            raise InvalidInputError("lines", "nothing was delivered: say that it failed, and why")
        state = "partially_delivered" if any(line.short for line in handed) else "delivered"
        cash, upi, credit = payment(value, done.payment.cash, done.payment.upi, done.payment.credit)
        ending = _ending(
            caller, done, state=state, value=value, paid=(cash, upi, credit), crates=(done.crates_out, done.crates_in)
        )
        _end(caller, connection, row, ending, handed)
        return delivery_in_full(connection, deliveries.delivery_named(connection, delivery_id))


@router.post("/{delivery_id}/fail", operation_id="fail_delivery", responses=_REFUSALS)
def fail(caller: Deliverer, delivery_id: DeliveryId, failure: Failure) -> DeliveryInFull:
    """Say that nothing could be delivered, and why."""
    refuse_future(failure.at, "at")
    with caller.transaction() as connection:
        row = _held(caller, connection, delivery_id)
        if row.state == "failed" and row.completed_at == failure.at:
            return delivery_in_full(connection, row)
        handed = handed_lines(deliveries.lines_of(connection, row), [])
        ending = _ending(caller, failure, state="failed", reason=failure.reason)
        _end(caller, connection, row, ending, handed)
        return delivery_in_full(connection, deliveries.delivery_named(connection, delivery_id))


@router.post("/{delivery_id}/proofs", operation_id="prove_delivery", status_code=201, responses=_REFUSALS)
def prove(caller: Deliverer, delivery_id: DeliveryId, proof: CapturedProof) -> DeliveryInFull:
    """Bring a proof. A wrong one-time password is refused and counted; after five it holds no longer."""
    refuse_future(proof.captured_at, "captured_at")
    _check_content(proof)
    if proof.kind == "otp":
        check_otp(caller, delivery_id, proof.code or "")
    with caller.transaction() as connection:
        row = _held(caller, connection, delivery_id)
        if row.trip_state not in TELLS_OF_DELIVERIES | {"settlement_pending", "settled"}:
            raise ConflictError(f"trip {row.trip_id!r} is {row.trip_state}: nothing is proved then")
        new = NewProof(**proof.model_dump(exclude={"code"}), code=proof.code if proof.kind == "scan" else None)
        if deliveries.add_proof(connection, row, new, caller.actor):
            told = proof.model_dump(mode="json", exclude={"code"})
            _note(caller, connection, row, "delivery.prove", told)
        return delivery_in_full(connection, deliveries.delivery_named(connection, delivery_id))


@router.post("/{delivery_id}/otp", operation_id="issue_otp", status_code=201, responses=_REFUSALS)
def issue_otp(caller: Planner, request: Request, delivery_id: DeliveryId) -> IssuedOtp:
    """Send the customer a new one-time password, by the gateway for text messages. The driver never sees it."""
    gateway: str = request.app.state.otp_webhook_url
    if not gateway:
        raise ConflictError("no gateway for one-time passwords is set (OTP_WEBHOOK_URL)")
    with caller.transaction() as connection:
        row = _held(caller, connection, delivery_id)
        if row.state in DONE:
            raise ConflictError(f"delivery {delivery_id!r} is {row.state}")
        phone = deliveries.phone_of(connection, row)
        if not phone:
            raise ConflictError(f"outlet {row.outlet_id!r} has no telephone number")
        until = send_otp(connection, row, phone, gateway)
        _note(caller, connection, row, "delivery.otp", {"until": until.isoformat()})
    return IssuedOtp(delivery_id=delivery_id, until=until, sent_to=f"... {phone[-4:]}")


def _page(caller: Access, wanted: DeliveryFilter, asked: Listed) -> RecordPage[Delivery]:
    def read(connection: Connection, part: Part) -> list[Row]:
        return deliveries.list_deliveries(connection, wanted, part)

    return record_page(caller, deliveries.LISTING, asked, read, delivery_of)


def _held(caller: Access, connection: Connection, delivery_id: str) -> Row:
    """The delivery, with its trip locked. Raises NotFoundError, also when somebody else drives the trip."""
    row = deliveries.delivery_named(connection, delivery_id)
    held_trip(caller, connection, row.trip_id)
    return deliveries.delivery_named(connection, delivery_id)


def _check(caller: Access, row: Row, state: str) -> None:
    DELIVERY.check(row.delivery_id, row.state, state, caller.permissions)
    if row.trip_state not in TELLS_OF_DELIVERIES:
        raise ConflictError(f"trip {row.trip_id!r} is {row.trip_state}: nothing is delivered then")


def _under_way(caller: Access, connection: Connection, row: Row) -> None:
    if row.trip_state == "dispatched":
        follow(caller, connection, journeys.journey_named(connection, row.trip_id), "in_progress")


def _end(caller: Access, connection: Connection, row: Row, ending: Ending, handed: Sequence[Handed]) -> None:
    _check(caller, row, ending.state)
    _under_way(caller, connection, row)
    deliveries.complete(connection, row, ending, handed)
    stock.move(connection, row.org_id, caller.actor, movements(row, handed, ending.completed_at))
    told = {"state": ending.state, "invoice_value": str(ending.invoice_value), "reason": ending.reason}
    _note(caller, connection, row, f"delivery.{ending.state}", told | {"delivered": {h.line_no: h.delivered for h in handed}})


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


def _check_content(proof: CapturedProof) -> None:
    wanted = "sha256" if proof.kind in {"signature", "photo"} else "code"
    if getattr(proof, wanted) is None:
        raise InvalidInputError(wanted, f"a proof by {proof.kind} has one")
    if (proof.longitude_deg is None) != (proof.latitude_deg is None):
        raise InvalidInputError("longitude_deg", "goes together with latitude_deg")


def _note(caller: Access, connection: Connection, row: Row, action: str, after: dict[str, object]) -> None:
    change = Change(action=action, kind="delivery", identifier=row.delivery_id, before={"state": row.state}, after=after)
    caller.note(connection, change, row.org_id)
