"""What follows from decisions about the road: a van that stands, a way round. Rules about that hold back while it lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from api.access import Access
from api.journeys import follow
from domain.approvals import ApprovalState
from domain.suppressors import Suppressor, SuppressorKind
from store import breakdowns, journeys, suppressors
from store.approvals import Approval
from store.audit import Change
from store.breakdowns import Breakdown
from store.pool import Connection

AFTER_PLAN: Final = timedelta(hours=4)
"""A detour holds until so long after the planned end of its trip."""


def decide_breakdown(caller: Access, connection: Connection, decided: Approval) -> None:
    """Let the trip stand and rules hold back, or let both be as they were."""
    row = breakdowns.breakdown_named(connection, decided.subject_id, lock=True)
    if decided.state != ApprovalState.approved:
        breakdowns.become(connection, row, "rejected", decided.decision)
        return
    journey = journeys.journey_named(connection, row.trip_id, org_id=row.org_id, lock=True)
    follow(caller, connection, journey, "breakdown", decided.decision)
    held = Suppressor(
        suppressor_id=_name(row),
        kind=SuppressorKind.breakdown,
        valid_from=row.reported_at,
        trip_id=row.trip_id,
        reason=row.reason,
    )
    _hold_back(caller, connection, decided, held)
    breakdowns.become(connection, row, "approved", decided.decision)


def let_rules_apply(connection: Connection, row: Breakdown) -> None:
    """From now on dwell, deviation and missed stops are told again."""
    suppressors.end_suppressor(connection, row.org_id, _name(row), datetime.now(UTC))


def allow_detour(caller: Access, connection: Connection, decided: Approval) -> None:
    """Let no deviation of the trip be told, from when that was asked for until it is over. Raises NotFoundError."""
    if decided.state != ApprovalState.approved:
        return
    journey = journeys.journey_named(connection, decided.subject_id, org_id=decided.org_id)
    held = Suppressor(
        suppressor_id=f"detour-{decided.approval_id}",
        kind=SuppressorKind.detour,
        valid_from=decided.requested_at,
        valid_until=max(journey.planned_end, datetime.now(UTC)) + AFTER_PLAN,
        trip_id=journey.trip_id,
        reason=decided.comment,
    )
    _hold_back(caller, connection, decided, held)


def _hold_back(caller: Access, connection: Connection, decided: Approval, held: Suppressor) -> None:
    stored = suppressors.Approval(held, None, f"approval {decided.approval_id}", "approved", decided.org_id)
    suppressors.save_suppressor(connection, decided.org_id, stored)
    after = {"kind": held.kind.value, "trip_id": held.trip_id, "since": held.valid_from.isoformat()}
    change = Change(action="suppressor.save", kind="suppressor", identifier=held.suppressor_id, after=after)
    caller.note(connection, change, decided.org_id)


def _name(row: Breakdown) -> str:
    return f"breakdown-{row.breakdown_id}"
