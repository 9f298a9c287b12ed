"""What follows from decisions about outlets: a proposed one is approved or rejected, a pin is put right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.access import Access
from api.records import keeping
from api.records.resource import Change
from api.resources.outlets import OUTLETS
from domain.approvals import ApprovalState
from domain.errors import ConflictError, InvalidInputError
from domain.validity import check_point
from store import records
from store.approvals import Approval
from store.catalogue import OUTLET
from store.pool import Connection

_PLACE = ("longitude_deg", "latitude_deg")


def register_outlet(caller: Access, connection: Connection, decided: Approval) -> None:
    """Let the outlet be what was decided. Raises TransitionError when it does not wait for that."""
    if decided.state != ApprovalState.withdrawn:
        because, org_id = decided.decision, decided.org_id
        keeping.move(caller, connection, OUTLETS, decided.subject_id, decided.state, because, None, org_id=org_id)


def correct_pin(caller: Access, connection: Connection, decided: Approval) -> None:
    """Move the outlet. Raises ConflictError when it was moved since that was asked for."""
    if decided.state != ApprovalState.approved:
        return
    outlet = records.find(connection, OUTLET, decided.subject_id, org_id=decided.org_id, lock=True)
    before, after = pin_of(decided.difference, "before"), pin_of(decided.difference, "after")
    if any(abs(outlet[name] - before[name]) > 1e-6 for name in _PLACE):
        raise ConflictError(f"outlet {decided.subject_id!r} was moved meanwhile: ask anew")
    values: dict[str, Any] = dict(after)
    change = Change(caller=caller, connection=connection, org_id=decided.org_id, before=outlet, values=values)
    keeping.store(change, OUTLETS, outlet, values, "move", decided.comment)


def pin_of(difference: Mapping[str, Any], side: str) -> dict[str, float]:
    """Where the pin is `before` or `after`. Raises InvalidInputError."""
    try:
        place = {name: float(difference[name][side]) for name in _PLACE}
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError("difference", "needs longitude_deg and latitude_deg, each with before and after") from error
    check_point(place["longitude_deg"], place["latitude_deg"], "difference")
    return place
