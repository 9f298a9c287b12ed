"""An order within its outlet's credit limit, or beyond it because somebody agreed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from api.access import Access
from domain.approvals import ApprovalState
from domain.credit import CreditStanding
from domain.errors import ConflictError, CreditError
from store import credit, records
from store.approvals import Approval
from store.audit import Change
from store.catalogue import ORDER
from store.pool import Connection


def check_credit(connection: Connection, org_id: int, order_id: str, outlet_id: str, value: Decimal) -> None:
    """Raise CreditError when an order of that value, with tax, goes beyond the limit and beyond what was agreed to."""
    standing = credit.standing(connection, org_id, outlet_id, apart_from=order_id)
    excess = standing.excess(value)
    if excess > 0 and value > credit.approved_value(connection, org_id, order_id):
        raise CreditError(outlet_id, {**figures(standing), "order_value": float(value), "excess": float(excess)})


def order_value(order: records.Record) -> Decimal:
    """What an order costs, with tax."""
    return Decimal(str(order["net_value"])) + Decimal(str(order["tax_value"]))


def figures(standing: CreditStanding) -> dict[str, float]:
    """What the decision has to see."""
    return {
        "credit_limit": float(standing.credit_limit or 0),
        "open_balance": float(standing.open_balance),
        "open_orders": float(standing.open_orders),
    }


def credit_difference(connection: Connection, order_id: str) -> dict[str, Any]:
    """What is asked for: the order beside what its outlet owes. Raises NotFoundError."""
    order = records.find(connection, ORDER, order_id)
    standing = credit.standing(connection, order["org_id"], order["outlet_id"], apart_from=order_id)
    return {**figures(standing), "order_value": float(order_value(order)), "outlet_id": order["outlet_id"]}


def allow_credit(caller: Access, connection: Connection, decided: Approval) -> None:
    """Let the order be confirmed at the value it had when that was asked for. Raises ConflictError when it was changed."""
    if decided.state != ApprovalState.approved:
        return
    order = records.find(connection, ORDER, decided.subject_id, org_id=decided.org_id, lock=True)
    value = order_value(order)
    if float(value) != decided.difference.get("order_value"):
        raise ConflictError(f"order {decided.subject_id!r} was changed meanwhile: ask anew")
    credit.approve(connection, decided.org_id, decided.subject_id, value)
    change = Change(action="order.credit", kind="order", identifier=decided.subject_id, after={"credit_approved": str(value)})
    caller.note(connection, change, decided.org_id)
