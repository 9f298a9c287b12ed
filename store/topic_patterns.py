"""Topic patterns: which topics carry which payload format, and how they name device and organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("topic_patterns")


@dataclass(frozen=True, slots=True)
class StoredPattern:
    """A pattern of that name; `device` and `tenant` are templates over its placeholders."""

    name: str
    pattern: str
    format: str
    device: str  # empty: only the payload names the device
    tenant: str | None
    changed_at: datetime


def list_patterns(connection: Connection) -> list[StoredPattern]:
    """All, by name."""
    with connection.cursor(row_factory=class_row(StoredPattern)) as cursor:
        return cursor.execute(_SQL["list_patterns"]).fetchall()


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("name", "pattern", "format", "changed_at")},
    keys={"name": Identifier("name")},
    changed=SQL("changed_at >= %(changed_since)s"),
)


def page_of_patterns(connection: Connection, format_name: str | None, part: Part = FIRST) -> list[StoredPattern]:
    """Some, by name unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(StoredPattern)) as cursor:
        return cursor.execute(SQL(_SQL["page_of_patterns"]).format(part=end), {"format": format_name, **page}).fetchall()


def list_dropped(connection: Connection) -> list[str]:
    """Patterns that there were and that somebody removed or changed."""
    return [row["pattern"] for row in connection.execute(_SQL["list_dropped"])]


def find_pattern(connection: Connection, name: str) -> StoredPattern | None:
    """The pattern of that name, held for a change, if there is one."""
    with connection.cursor(row_factory=class_row(StoredPattern)) as cursor:
        return cursor.execute(_SQL["find_pattern"], {"name": name}).fetchone()


def save_pattern(
    connection: Connection, name: str, pattern: str, *, format_name: str, device: str, tenant: str | None
) -> StoredPattern:
    """Insert or replace the pattern of that name. Raises ConflictError when another name has the same topics."""
    holder = connection.execute(_SQL["find_name"], {"pattern": pattern}).fetchone()
    if holder is not None and holder["name"] != name:
        raise ConflictError(f"the topics {pattern!r} are those of the pattern {holder['name']!r} already")
    row = {"name": name, "pattern": pattern, "format": format_name, "device": device, "tenant": tenant}
    with connection.cursor(row_factory=class_row(StoredPattern)) as cursor:
        saved = cursor.execute(_SQL["upsert_pattern"], row).fetchone()
    assert saved is not None  # an upsert always returns its row
    return saved


def delete_pattern(connection: Connection, name: str) -> None:
    """Remove a pattern. Raises NotFoundError."""
    if not connection.execute(_SQL["delete_pattern"], {"name": name}).rowcount:
        raise NotFoundError("topic pattern", name)
