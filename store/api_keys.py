"""Keys by which other programs come in. They come and go here as SHA-256 only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("api_keys")


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """For whom a key acts, and what it may do."""

    key_id: UUID
    org_id: int
    name: str
    scopes: list[str]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never the key itself."""

    key_id: UUID
    name: str
    begins_with: str
    scopes: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def key_holder(connection: Connection, key_hash: bytes) -> KeyHolder | None:
    """Whose the key is, if it still holds; that it was used is noted, to the minute."""
    with connection.cursor(row_factory=class_row(KeyHolder)) as cursor:
        return cursor.execute(_SQL["key_holder"], {"key_hash": key_hash}).fetchone()


def add_key(
    connection: Connection,
    org_id: int,
    *,
    name: str,
    key_hash: bytes,
    begins_with: str,
    scopes: Sequence[str],
    created_by: str,
    expires_at: datetime | None,
) -> ApiKey:
    """Keep a new key."""
    row = {"org_id": org_id, "name": name, "key_hash": key_hash, "begins_with": begins_with}
    row |= {"scopes": list(scopes), "created_by": created_by, "expires_at": expires_at}
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        added = cursor.execute(_SQL["add_key"], row).fetchone()
    assert added is not None  # nothing conflicts
    return added


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("created_at", "name", "created_by")},
    keys={name: Identifier(name) for name in ("created_at", "key_id")},
    changed=SQL("greatest(created_at, revoked_at) >= %(changed_since)s"),
    newest_first=True,
)


def list_keys(
    connection: Connection, name: str | None = None, *, holds: bool | None = None, part: Part = FIRST
) -> list[ApiKey]:
    """The organisation's keys and those of organisations below it, the newest first unless `part` says otherwise.

    `holds` asks for those that are good, or for those that were revoked or have expired.
    """
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(SQL(_SQL["list_keys"]).format(part=end), {"name": name, "holds": holds, **page}).fetchall()


def revoke_key(connection: Connection, key_id: UUID) -> tuple[str, int]:
    """End a key; its name and organisation. Raises NotFoundError when there is no such key that still holds."""
    row = connection.execute(_SQL["revoke_key"], {"key_id": key_id}).fetchone()
    if row is None:
        raise NotFoundError("API key", str(key_id))
    return row["name"], row["org_id"]
