"""Organisations, which form a tree: each sees itself and all below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection, Role, open_pool
from store.statements import statements

_SQL: Final = statements("organisations")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def organisation_id(database_url: str, slug: str) -> int:
    """The number of the organisation named `slug`. Raises NotFoundError and UnavailableError."""
    pool = open_pool(database_url, Role.worker, max_size=1)  # who asks for a name does not see anything yet as the API's role
    try:
        with pool.connection() as connection:
            return find_organisation(connection, slug)
    finally:
        pool.close()


def find_organisation(connection: Connection, slug: str) -> int:
    """The number of the organisation named `slug`, as far as the connection's role sees it. Raises NotFoundError."""
    row = connection.execute(_SQL["find_organisation"], {"slug": slug}).fetchone()
    if row is None:
        raise NotFoundError("organisation", slug)
    return int(row["org_id"])


def add_organisation(connection: Connection, *, slug: str, name: str, parent_id: int | None) -> int:
    """Register an organisation; its number. Raises InvalidInputError and, when the slug is taken, ConflictError."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInputError("slug", "has small letters, digits, - and _, and begins with a letter or digit")
    row = connection.execute(_SQL["add_organisation"], {"slug": slug, "name": name, "parent_id": parent_id}).fetchone()
    if row is None:
        raise ConflictError(f"there is an organisation {slug!r} already")
    return int(row["org_id"])


def list_organisations(connection: Connection) -> list[dict[str, Any]]:
    """Slug, name, slug of the parent and creation of all organisations that the connection's role sees."""
    return connection.execute(_SQL["list_organisations"]).fetchall()


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation; `parent` is the slug of the one above it, if the caller sees that."""

    slug: str
    name: str
    kind: str
    currency: str
    time_zone: str
    parent: str | None
    created_at: datetime
    changed_at: datetime
    revision: int


LISTING: Final = Listing(
    sorts={name: Identifier("organisation", name) for name in ("slug", "name", "created_at", "changed_at")},
    keys={"slug": Identifier("organisation", "slug")},
    changed=SQL("organisation.changed_at >= %(changed_since)s"),
)


def found_organisation(connection: Connection, *, slug: str, name: str, kind: str, currency: str, parent: str) -> None:
    """Add an organisation below one that the transaction sees. Raises InvalidInputError, NotFoundError and ConflictError."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInputError("slug", "has small letters, digits, - and _, and begins with a letter or digit")
    find_organisation(connection, parent)
    row = {"slug": slug, "name": name, "kind": kind, "currency": currency, "parent": parent}
    added = connection.execute(_SQL["found_organisation"], row).fetchone()
    if added is None or added["org_id"] is None:
        raise ConflictError(f"the name {slug!r} is taken")


def list_tree(connection: Connection, part: Part = FIRST) -> list[Organisation]:
    """The organisations that the transaction sees, by slug unless `part` says otherwise."""
    return _read(connection, None, part)


def organisation_named(connection: Connection, slug: str) -> Organisation:
    """One of them. Raises NotFoundError."""
    found = _read(connection, slug, FIRST)
    if not found:
        raise NotFoundError("organisation", slug)
    return found[0]


def change_organisation(
    connection: Connection,
    slug: str,
    *,
    name: str | None = None,
    kind: str | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
) -> None:
    """Change what is given of an organisation that the transaction sees. Raises InvalidInputError for no time zone."""
    if time_zone is not None and time_zone not in available_timezones():
        raise InvalidInputError("time_zone", f"there is no {time_zone!r}; name one such as Asia/Kolkata")
    if time_zone is not None:
        _check_known_to_server(connection, time_zone)
    given = {"slug": slug, "name": name, "kind": kind, "currency": currency, "time_zone": time_zone}
    connection.execute(_SQL["change_organisation"], given)


def _check_known_to_server(connection: Connection, time_zone: str) -> None:
    """Days are told apart there, too, by a list of zones of its own."""
    try:
        with connection.transaction():
            connection.execute(_SQL["try_time_zone"], {"time_zone": time_zone})
    except psycopg.errors.InvalidParameterValue as error:
        raise InvalidInputError("time_zone", f"the database does not know {time_zone!r}") from error


def _read(connection: Connection, slug: str | None, part: Part) -> list[Organisation]:
    end, values = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(Organisation)) as cursor:
        return cursor.execute(SQL(_SQL["list_tree"]).format(part=end), {**values, "slug": slug}).fetchall()


def slug_of(connection: Connection, org_id: int) -> str:
    """The name of an organisation by its number, as far as the transaction sees it. Raises NotFoundError."""
    row = connection.execute(_SQL["slug_of"], {"org_id": org_id}).fetchone()
    if row is None:
        raise NotFoundError("organisation", str(org_id))
    return str(row["slug"])


def time_zone_of(connection: Connection, org_id: int) -> str:
    """By whose clock an organisation's days go. Raises NotFoundError for one that the transaction does not see."""
    row = connection.execute(_SQL["time_zone_of"], {"org_id": org_id}).fetchone()
    if row is None:
        raise NotFoundError("organisation", str(org_id))
    return str(row["time_zone"])
