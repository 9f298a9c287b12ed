"""Organisations, which form a tree: each sees itself and all below it."""

from __future__ import annotations

import re
from typing import Any, Final

from domain.errors import ConflictError, InvalidInputError, NotFoundError
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
