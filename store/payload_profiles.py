"""Payload profiles: what of a model, or of one device, differs from what its payload format usually says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("payload_profiles")


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A profile of a format for a `scope`, model or device, of that name."""

    format: str
    scope: str
    name: str
    settings: dict[str, Any]
    changed_at: datetime


class ProfiledDevice(NamedTuple):
    """A device that a profile holds for, once for each of its identities."""

    organisation: str
    device_key: str
    identity_format: str | None  # None, as is external_id, if it is known by its key alone
    external_id: str | None
    scope: str
    format: str
    settings: dict[str, Any]


def save_profile(
    connection: Connection, org_id: int, format_name: str, scope: str, name: str, settings: Mapping[str, Any]
) -> StoredProfile:
    """Insert or replace a profile."""
    row = {**_key(org_id, format_name, scope, name), "settings": Jsonb(dict(settings))}
    with connection.cursor(row_factory=class_row(StoredProfile)) as cursor:
        saved = cursor.execute(_SQL["upsert_profile"], row).fetchone()
    assert saved is not None  # an upsert always returns its row
    return saved


def delete_profile(connection: Connection, org_id: int, format_name: str, scope: str, name: str) -> None:
    """Remove a profile. Raises NotFoundError."""
    if not connection.execute(_SQL["delete_profile"], _key(org_id, format_name, scope, name)).rowcount:
        raise NotFoundError("payload profile", f"{format_name}/{scope}/{name}")


_NAMES: Final = {name: Identifier(name) for name in ("format", "scope", "name")}
LISTING: Final = Listing(
    sorts={**_NAMES, "changed_at": Identifier("changed_at")},
    keys=_NAMES,
    changed=SQL("changed_at >= %(changed_since)s"),
)


def list_profiles(
    connection: Connection,
    org_id: int,
    *,
    format_name: str | None = None,
    scope: str | None = None,
    name: str | None = None,
    part: Part = FIRST,
) -> list[StoredProfile]:
    """The profiles of an organisation, by format, scope and name unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    wanted = {"org_id": org_id, "format": format_name, "scope": scope, "name": name}
    with connection.cursor(row_factory=class_row(StoredProfile)) as cursor:
        return cursor.execute(SQL(_SQL["list_profiles"]).format(part=end), {**wanted, **page}).fetchall()


def find_profile(
    connection: Connection, org_id: int, format_name: str, scope: str, name: str, *, lock: bool = False
) -> StoredProfile | None:
    """One profile, held until the transaction ends if so wished."""
    if lock:
        connection.execute(_SQL["lock_profile"], _key(org_id, format_name, scope, name))
    return next(iter(list_profiles(connection, org_id, format_name=format_name, scope=scope, name=name)), None)


def list_profiled_devices(connection: Connection) -> list[ProfiledDevice]:
    """The devices of all organisations that a profile holds for."""
    rows = connection.execute(_SQL["list_profiled_devices"]).fetchall()
    return [ProfiledDevice(**row) for row in rows]


def _key(org_id: int, format_name: str, scope: str, name: str) -> dict[str, Any]:
    return {"org_id": org_id, "format": format_name, "scope": scope, "name": name}
