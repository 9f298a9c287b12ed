"""What somebody has to agree to before it holds. One flow for all subjects; what follows is the subject's own matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.people import Role


class ApprovalKind(StrEnum):
    """What is asked for."""

    outlet_registration = "outlet_registration"
    dispatch_closure = "dispatch_closure"
    breakdown = "breakdown"
    detour = "detour"
    stock_adjustment = "stock_adjustment"
    pin_correction = "pin_correction"
    approved_place = "approved_place"
    threshold = "threshold"
    credit_limit = "credit_limit"


class ApprovalState(StrEnum):
    """Where a request is in its life; it ends with a decision or is withdrawn."""

    pending = "pending"
    approved = "approved"
    rejected = "rejected"
    withdrawn = "withdrawn"


_MANAGERS: Final = frozenset({Role.platform_administrator, Role.distributor_manager, Role.logistics_manager})
_OWNERS: Final = frozenset({Role.platform_administrator, Role.distributor_manager})

DECIDED_BY: Final[Mapping[ApprovalKind, frozenset[Role]]] = {
    ApprovalKind.outlet_registration: _OWNERS,
    ApprovalKind.dispatch_closure: _OWNERS,
    ApprovalKind.breakdown: _MANAGERS,
    ApprovalKind.detour: _MANAGERS,
    ApprovalKind.stock_adjustment: _OWNERS,
    ApprovalKind.pin_correction: _OWNERS,
    ApprovalKind.approved_place: _MANAGERS,
    ApprovalKind.threshold: _OWNERS,
    ApprovalKind.credit_limit: _OWNERS,
}
"""Who may say yes or no."""

DECIDED_WITHIN: Final[Mapping[ApprovalKind, timedelta]] = {
    ApprovalKind.outlet_registration: timedelta(days=2),
    ApprovalKind.dispatch_closure: timedelta(days=1),
    ApprovalKind.breakdown: timedelta(minutes=15),
    ApprovalKind.detour: timedelta(minutes=15),
    ApprovalKind.stock_adjustment: timedelta(days=1),
    ApprovalKind.pin_correction: timedelta(days=2),
    ApprovalKind.approved_place: timedelta(days=7),
    ApprovalKind.threshold: timedelta(days=7),
    ApprovalKind.credit_limit: timedelta(days=1),
}
"""How long a request may wait; then it is overdue, and still to be decided."""
