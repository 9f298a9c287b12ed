"""Vans that broke down on a trip, and what was done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from store.journeys import Journey
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("breakdowns")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A van that stands."""

    org_id: int
    breakdown_id: str
    trip_id: str
    vehicle_id: str
    reported_at: datetime
    reported_by: str
    longitude_deg: float | None
    latitude_deg: float | None
    reason: str
    sha256: str | None
    approval_id: int | None
    state: str
    to_trip_id: str | None
    cargo_kg: float | None
    note: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the driver says."""

    at: datetime
    reason: str
    sha256: str | None
    longitude_deg: float | None
    latitude_deg: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakdownFilter:
    """Which breakdowns to list; `None` lets all through."""

    breakdown_id: str | None = None
    trip_id: str | None = None
    states: Sequence[str] | None = None


def report(connection: Connection, journey: Journey, actor: str, told: Report) -> Breakdown:
    """Write a breakdown down. Raises ConflictError when the van stands already and InvalidInputError for unknown media."""
    row = {
        "org_id": journey.org_id,
        "trip_id": journey.trip_id,
        "vehicle_id": journey.vehicle_id,
        "at": told.at,
        "actor": actor,
        "longitude_e7": None if told.longitude_deg is None else round(told.longitude_deg * 1e7),
        "latitude_e7": None if told.latitude_deg is None else round(told.latitude_deg * 1e7),
        "reason": told.reason,
        "sha256": told.sha256,
    }
    try:
        with connection.transaction():
            made = connection.execute(_SQL["report"], row).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(f"trip {journey.trip_id!r} has a breakdown that is not over") from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise InvalidInputError("sha256", "save the media first") from error
    assert made is not None
    return breakdown_named(connection, made["breakdown_id"])


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("reported_at", "state", "trip_id", "vehicle_id", "changed_at")},
    keys={name: Identifier(name) for name in ("reported_at", "breakdown_id", "org_id")},
    changed=SQL("changed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_breakdowns(connection: Connection, wanted: BreakdownFilter, part: Part = FIRST) -> list[Breakdown]:
    """Breakdowns, the newest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    row = {
        "breakdown_id": wanted.breakdown_id,
        "trip_id": wanted.trip_id,
        "states": list(wanted.states) if wanted.states else None,
        **page,
    }
    with connection.cursor(row_factory=class_row(Breakdown)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), row).fetchall()


def breakdown_named(connection: Connection, breakdown_id: str, *, lock: bool = False) -> Breakdown:
    """One breakdown. Raises NotFoundError."""
    if lock:
        connection.execute(_SQL["lock"], {"breakdown_id": breakdown_id})
    found = list_breakdowns(connection, BreakdownFilter(breakdown_id=breakdown_id))
    if not found:
        raise NotFoundError("breakdown", breakdown_id)
    return found[0]


def ask_for(connection: Connection, breakdown: Breakdown, approval_id: int) -> None:
    """Say which approval decides."""
    connection.execute(_SQL["ask_for"], _key(breakdown) | {"approval_id": approval_id})


def become(connection: Connection, breakdown: Breakdown, state: str, note: str | None) -> None:
    """Bring it into a state."""
    connection.execute(_SQL["become"], _key(breakdown) | {"state": state, "note": note})


def put_on(connection: Connection, breakdown: Breakdown, other: Journey, cargo_kg: float | None) -> list[str]:
    """Let open deliveries go on with another trip, to its stops at the same outlets; outlets that it does not come to."""
    row = _key(breakdown) | {"trip_id": breakdown.trip_id, "to_trip_id": other.trip_id, "cargo_kg": cargo_kg}
    missing = [found["outlet_id"] for found in connection.execute(_SQL["unserved"], row)]
    if not missing:
        connection.execute(_SQL["move_deliveries"], row)
        connection.execute(_SQL["move_orders"], row)
        connection.execute(_SQL["name_other_trip"], row)
    return missing


def give_up_deliveries(connection: Connection, breakdown: Breakdown, actor: str, reason: str) -> None:
    """Open deliveries have failed, and their orders with them."""
    row = _key(breakdown) | {"trip_id": breakdown.trip_id, "actor": actor, "reason": reason}
    connection.execute(_SQL["fail_deliveries"], row)
    connection.execute(_SQL["fail_orders"], row)


def _key(breakdown: Breakdown) -> dict[str, Any]:
    return {"org_id": breakdown.org_id, "breakdown_id": breakdown.breakdown_id}
