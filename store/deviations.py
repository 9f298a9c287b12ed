"""Deviations from planned routes, from where each was left to where it was met again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.sql import SQL, Identifier

from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("deviations")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One time off the route; `ended_at` and what follows from the return are none while it lasts."""

    event_id: str
    vehicle_id: str
    trip_id: str | None
    severity: str
    started_at: datetime
    ended_at: datetime | None
    peak_m: float | None
    extra_m: float | None
    left_at_m: float | None
    longitude_deg: float | None
    latitude_deg: float | None
    rejoined_at_m: float | None
    rejoined_longitude_deg: float | None
    rejoined_latitude_deg: float | None
    reason: str
    is_excused: bool
    changed_at: datetime


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("started_at", "event_id", "severity", "reason", "changed_at")},
    keys={name: Identifier(name) for name in ("started_at", "event_id")},
    changed=SQL("changed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_deviations(
    connection: Connection, *, trip_id: str | None, since: datetime | None, until: datetime | None, part: Part = FIRST
) -> list[Deviation]:
    """The latest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    wanted = {"trip_id": trip_id, "since": since, "until": until}
    rows = connection.execute(SQL(_SQL["deviations"]).format(part=end), {**wanted, **page})
    return [Deviation(**{name: row[name] for name in Deviation.__dataclass_fields__}) for row in rows]
