"""What waits for somebody's yes or no, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.approvals import ApprovalKind, ApprovalState
from domain.errors import ConflictError, NotFoundError
from store.pool import Connection
from store.statements import statements
from store.storable import storable

_SQL: Final = statements("approvals")


@dataclass(frozen=True, slots=True)
class Approval:
    """A request and its decision; `overdue` when nobody decided in time."""

    org_id: int
    approval_id: int
    kind: str
    subject_id: str
    requested_by: str
    requested_at: datetime
    comment: str | None
    difference: Mapping[str, Any]
    decide_by: datetime
    state: str
    overdue: bool
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApproval:
    """What to ask for."""

    kind: ApprovalKind
    subject_id: str
    comment: str | None
    difference: Mapping[str, Any]
    decide_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFilter:
    """Which requests to list; `None` lets all through."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    subject_id: str | None = None
    overdue: bool | None = None


def request(connection: Connection, org_id: int, actor: str, asked: NewApproval) -> Approval:
    """Ask for a decision. Raises ConflictError when the same is being asked for already."""
    row = {
        "org_id": org_id,
        "kind": asked.kind.value,
        "subject_id": asked.subject_id,
        "requested_by": actor,
        "comment": asked.comment,
        "difference": Jsonb(storable(asked.difference)),
        "decide_by": asked.decide_by,
    }
    try:
        with connection.transaction():
            number = connection.execute(_SQL["add"], row).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(f"a decision on {asked.kind.value} {asked.subject_id!r} is being waited for already") from error
    assert number is not None
    return approval_numbered(connection, number["approval_id"])


def approval_numbered(connection: Connection, approval_id: int, *, lock: bool = False) -> Approval:
    """One request. Raises NotFoundError."""
    if lock:
        connection.execute(_SQL["lock"], {"approval_id": approval_id})
    found = _list(connection, {"approval_id": approval_id, "limit": 1})
    if not found:
        raise NotFoundError("approval", str(approval_id))
    return found[0]


def list_approvals(
    connection: Connection, wanted: ApprovalFilter, *, after: tuple[datetime, int] | None, limit: int
) -> list[Approval]:
    """Requests, the newest first, after the one named by time and number."""
    after_time, after_id = after or (None, None)
    return _list(
        connection,
        {
            "states": list(wanted.states) if wanted.states else None,
            "kinds": list(wanted.kinds) if wanted.kinds else None,
            "subject_id": wanted.subject_id,
            "overdue": wanted.overdue,
            "after_time": after_time,
            "after_id": after_id,
            "limit": limit,
        },
    )


def decide(connection: Connection, before: Approval, state: ApprovalState, actor: str, decision: str | None) -> Approval:
    """Write the decision down. Raises ConflictError when there is one already."""
    row = {"org_id": before.org_id, "approval_id": before.approval_id, "state": state.value}
    changed = connection.execute(_SQL["decide"], {**row, "decided_by": actor, "decision": decision})
    if not changed.rowcount:
        raise ConflictError(f"approval {before.approval_id} is {before.state} already")
    return approval_numbered(connection, before.approval_id)


_ALL: Final = {"approval_id": None, "states": None, "kinds": None, "subject_id": None, "overdue": None}


def _list(connection: Connection, wanted: Mapping[str, Any]) -> list[Approval]:
    with connection.cursor(row_factory=class_row(Approval)) as cursor:
        return cursor.execute(_SQL["list"], {**_ALL, "after_time": None, "after_id": None, **wanted}).fetchall()
