"""What outlets owe, and what they have paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.credit import CreditStanding
from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("credit")


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that an outlet paid of what it owed; negative puts another right."""

    payment_id: str
    outlet_id: str
    amount: Decimal
    paid_at: datetime
    note: str | None
    recorded_by: str
    recorded_at: datetime


def standing(connection: Connection, org_id: int, outlet_id: str, *, apart_from: str | None = None) -> CreditStanding:
    """What an outlet owes, an order of that name apart; others wait for this transaction to end. Raises NotFoundError."""
    connection.execute(_SQL["lock_outlet"], {"org_id": org_id, "outlet_id": outlet_id})
    with connection.cursor(row_factory=class_row(CreditStanding)) as cursor:
        wanted = {"org_id": org_id, "outlet_id": outlet_id, "apart_from": apart_from}
        found = cursor.execute(_SQL["standing"], wanted).fetchone()
    if found is None:
        raise NotFoundError("outlet", outlet_id)
    return found


def approved_value(connection: Connection, org_id: int, order_id: str) -> Decimal:
    """Up to which value somebody agreed to an order beyond the limit."""
    row = connection.execute(_SQL["approved_value"], {"org_id": org_id, "order_id": order_id}).fetchone()
    return Decimal(0) if row is None else Decimal(row["credit_approved"])


def approve(connection: Connection, org_id: int, order_id: str, value: Decimal) -> None:
    """Let an order of up to that value go beyond the limit."""
    connection.execute(_SQL["approve"], {"org_id": org_id, "order_id": order_id, "value": value})


def add_payment(connection: Connection, org_id: int, payment: Payment) -> bool:
    """Write a payment down; False when it is there already."""
    row = {name: getattr(payment, name) for name in Payment.__dataclass_fields__} | {"org_id": org_id}
    return connection.execute(_SQL["add_payment"], row).fetchone() is not None


def find_payment(connection: Connection, org_id: int, payment_id: str) -> Payment | None:
    """A payment by its name."""
    with connection.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(_SQL["find_payment"], {"org_id": org_id, "payment_id": payment_id}).fetchone()


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("paid_at", "payment_id", "amount", "recorded_at")},
    keys={name: Identifier(name) for name in ("paid_at", "payment_id")},
    changed=SQL("recorded_at >= %(changed_since)s"),
    newest_first=True,
)


def list_payments(
    connection: Connection, outlet: tuple[int, str], since: datetime | None, until: datetime | None, part: Part = FIRST
) -> list[Payment]:
    """What the outlet of that organisation and name paid, the newest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    org_id, outlet_id = outlet
    wanted = {"org_id": org_id, "outlet_id": outlet_id, "since": since, "until": until}
    with connection.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(SQL(_SQL["list_payments"]).format(part=end), {**wanted, **page}).fetchall()
