"""What came back in the evening: expected by the ledger, counted by people, and the money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from psycopg.rows import class_row

from domain.errors import NotFoundError
from store.journeys import Journey
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("settlements")


@dataclass(frozen=True, slots=True)
class ProductFlow:
    """What the ledger says of a product on a trip's van, in pieces; `counted` is what was found in the evening."""

    product_id: str
    name: str
    loaded: int
    topped_up: int
    transferred: int
    delivered: int
    free: int
    damaged: int
    returned: int
    counted: int | None
    price: Decimal
    packs: list[int]

    @property
    def expected(self) -> int:
        """What ought to be on the van."""
        came = self.loaded + self.topped_up + self.transferred + self.returned
        return came - self.delivered - self.free - self.damaged

    @property
    def variance(self) -> int | None:
        """Counted less expected: negative when something is missing."""
        return None if self.counted is None else self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Due:
    """What the driver ought to hand in, by the trip's deliveries."""

    billed: Decimal
    cash: Decimal
    upi: Decimal
    credit: Decimal
    crates: int  # loaded, less given out, plus taken back


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was handed in."""

    submitted_by: str
    submitted_at: datetime
    cash_due: Decimal
    cash_counted: Decimal
    upi_due: Decimal
    upi_counted: Decimal
    credit: Decimal
    billed: Decimal
    crates_due: int
    crates_counted: int
    note: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """Money and crates that were counted."""

    cash_counted: Decimal
    upi_counted: Decimal
    crates_counted: int
    note: str | None


def flows(connection: Connection, journey: Journey) -> list[ProductFlow]:
    """Each product that was on the van, by the ledger."""
    with connection.cursor(row_factory=class_row(ProductFlow)) as cursor:
        return cursor.execute(_SQL["flows"], _van(journey)).fetchall()


def due(connection: Connection, journey: Journey) -> Due:
    """What ought to be handed in."""
    with connection.cursor(row_factory=class_row(Due)) as cursor:
        found = cursor.execute(_SQL["due"], _van(journey)).fetchone()
    assert found is not None  # a sum always is
    return found


def submit(
    connection: Connection, journey: Journey, actor: str, handed: HandedIn, counted: Sequence[tuple[ProductFlow, int]]
) -> None:
    """Write a settlement down; one that was handed in before gives way."""
    owed = due(connection, journey)
    row = _van(journey) | asdict(handed) | {"actor": actor, "cash_due": owed.cash, "upi_due": owed.upi, "credit": owed.credit}
    connection.execute(_SQL["forget"], _van(journey))
    connection.execute(_SQL["submit"], row | {"billed": owed.billed, "crates_due": owed.crates})
    lines = [_line(journey, flow, pieces) for flow, pieces in counted]
    if lines:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL["submit_line"], lines)


def settlement_of(connection: Connection, journey: Journey) -> Settlement | None:
    """What was handed in for a trip, if anything was."""
    with connection.cursor(row_factory=class_row(Settlement)) as cursor:
        return cursor.execute(_SQL["find"], _van(journey)).fetchone()


def settled_lines(connection: Connection, journey: Journey) -> list[ProductFlow]:
    """Its lines, as they were when it was handed in."""
    with connection.cursor(row_factory=class_row(ProductFlow)) as cursor:
        return cursor.execute(_SQL["lines"], _van(journey)).fetchall()


def decide(connection: Connection, journey: Journey, actor: str, decision: str | None) -> None:
    """Write down who agreed. Raises NotFoundError."""
    row = _van(journey) | {"actor": actor, "decision": decision}
    if not connection.execute(_SQL["decide"], row).rowcount:
        raise NotFoundError("settlement of trip", journey.trip_id)


def unproved(connection: Connection, journey: Journey) -> list[str]:
    """Deliveries that delivered something and have no proof."""
    return [row["delivery_id"] for row in connection.execute(_SQL["unproved"], _van(journey))]


def open_deliveries(connection: Connection, journey: Journey) -> list[str]:
    """Deliveries that have not ended."""
    return [row["delivery_id"] for row in connection.execute(_SQL["open_deliveries"], _van(journey))]


def close_orders(connection: Connection, journey: Journey) -> None:
    """Orders of the trip that were delivered, at least in part, are closed."""
    connection.execute(_SQL["close_orders"], _van(journey))


def _van(journey: Journey) -> dict[str, Any]:
    return {"org_id": journey.org_id, "trip_id": journey.trip_id, "vehicle_id": journey.vehicle_id}


def _line(journey: Journey, flow: ProductFlow, pieces: int) -> Mapping[str, Any]:
    return _van(journey) | asdict(flow) | {"counted": pieces}
