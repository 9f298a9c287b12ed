"""What trips are to carry into their stops, as far as their orders say."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any, Final

from psycopg.rows import DictRow

from domain.deliveries import Order, OrderLine
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("trip_orders")


def trip_orders_between(
    connection: Connection, since: datetime, until: datetime, *, org_id: int | None = None
) -> dict[int, tuple[Order, ...]]:
    """Orders, by organisation, of the trips whose planned span meets `since` to `until`; quantities in pieces."""
    rows = connection.execute(_SQL["lines_between"], {"since": since, "until": until, "org_id": org_id})
    found: dict[int, list[Order]] = {}
    for (owner, order_id, trip_id, stop_id), lines in groupby(rows, _order_of):
        found.setdefault(owner, []).append(Order(order_id, trip_id, stop_id, tuple(map(_line, lines))))
    return {owner: tuple(orders) for owner, orders in found.items()}


def _order_of(row: DictRow) -> tuple[Any, ...]:
    return row["org_id"], row["order_id"], row["trip_id"], row["stop_id"]


def _line(row: DictRow) -> OrderLine:
    quantities = (row["ordered"], row["loaded"], row["delivered"], row["returned"])
    return OrderLine(row["product_id"], *quantities, row["unit_kg"])
