"""What goes on a van: expected from its orders, and counted by two people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import psycopg
from psycopg.rows import class_row

from domain.errors import NotFoundError
from domain.loading import WantedLine
from store.journeys import Journey
from store.pool import Connection
from store.products import no_product
from store.statements import statements

_SQL: Final = statements("loads")
Counter = Literal["checker", "driver"]


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A product of the load, in pieces; `None` while not counted."""

    product_id: str
    name: str
    expected: int
    checked: int | None
    received: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Load:
    """A load-out."""

    depot_id: str
    vehicle_id: str
    opened_by: str
    opened_at: datetime
    checker: str | None
    checker_at: datetime | None
    driver: str | None
    driver_at: datetime | None
    confirmed_at: datetime | None
    crates_checked: int | None
    crates_received: int | None


def wanted_lines(connection: Connection, journey: Journey) -> list[WantedLine]:
    """Lines of the trip's allocated orders, who comes first on the route first."""
    with connection.cursor(row_factory=class_row(WantedLine)) as cursor:
        return cursor.execute(_SQL["wanted"], _key(journey)).fetchall()


def open_load(connection: Connection, journey: Journey, depot_id: str, actor: str, expected: Mapping[str, int]) -> None:
    """Begin a load-out anew, with nothing counted. Raises InvalidInputError for what is no product."""
    row = _key(journey) | {"depot_id": depot_id, "vehicle_id": journey.vehicle_id, "actor": actor}
    connection.execute(_SQL["open"], row)
    connection.execute(_SQL["clear_lines"], _key(journey))
    lines = [_key(journey) | {"product_id": product, "expected": pieces} for product, pieces in expected.items()]
    _write(connection, journey, "expect", lines)


def load_of(connection: Connection, journey: Journey) -> tuple[Load, list[LoadLine]]:
    """The load-out of a trip. Raises NotFoundError."""
    with connection.cursor(row_factory=class_row(Load)) as cursor:
        load = cursor.execute(_SQL["find"], _key(journey)).fetchone()
    if load is None:
        raise NotFoundError("load-out of trip", journey.trip_id)
    with connection.cursor(row_factory=class_row(LoadLine)) as cursor:
        return load, cursor.execute(_SQL["lines"], _key(journey)).fetchall()


def count_load(
    connection: Connection,
    journey: Journey,
    counter: Counter,
    actor: str,
    counted: Mapping[str, tuple[int, str | None]],
    crates: int = 0,
) -> None:
    """Write down what the checker or the driver counted, by product: pieces, and why not as expected; and the crates."""
    lines = [
        _key(journey) | {"product_id": product, "pieces": pieces, "reason": reason}
        for product, (pieces, reason) in counted.items()
    ]
    _write(connection, journey, f"count_by_{counter}", lines)
    connection.execute(_SQL[f"signed_by_{counter}"], _key(journey) | {"actor": actor, "crates": crates})


def confirm_load(connection: Connection, journey: Journey, loaded: Mapping[tuple[str, int], int]) -> None:
    """The load is agreed upon: order lines say what is on the van for them, and their orders are loaded."""
    connection.execute(_SQL["confirm"], _key(journey))
    rows = [
        {"org_id": journey.org_id, "order_id": order_id, "line_no": line_no, "loaded": pieces}
        for (order_id, line_no), pieces in loaded.items()
    ]
    _write(connection, journey, "load_line", rows)
    connection.execute(_SQL["orders_become"], _key(journey) | {"before": "allocated", "after": "loaded"})


def reopen_load(connection: Connection, journey: Journey) -> None:
    """What was agreed upon no longer holds; what was counted stays to be corrected."""
    connection.execute(_SQL["reopen"], _key(journey))
    connection.execute(_SQL["orders_become"], _key(journey) | {"before": "loaded", "after": "allocated"})


def send_orders_out(connection: Connection, journey: Journey) -> None:
    """The orders on the van are on their way."""
    connection.execute(_SQL["orders_become"], _key(journey) | {"before": "loaded", "after": "out_for_delivery"})


def _key(journey: Journey) -> dict[str, object]:
    return {"org_id": journey.org_id, "trip_id": journey.trip_id}


def _write(connection: Connection, journey: Journey, statement: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_SQL[statement], rows)
    except psycopg.errors.ForeignKeyViolation as error:
        named = [str(row["product_id"]) for row in rows]
        raise no_product(connection, journey.org_id, "lines.product_id", named) from error
