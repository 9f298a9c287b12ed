"""What waits for somebody's yes or no, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from domain.approvals import ApprovalKind, ApprovalState
from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
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
    changed_at: datetime


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
    found = _list(connection, {"approval_id": approval_id}, FIRST)
    if not found:
        raise NotFoundError("approval", str(approval_id))
    return found[0]


_CHANGED_AT: Final = SQL("greatest(requested_at, decided_at)")
LISTING: Final = Listing(
    sorts={
        "requested_at": Identifier("requested_at"),
        "decide_by": Identifier("decide_by"),
        "kind": Identifier("kind"),
        "state": Identifier("state"),
        "changed_at": _CHANGED_AT,
    },
    keys={"requested_at": Identifier("requested_at"), "approval_id": Identifier("approval_id")},
    changed=SQL("{} >= %(changed_since)s").format(_CHANGED_AT),
    newest_first=True,
)


def list_approvals(connection: Connection, wanted: ApprovalFilter, part: Part = FIRST) -> list[Approval]:
    """Requests, the newest first unless `part` says otherwise."""
    asked = {
        "states": list(wanted.states) if wanted.states else None,
        "kinds": list(wanted.kinds) if wanted.kinds else None,
        "subject_id": wanted.subject_id,
        "overdue": wanted.overdue,
    }
    return _list(connection, asked, part)


def decide(connection: Connection, before: Approval, state: ApprovalState, actor: str, decision: str | None) -> Approval:
    """Write the decision down. Raises ConflictError when there is one already."""
    row = {"org_id": before.org_id, "approval_id": before.approval_id, "state": state.value}
    changed = connection.execute(_SQL["decide"], {**row, "decided_by": actor, "decision": decision})
    if not changed.rowcount:
        raise ConflictError(f"approval {before.approval_id} is {before.state} already")
    return approval_numbered(connection, before.approval_id)


_ALL: Final = {"approval_id": None, "states": None, "kinds": None, "subject_id": None, "overdue": None}


def _list(connection: Connection, wanted: Mapping[str, Any], part: Part) -> list[Approval]:
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(Approval)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), {**_ALL, **wanted, **page}).fetchall()
