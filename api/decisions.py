"""What follows from a decision, by what was decided on. It happens in the decision's own transaction, or neither does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from api.access import Access
from api.approved_places import open_place
from api.approved_thresholds import set_threshold
from api.credit import allow_credit
from api.outlet_decisions import correct_pin, register_outlet
from api.settling import close_trip
from api.standstill import allow_detour, decide_breakdown
from api.stock_takes import adjust
from domain.approvals import ApprovalKind
from store.approvals import Approval
from store.pool import Connection

Effect = Callable[[Access, Connection, Approval], None]

_EFFECTS: Final[Mapping[str, Effect]] = {
    ApprovalKind.outlet_registration: register_outlet,
    ApprovalKind.pin_correction: correct_pin,
    ApprovalKind.breakdown: decide_breakdown,
    ApprovalKind.detour: allow_detour,
    ApprovalKind.dispatch_closure: close_trip,
    ApprovalKind.stock_adjustment: adjust,
    ApprovalKind.approved_place: open_place,
    ApprovalKind.threshold: set_threshold,
    ApprovalKind.credit_limit: allow_credit,
}


def take_effect(caller: Access, connection: Connection, decided: Approval) -> None:
    """Do what the decision means for its subject."""
    effect = _EFFECTS.get(decided.kind)
    if effect is not None:
        effect(caller, connection, decided)
