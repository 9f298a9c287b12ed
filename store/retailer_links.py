"""Links by which a retailer sees what comes to its outlet. Tokens come and go here as SHA-256 only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("retailer_links")


@dataclass(frozen=True, slots=True)
class RetailerLink:
    """A link as it is listed: never the link itself."""

    link_id: UUID
    outlet_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Retailer:
    """For which outlet a link opens, and until when."""

    org_id: int
    outlet_id: str
    expires_at: datetime


def add_link(
    connection: Connection, org_id: int, outlet_id: str, *, token_hash: bytes, created_by: str, expires_at: datetime
) -> RetailerLink:
    """Keep a new link."""
    row = {
        "org_id": org_id,
        "outlet_id": outlet_id,
        "token_hash": token_hash,
        "created_by": created_by,
        "expires_at": expires_at,
    }
    with connection.cursor(row_factory=class_row(RetailerLink)) as cursor:
        added = cursor.execute(_SQL["add"], row).fetchone()
    assert added is not None  # nothing conflicts
    return added


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("created_at", "expires_at")},
    keys={name: Identifier(name) for name in ("created_at", "link_id")},
    changed=SQL("greatest(created_at, revoked_at) >= %(changed_since)s"),
    newest_first=True,
)


def list_links(
    connection: Connection, org_id: int, outlet_id: str, *, holds: bool | None = None, part: Part = FIRST
) -> list[RetailerLink]:
    """An outlet's links, the newest first unless `part` says otherwise; those that hold, or those that were ended, or all."""
    end, page = ending(LISTING, part)
    wanted = {"org_id": org_id, "outlet_id": outlet_id, "holds": holds, **page}
    with connection.cursor(row_factory=class_row(RetailerLink)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), wanted).fetchall()


def revoke_link(connection: Connection, link_id: UUID) -> tuple[str, int]:
    """End a link; its outlet and organisation. Raises NotFoundError when there is none that still holds."""
    row = connection.execute(_SQL["revoke"], {"link_id": link_id}).fetchone()
    if row is None:
        raise NotFoundError("retailer link", str(link_id))
    return row["outlet_id"], row["org_id"]


def retailer_of(connection: Connection, token_hash: bytes) -> Retailer | None:
    """Whom a link is for, if it still holds."""
    with connection.cursor(row_factory=class_row(Retailer)) as cursor:
        return cursor.execute(_SQL["retailer_of"], {"token_hash": token_hash}).fetchone()


def deliveries_of(connection: Connection, retailer: Retailer) -> list[dict[str, Any]]:
    """The outlet's latest 50 orders, the last due first, each with its `lines`."""
    outlet = {"org_id": retailer.org_id, "outlet_id": retailer.outlet_id}
    orders = connection.execute(_SQL["deliveries"], outlet).fetchall()
    wanted = {"org_id": retailer.org_id, "order_ids": [order["order_id"] for order in orders]}
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in connection.execute(_SQL["lines"], wanted):
        lines[line["order_id"]].append(line)
    return [{**order, "lines": lines[order["order_id"]]} for order in orders]
