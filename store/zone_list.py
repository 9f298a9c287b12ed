"""Zones as they are listed: each with the version of it that holds, and when any of its versions was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from domain.errors import NotFoundError
from domain.zones import Zone
from store.listing import FIRST, Listing, Part, ending
from store.planning_rows import read_zone
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("zone_list")

LISTING: Final = Listing(
    sorts={
        **{name: Identifier("version", name) for name in ("zone_id", "name", "kind")},
        "changed_at": Identifier("known", "changed_at"),
    },
    keys={name: Identifier("version", name) for name in ("zone_id", "org_id")},
    changed=SQL("known.changed_at >= %(changed_since)s"),
)


@dataclass(frozen=True, slots=True)
class ListedZone:
    """The version of a zone that holds at a moment, else the last one."""

    org_id: int
    zone_id: str
    name: str
    kind: str
    zone: Zone
    changed_at: datetime  # of any of its versions


def list_zones(connection: Connection, at: datetime, kinds: Sequence[str] | None, part: Part = FIRST) -> list[ListedZone]:
    """Zones that hold at a moment, by identifier unless `part` says otherwise; among changes, also those that hold no more."""
    return _read(connection, part, at=at, kinds=list(kinds) if kinds else None, zone_id=None)


def zone_named(connection: Connection, zone_id: str, at: datetime) -> ListedZone:
    """One zone that holds at a moment, the acting organisation's own first. Raises NotFoundError."""
    found = _read(connection, FIRST, at=at, kinds=None, zone_id=zone_id)
    if not found:
        raise NotFoundError("zone", zone_id)
    return found[0]


def _read(connection: Connection, part: Part, **wanted: Any) -> list[ListedZone]:
    end, values = ending(LISTING, part)
    statement = SQL(_SQL["list_zones"]).format(part=end)
    rows = connection.execute(statement, {"changed_since": None, **values, **wanted})
    return [
        ListedZone(row["org_id"], row["zone_id"], row["name"], row["kind"], read_zone(row), row["changed_at"]) for row in rows
    ]
