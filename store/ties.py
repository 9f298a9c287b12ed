"""Orders, deliveries, the ledger and what shelf sensors saw, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("ties")


@dataclass(frozen=True, slots=True)
class FollowedLine:
    """An order line with all that is known of its goods, in pieces. `trip_missing` is what the van lacks of the product."""

    org_id: int
    trip_id: str
    stop_id: str
    delivery_id: str
    order_id: str
    line_no: int
    product_id: str
    outlet_id: str | None
    vehicle_id: str
    state: str
    planned_start: datetime
    completed_at: datetime | None
    ordered: int
    planned: int
    loaded: int
    delivered: int
    damaged: int
    returned: int
    trip_missing: int | None
    risen: int | None
    risen_confidence: float | None


@dataclass(frozen=True, slots=True)
class ShelfState:
    """A product of an outlet: what the ledger says, what a sensor saw last, what sells, and what is on order."""

    org_id: int
    outlet_id: str
    outlet_name: str
    product_id: str
    product_name: str
    lead_time_days: int | None
    price: float
    pack_pieces: int
    balance: int | None
    observed: int | None
    observed_at: datetime | None
    confidence: float | None
    device_key: str | None  # of all sensors that see it
    on_order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which order lines to follow; `None` lets all through. Times bound the planned start of the trip."""

    trip_id: str | None = None
    trip_ids: Sequence[str] | None = None
    order_id: str | None = None
    outlet_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def follow_lines(
    connection: Connection, wanted: LineFilter, *, after: tuple[datetime, str, int] | None, limit: int | None
) -> list[FollowedLine]:
    """Lines of orders that left the depot, of `limit` trips, the latest first; a trip's lines are never torn apart."""
    start, trip_id, org_id = after or (None, None, None)
    row = {
        "trip_id": wanted.trip_id,
        "trip_ids": None if wanted.trip_ids is None else list(wanted.trip_ids),
        "order_id": wanted.order_id,
        "outlet_id": wanted.outlet_id,
        "since": wanted.since,
        "until": wanted.until,
        "after_start": start,
        "after_trip": trip_id,
        "after_org": org_id,
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(FollowedLine)) as cursor:
        return cursor.execute(_SQL["follow_lines"], row).fetchall()


def shelf_states(
    connection: Connection,
    *,
    outlet_id: str | None,
    product_id: str | None,
    after: tuple[str, str, int] | None = None,
    limit: int = 1000,
) -> list[ShelfState]:
    """Products of outlets that the ledger or a sensor knows, by outlet and product."""
    after_outlet, after_product, after_org = after or (None, None, None)
    row = {"outlet_id": outlet_id, "product_id": product_id, "limit": limit}
    page = {"after_outlet": after_outlet, "after_product": after_product, "after_org": after_org}
    with connection.cursor(row_factory=class_row(ShelfState)) as cursor:
        return cursor.execute(_SQL["shelf_states"], row | page).fetchall()


def sold_by_day(
    connection: Connection, states: list[ShelfState], since: datetime, until: datetime
) -> Mapping[tuple[int, str, str], tuple[str, list[float]]]:
    """Pieces of each day by (organisation, outlet, product), oldest first, with what they were told by.

    That is the tills where they report, else shelf sensors, else what was delivered.
    """
    row = {
        "org_ids": [state.org_id for state in states],
        "outlet_ids": [state.outlet_id for state in states],
        "product_ids": [state.product_id for state in states],
        "since": since,
        "until": until,
    }
    found = connection.execute(_SQL["sold_by_day"], row)
    return {(one["org_id"], one["outlet_id"], one["product_id"]): (one["source"], one["daily"]) for one in found}
