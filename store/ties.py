"""Orders, deliveries, the ledger and what shelf sensors saw, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from store.listing import FIRST, Listing, Part, ending
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


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where an order line stands in lists of them."""

    org_id: int
    delivery_id: str
    trip_id: str
    planned_start: datetime
    position_no: int
    order_id: str
    line_no: int
    product_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which order lines to list; `None` lets all through. Times bound the planned start of the trip."""

    trip_id: str | None = None
    order_id: str | None = None
    outlet_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_OF_LINE: Final = {
    "planned_start": SQL("trip.planned_start"),
    "trip_id": SQL("trip.trip_id"),
    "org_id": SQL("delivery.org_id"),
    "position_no": SQL("stop.position_no"),
    "order_id": SQL("delivery.order_id"),
    "line_no": SQL("line.line_no"),
}
LINES: Final = Listing(
    sorts={name: _OF_LINE[name] for name in ("planned_start", "trip_id", "order_id")} | {"product_id": SQL("line.product_id")},
    keys=_OF_LINE,
    changed=SQL(_SQL["trip_followed"]),
    newest_first=True,
)
_OF_SHELF: Final = {name: SQL("known.{}").format(Identifier(name)) for name in ("outlet_id", "product_id", "org_id")}
SHELVES: Final = Listing(
    sorts={
        "outlet_id": _OF_SHELF["outlet_id"],
        "product_id": _OF_SHELF["product_id"],
        "outlet_name": SQL("outlet.name"),
        "product_name": SQL("product.name"),
    },
    keys=_OF_SHELF,
    changed=SQL(_SQL["shelf_changed"]),
)


def list_lines(connection: Connection, wanted: LineFilter, part: Part = FIRST) -> list[LinePlace]:
    """Lines of ended deliveries, those of the latest trip first unless `part` says otherwise."""
    end, page = ending(LINES, part)
    with connection.cursor(row_factory=class_row(LinePlace)) as cursor:
        return cursor.execute(SQL(_SQL["list_lines"]).format(part=end), {**asdict(wanted), **page}).fetchall()


def follow_lines(connection: Connection, trips: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[FollowedLine]]:
    """All lines of ended deliveries of each of these trips, named by organisation and trip, in the order of its stops."""
    chosen = sorted(set(trips))
    found: dict[tuple[int, str], list[FollowedLine]] = defaultdict(list)
    row = {"org_ids": [org_id for org_id, _ in chosen], "trip_ids": [trip_id for _, trip_id in chosen]}
    with connection.cursor(row_factory=class_row(FollowedLine)) as cursor:
        for line in cursor.execute(_SQL["follow_lines"], row):
            found[line.org_id, line.trip_id].append(line)
    return found


def shelf_states(
    connection: Connection, *, outlet_id: str | None, product_id: str | None, part: Part = FIRST
) -> list[ShelfState]:
    """Products of outlets that the ledger or a sensor knows, by outlet and product unless `part` says otherwise."""
    end, page = ending(SHELVES, part)
    with connection.cursor(row_factory=class_row(ShelfState)) as cursor:
        return cursor.execute(
            SQL(_SQL["shelf_states"]).format(part=end), {"outlet_id": outlet_id, "product_id": product_id, **page}
        ).fetchall()


def sold_by_day(
    connection: Connection, states: Sequence[ShelfState], since: datetime, until: datetime
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
