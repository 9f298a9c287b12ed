"""What an approved stock adjustment writes: one movement that makes the ledger say what was counted or observed."""

from __future__ import annotations

from api.access import Access
from domain.approvals import ApprovalState
from domain.errors import ConflictError
from store import stock
from store.approvals import Approval
from store.listing import Part
from store.pool import Connection
from store.stock import Cause, Movement, Place, PlaceKind, StockFilter


def balance(connection: Connection, org_id: int, place: Place, product_id: str) -> int:
    """What the ledger says is there, in pieces."""
    wanted = StockFilter(place_kind=place.kind.value, place_id=place.place_id, product_id=product_id)
    found = stock.list_balances(connection, wanted, Part(limit=1000))
    return sum(row.pieces for row in found if row.org_id == org_id)


def adjust(caller: Access, connection: Connection, decided: Approval) -> None:
    """Write the approved adjustment. Raises ConflictError when the ledger has moved on since it was proposed."""
    if decided.state != ApprovalState.approved:
        return
    told = decided.difference
    place = Place(PlaceKind(told["place_kind"]), told["place_id"])
    now = balance(connection, decided.org_id, place, told["product_id"])
    if now != told["pieces"]["before"]:
        raise ConflictError(f"the ledger says {now} pieces now, not {told['pieces']['before']}: propose it again")
    movement = Movement(
        moved_at=decided.decided_at or decided.requested_at,
        place=place,
        product_id=told["product_id"],
        pieces=told["pieces"]["after"] - now,
        cause=Cause.adjustment,
        ref=f"approval/{decided.approval_id}",
        note=decided.comment,
    )
    stock.move(connection, decided.org_id, caller.actor, [movement])
