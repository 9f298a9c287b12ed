"""Organisations."""

from __future__ import annotations

from typing import Final

from domain.errors import NotFoundError
from store.pool import Role, open_pool
from store.statements import statements

_SQL: Final = statements("organisations")


def organisation_id(database_url: str, slug: str) -> int:
    """The number of the organisation named `slug`. Raises NotFoundError and UnavailableError."""
    pool = open_pool(database_url, Role.worker, max_size=1)  # who asks for a name does not see anything yet as the API's role
    try:
        with pool.connection() as connection:
            row = connection.execute(_SQL["find_organisation"], {"slug": slug}).fetchone()
    finally:
        pool.close()
    if row is None:
        raise NotFoundError("organisation", slug)
    return int(row["org_id"])
