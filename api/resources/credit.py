"""What outlets owe, how much more they may order, and what they have paid."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Planner, Reader
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.money import Money
from api.records.resource import Given, Name, Text
from domain.errors import ConflictError, InvalidInputError
from store import credit, records
from store.audit import Change
from store.catalogue import OUTLET
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/outlets/{outlet_id}", tags=["credit"])

OutletId = Annotated[str, Path(max_length=200, examples=["O-1001"])]


class OutletCredit(BaseModel):
    """Where an outlet stands. Orders that would go beyond `available` need an approval of kind `credit_limit`."""

    model_config = ConfigDict(from_attributes=True)

    credit_limit: Money | None = Field(description="Null: no limit.", examples=[50000])
    open_balance: Money = Field(description="Delivered on credit and not paid.", examples=[12000])
    open_orders: Money = Field(description="Confirmed and not delivered yet, with tax.", examples=[8000])
    available: Money | None = Field(description="Negative when it is beyond its limit; null without one.", examples=[30000])


class NewOutletPayment(Given):
    """Money that came in. The same `payment_id` again is the same payment."""

    payment_id: Annotated[Name, Field(examples=["R-2026-0815"])]
    amount: Annotated[Money, Field(examples=[4000], description="Negative puts an earlier one right.")]
    paid_at: AwareDatetime | None = Field(None, description="Otherwise now.")
    note: Text | None = Field(None, examples=["cheque 1234"])


class OutletPayment(BaseModel):
    """Money that an outlet paid of what it owed."""

    model_config = ConfigDict(from_attributes=True)

    payment_id: str = Field(examples=["R-2026-0815"])
    outlet_id: str
    amount: Money
    paid_at: datetime
    note: str | None
    recorded_by: str
    recorded_at: datetime


@router.get("/credit", operation_id="get_outlet_credit", responses=problem_responses(404))
def get_outlet_credit(caller: Reader, outlet_id: OutletId) -> OutletCredit:
    """How much an outlet owes, and how much more it may order."""
    with caller.transaction() as connection:
        outlet = records.find(connection, OUTLET, outlet_id)
        return OutletCredit.model_validate(credit.standing(connection, outlet["org_id"], outlet_id))


@router.get("/payments", operation_id="list_outlet_payments", responses=problem_responses(404))
def list_outlet_payments(
    caller: Reader,
    asked: Listed,
    outlet_id: OutletId,
    since: Annotated[AwareDatetime | None, Query(description="Paid at this time or later.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Paid before this time.")] = None,
) -> RecordPage[OutletPayment]:
    """What an outlet paid, the newest first."""

    def read(connection: Connection, part: Part) -> list[credit.Payment]:
        outlet = records.find(connection, OUTLET, outlet_id)
        return credit.list_payments(connection, (outlet["org_id"], outlet_id), since, until, part)

    return record_page(caller, credit.LISTING, asked, read, OutletPayment.model_validate)


@router.post("/payments", operation_id="add_outlet_payment", status_code=201, responses=problem_responses(404, 409))
def add_outlet_payment(caller: Planner, outlet_id: OutletId, new: NewOutletPayment) -> OutletPayment:
    """Write down what an outlet paid."""
    if not new.amount:
        raise InvalidInputError("body.amount", "must not be 0")
    now = datetime.now(UTC)
    payment = credit.Payment(new.payment_id, outlet_id, new.amount, new.paid_at or now, new.note, caller.actor, now)
    with caller.transaction() as connection:
        outlet = records.find(connection, OUTLET, outlet_id)
        if credit.add_payment(connection, outlet["org_id"], payment):
            after = {"payment_id": new.payment_id, "amount": str(new.amount)}
            told = Change(action="outlet.payment", kind="outlet", identifier=outlet_id, after=after)
            caller.note(connection, told, outlet["org_id"])
            return OutletPayment.model_validate(payment)
        known = credit.find_payment(connection, outlet["org_id"], new.payment_id)
    if known is None or (known.outlet_id, known.amount) != (outlet_id, new.amount):
        raise ConflictError(f"there is another payment {new.payment_id!r} already")
    return OutletPayment.model_validate(known)
