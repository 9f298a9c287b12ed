"""The stock ledger: movements that are only ever added, and the balances that they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.products import no_product
from store.statements import statements

_SQL: Final = statements("stock")


class PlaceKind(StrEnum):
    """Where stock can be."""

    depot = "depot"
    van = "van"
    outlet = "outlet"


class Cause(StrEnum):
    """Why stock moved."""

    opening = "opening"
    receipt = "receipt"
    load = "load"
    top_up = "top_up"
    delivery = "delivery"
    free = "free"
    customer_return = "customer_return"
    damage = "damage"
    unload = "unload"
    transfer = "transfer"
    adjustment = "adjustment"
    sale = "sale"


@dataclass(frozen=True, slots=True)
class Place:
    """A depot, a van or an outlet by the name people know it by."""

    kind: PlaceKind
    place_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """So many pieces more (or, negative, fewer) of a product at a place. The same cause and `ref` are the same movement."""

    moved_at: datetime
    place: Place
    product_id: str
    pieces: int
    cause: Cause
    ref: str
    trip_id: str | None = None
    batch: str = ""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMovement:
    """A line of the ledger."""

    org_id: int
    movement_id: int
    moved_at: datetime
    place_kind: str
    place_id: str
    product_id: str
    batch: str
    pieces: int
    cause: str
    ref: str
    trip_id: str | None
    actor: str
    note: str | None
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """What the ledger says is at a place."""

    org_id: int
    place_kind: str
    place_id: str
    product_id: str
    pieces: int
    moved_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFilter:
    """Which movements or balances to list; `None` lets all through."""

    place_kind: str | None = None
    place_id: str | None = None
    product_id: str | None = None
    cause: str | None = None
    ref: str | None = None
    trip_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def move(connection: Connection, org_id: int, actor: str, movements: Iterable[Movement]) -> int:
    """Write movements down; how many were new. What moves no piece is no movement. Raises InvalidInputError for no product."""
    rows = [_row(org_id, actor, movement) for movement in movements if movement.pieces]
    if not rows:
        return 0
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_SQL["add"], rows)
            return cursor.rowcount
    except psycopg.errors.ForeignKeyViolation as error:
        raise no_product(connection, org_id, "product_id", [str(row["product_id"]) for row in rows]) from error


def between(source: Place, target: Place, movement: Movement) -> tuple[Movement, Movement]:
    """The two lines of stock going from `source` to `target`; `movement` says the rest, its place is not read."""
    parts = {name: getattr(movement, name) for name in ("moved_at", "product_id", "cause", "ref", "trip_id", "batch", "note")}
    return (Movement(place=source, pieces=-movement.pieces, **parts), Movement(place=target, pieces=movement.pieces, **parts))


def of_trip(movement: Movement, trip_id: str) -> Movement:
    """The same movement on behalf of a trip."""
    return replace(movement, trip_id=trip_id)


LISTING: Final = Listing(
    sorts={name: Identifier(name) for name in ("movement_id", "moved_at", "stored_at", "product_id", "place_id")},
    keys={"movement_id": Identifier("movement_id")},
    changed=SQL("stored_at >= %(changed_since)s"),
    newest_first=True,
)


def list_movements(connection: Connection, wanted: StockFilter, part: Part = FIRST) -> list[StoredMovement]:
    """Lines of the ledger, the newest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(StoredMovement)) as cursor:
        return cursor.execute(SQL(_SQL["list"]).format(part=end), {**asdict(wanted), **page}).fetchall()


_BALANCE_KEYS: Final = ("place_kind", "place_id", "product_id", "org_id")
BALANCES: Final = Listing(
    sorts={name: Identifier(name) for name in ("place_kind", "place_id", "product_id", "pieces", "moved_at", "changed_at")},
    keys={name: Identifier(name) for name in _BALANCE_KEYS},
    changed=SQL("changed_at >= %(changed_since)s"),
)


def list_balances(connection: Connection, wanted: StockFilter, part: Part = FIRST) -> list[Balance]:
    """What is where, by kind of place, place and product unless `part` says otherwise."""
    end, page = ending(BALANCES, part)
    with connection.cursor(row_factory=class_row(Balance)) as cursor:
        return cursor.execute(SQL(_SQL["balances"]).format(part=end), {**asdict(wanted), **page}).fetchall()


def _row(org_id: int, actor: str, movement: Movement) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "actor": actor,
        "moved_at": movement.moved_at,
        "place_kind": movement.place.kind.value,
        "place_id": movement.place.place_id,
        "product_id": movement.product_id,
        "batch": movement.batch,
        "pieces": movement.pieces,
        "cause": movement.cause.value,
        "ref": movement.ref,
        "trip_id": movement.trip_id,
        "note": movement.note,
    }
