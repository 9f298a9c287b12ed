"""What trips are to carry into their stops, as far as their orders say."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from psycopg.rows import DictRow

from domain.deliveries import Order, OrderLine
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("trip_orders")
_LINES_BETWEEN, _LINES_OF_TRIPS = (_SQL["lines"].replace("{wanted}", _SQL[wanted]) for wanted in ("between", "of_trips"))


def trip_orders_between(
    connection: Connection, since: datetime, until: datetime, *, org_id: int | None = None
) -> dict[int, tuple[Order, ...]]:
    """Orders, by organisation, of the trips whose planned span meets `since` to `until`; quantities in pieces."""
    return _orders(connection.execute(_LINES_BETWEEN, {"since": since, "until": until, "org_id": org_id}))


def orders_of_trips(connection: Connection, org_id: int, trip_ids: Collection[str]) -> tuple[Order, ...]:
    """Orders of some of an organisation's trips; quantities in pieces."""
    rows = connection.execute(_LINES_OF_TRIPS, {"org_id": org_id, "trip_ids": sorted(trip_ids)})
    return _orders(rows).get(org_id, ())


def _orders(rows: Iterable[DictRow]) -> dict[int, tuple[Order, ...]]:
    found: dict[int, list[Order]] = {}
    for (owner, order_id, trip_id, stop_id), lines in groupby(rows, _order_of):
        found.setdefault(owner, []).append(Order(order_id, trip_id, stop_id, tuple(map(_line, lines))))
    return {owner: tuple(orders) for owner, orders in found.items()}


def _order_of(row: DictRow) -> tuple[Any, ...]:
    return row["org_id"], row["order_id"], row["trip_id"], row["stop_id"]


def _line(row: DictRow) -> OrderLine:
    quantities = (row["ordered"], row["loaded"], row["delivered"], row["returned"])
    return OrderLine(row["product_id"], *quantities, row["unit_kg"])
