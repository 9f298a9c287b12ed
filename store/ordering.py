"""What orders need beside their record: prices and promotions that hold, and quantities that follow from a new state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from domain.pricing import PriceStep, Promotion
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("ordering")
Filling = Literal["fill_allocated", "clear_allocated", "fill_loaded", "fill_delivered"]


def price_steps(
    connection: Connection, org_id: int, tier: str, on_date: date, product_ids: Sequence[str]
) -> dict[str, list[PriceStep]]:
    """Steps of the active price lists of a tier, by product."""
    wanted = {"org_id": org_id, "tier": tier, "on_date": on_date, "product_ids": list(product_ids)}
    steps: dict[str, list[PriceStep]] = defaultdict(list)
    for row in connection.execute(_SQL["price_steps"], wanted):
        steps[row["product_id"]].append(PriceStep(row["least_pieces"], row["price"]))
    return steps


def promotions(connection: Connection, org_id: int, outlet_class: str, on_date: date) -> list[Promotion]:
    """Promotions that hold for outlets of a class on a day."""
    rows = connection.execute(_SQL["promotions"], {"org_id": org_id, "outlet_class": outlet_class, "on_date": on_date})
    return [
        Promotion(row["promotion_id"], row["kind"], row["terms"], frozenset(row["product_ids"]), row["budget_left"])
        for row in rows
    ]


def spend(connection: Connection, org_id: int, promotion_id: str, worth: Decimal) -> None:
    """Take from a promotion's budget; less than nothing gives back."""
    connection.execute(_SQL["spend"], {"org_id": org_id, "promotion_id": promotion_id, "worth": worth})


def fill_lines(connection: Connection, org_id: int, order_id: str, filling: Filling) -> None:
    """Give each line of an order the quantity that nobody said otherwise."""
    connection.execute(_SQL[filling], {"org_id": org_id, "order_id": order_id})


def put_on_trip(connection: Connection, org_id: int, trip_id: str, on_date: date) -> list[str]:
    """Let confirmed orders that are due by a day, and on no trip yet, go with a trip that stops at their outlets."""
    rows = connection.execute(_SQL["put_on_trip"], {"org_id": org_id, "trip_id": trip_id, "on_date": on_date})
    return sorted(row["order_id"] for row in rows)


def contract_sales(connection: Connection, contract_id: str, since: date, until: date) -> list[dict[str, Any]]:
    """What an active brand contract opens, as far as the transaction is a party to it: its brands' sales by product and day."""
    wanted = {"contract_id": contract_id, "since": since, "until": until}
    return connection.execute(_SQL["contract_sales"], wanted).fetchall()


def contract_availability(connection: Connection, contract_id: str, since: date, until: date) -> list[dict[str, Any]]:
    """How its brands stand at the distributor, by product, as far as the transaction is a party to the contract."""
    wanted = {"contract_id": contract_id, "since": since, "until": until}
    return connection.execute(_SQL["contract_availability"], wanted).fetchall()
