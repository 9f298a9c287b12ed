"""Who changed what: rows that are written with the change itself, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("audit")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change. `before` is null for what is new, `after` for what is gone."""

    audit_id: int
    org_id: int
    at: datetime
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is about to be written down."""

    action: str  # such as alert.acknowledge
    kind: str
    identifier: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def write(connection: Connection, org_id: int, actor: str, change: Change) -> None:
    """Write a change down in the transaction that makes it."""
    row = {"org_id": org_id, "actor": actor, "action": change.action, "subject_kind": change.kind}
    states = {"before": _json(change.before), "after": _json(change.after)}
    connection.execute(_SQL["write"], {**row, "subject_id": change.identifier, **states})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which changes to list; `None` lets all through."""

    actor: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("at", "audit_id", "actor", "action")},
    keys={name: Identifier(name) for name in ("at", "audit_id")},
    changed=SQL("at >= %(changed_since)s"),
    newest_first=True,
)


def list_changes(connection: Connection, wanted: AuditFilter, part: Part = FIRST) -> list[AuditRow]:
    """Changes, the newest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), {**asdict(wanted), **page}).fetchall()


def _json(value: Mapping[str, Any] | None) -> Jsonb | None:
    return None if value is None else Jsonb(dict(value))
