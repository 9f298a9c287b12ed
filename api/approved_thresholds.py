"""What follows when a threshold is approved: it holds from the decision on."""

from __future__ import annotations

from api.access import Access
from domain.approvals import ApprovalState
from domain.errors import InvalidInputError
from store import parameters
from store.approvals import Approval
from store.audit import Change
from store.pool import Connection


def set_threshold(caller: Access, connection: Connection, decided: Approval) -> None:
    """Set the proposed value for the organisation."""
    if decided.state != ApprovalState.approved.value or decided.decided_at is None:
        return
    name, value = decided.subject_id, _value(connection, decided)
    parameters.set_parameter(
        connection,
        decided.org_id,
        scope="organisation",
        scope_key="",
        name=name,
        since=decided.decided_at,
        value=value,
        by=caller.actor,
    )
    change = Change(action="parameter.set", kind="parameter", identifier=name, after={"value": value})
    caller.note(connection, change, decided.org_id)


def _value(connection: Connection, decided: Approval) -> float:
    field = f"difference.{decided.subject_id}.after"
    try:
        value = float(decided.difference[decided.subject_id]["after"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(field, "has to be the value that is proposed") from error
    known = parameters.definitions(connection).get(decided.subject_id)
    if known is None:
        raise InvalidInputError("subject_id", f"there is no parameter {decided.subject_id!r}")
    if not known.low <= value <= known.high:
        raise InvalidInputError(field, f"must be from {known.low:g} to {known.high:g}, not {value:g}")
    return value
