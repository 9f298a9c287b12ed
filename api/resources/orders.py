"""Orders of outlets, from the first draft to their closing, with what was ordered, allocated, loaded and delivered by line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, ConfigDict, Field

from api.credit import check_credit, order_value
from api.records.money import Money, Price
from api.records.resource import Change, Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.errors import ConflictError, InvalidInputError, NotAllowedError
from domain.orders import ORDER as LIFE
from domain.people import Permission
from domain.pricing import PricedLine, price_of, promoted, worth
from store import ordering, records
from store.catalogue import ORDER, OUTLET, PRODUCT
from store.ordering import Filling

_OPEN: Final = frozenset({"draft", "confirmed"})
_NOT_LOADED: Final = _OPEN | {"allocated"}
_FILLS: Final[dict[str, Filling]] = {
    "confirmed": "clear_allocated",
    "allocated": "fill_allocated",
    "loaded": "fill_loaded",
    "delivered": "fill_delivered",
}


class NewOrderLine(Given):
    """A product and how much of it."""

    product_id: Annotated[Name, Field(examples=["COLA-330"])]
    quantity: int = Field(gt=0, le=1_000_000, examples=[2])
    unit: Name = Field("piece", examples=["case"], description="`piece`, or a unit of the product.")
    price: Price | None = Field(None, description="Of one piece, if it was agreed; otherwise by price list.")


class OrderLine(Given):
    """A line of an order, in pieces. Null while nobody has said."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    line_no: int
    product_id: str
    ordered: int
    free: int
    allocated: int | None
    loaded: int | None
    delivered: int | None
    short: int | None
    short_reason: str | None
    damaged: int | None
    returned: int | None
    price: Price
    discount_value: Price
    tax_pct: float
    batch: str | None
    expiry: date | None
    promotion_id: str | None


class NewOrder(Given):
    """An order to take; it is a draft until it is confirmed."""

    order_id: Annotated[Name, Field(examples=["SO-4711"])]
    outlet_id: Annotated[Name, Field(examples=["O-1001"])]
    due_on: date
    ordered_at: AwareDatetime | None = Field(None, description="Otherwise now.")
    invoice_no: Text | None = None
    note: Text | None = None
    lines: list[NewOrderLine] = Field(min_length=1, max_length=500)


class OrderChange(Given):
    """What to change of an order: lines and outlet until it is allocated, its stop until it is loaded."""

    outlet_id: Name | None = None
    due_on: date | None = None
    invoice_no: Text | None = None
    note: Text | None = None
    lines: list[NewOrderLine] | None = Field(None, min_length=1, max_length=500)
    trip_id: Name | None = Field(None, description="The trip that brings it; together with `stop_id`.")
    stop_id: Name | None = None


class Order(Shown):
    """What an outlet ordered, and what became of it."""

    order_id: str
    outlet_id: str
    ordered_at: datetime
    due_on: date
    trip_id: str | None
    stop_id: str | None
    invoice_no: str | None
    note: str | None
    reason: str | None = Field(description="Why it failed or was cancelled.")
    discount_value: Money
    net_value: Money = Field(description="After discounts, before tax.")
    tax_value: Money
    lines: list[OrderLine]


class OrderFilters(Filters):
    """Which orders to list."""

    outlet_id: Name | None = None
    trip_id: Name | None = None
    due_from: date | None = None
    due_until: date | None = None


def _rule(change: Change) -> None:
    before, values = change.before, change.values
    state = before["state"] if before else LIFE.first
    if {"lines", "outlet_id", "due_on"} & values.keys():
        if state not in _OPEN:
            raise ConflictError(f"the order is {state}: outlet, day and lines change until it is allocated")
        _price(change)
    if {"trip_id", "stop_id"} & values.keys():
        if Permission.plan not in change.caller.permissions:
            raise NotAllowedError("to put an order on a trip one has to be allowed to plan")
        if state not in _NOT_LOADED:
            raise ConflictError(f"the order is {state}: its stop changes until it is loaded")


def _price(change: Change) -> None:
    """Complete the lines with pieces, prices, promotions and tax, and the order with its sums."""
    values, before = change.values, change.before or {}
    outlet_id = values.get("outlet_id") or before["outlet_id"]
    outlet = records.find_all(change.connection, OUTLET, change.org_id, [outlet_id]).get(outlet_id)
    if outlet is None:
        raise InvalidInputError("outlet_id", f"there is no outlet {outlet_id!r}")
    if outlet["state"] != "approved":
        raise ConflictError(f"outlet {outlet_id!r} is {outlet['state']}: orders are taken from approved outlets")
    given = values.get("lines") or [
        {"product_id": line["product_id"], "quantity": line["ordered"], "unit": "piece", "price": line["price"]}
        for line in before["lines"]
    ]
    due_on = values.get("due_on") or before["due_on"]
    lines = _priced(change, given, tier=outlet["tier"], outlet_class=outlet["class"], due_on=due_on)
    values["lines"] = [{name: getattr(line, name) for name in PricedLine.__dataclass_fields__} for line in lines]
    values["discount_value"] = sum((line.discount_value for line in lines), Decimal(0))
    values["net_value"] = sum((line.net_value for line in lines), Decimal(0))
    values["tax_value"] = sum((line.tax_value for line in lines), Decimal(0))
    if change.before is not None and change.before["state"] == "confirmed":
        value = values["net_value"] + values["tax_value"]
        check_credit(change.connection, change.org_id, change.before["order_id"], outlet_id, value)
        _spend(change, change.before["lines"], -1)
        _spend(change, values["lines"], 1)


def _priced(change: Change, given: list[dict[str, Any]], *, tier: str, outlet_class: str, due_on: date) -> list[PricedLine]:
    names = [line["product_id"] for line in given]
    products = records.find_all(change.connection, PRODUCT, change.org_id, names)
    steps = ordering.price_steps(change.connection, change.org_id, tier, due_on, names)
    offers = ordering.promotions(change.connection, change.org_id, outlet_class, due_on)
    lines = []
    for number, line in enumerate(given):
        product = products.get(line["product_id"])
        if product is None or product["state"] != "active":
            reason = "there is no such product" if product is None else f"the product is {product['state']}"
            raise InvalidInputError(f"lines.{number}.product_id", f"{line['product_id']!r}: {reason}")
        pieces = line["quantity"] * _pieces(product, line.get("unit") or "piece", number)
        price = line.get("price")
        if price is None:
            price = price_of(product["price"], steps.get(line["product_id"], ()), pieces)
        plain = PricedLine(line["product_id"], pieces, Decimal(str(price)), product["tax_pct"])
        lines.append(promoted(plain, offers))
    return lines


def _pieces(product: records.Record, unit: str, number: int) -> int:
    units = {"piece": 1} | {one["unit"]: one["pieces"] for one in product["units"]}
    if unit not in units:
        raise InvalidInputError(f"lines.{number}.unit", f"{product['product_id']} comes by {', '.join(units)}, not by {unit!r}")
    return int(units[unit])


def _on_move(change: Change) -> None:
    before, state = change.before, change.values["state"]
    assert before is not None  # only what is there moves
    if state == "confirmed" and before["state"] != "allocated":
        check_credit(change.connection, change.org_id, before["order_id"], before["outlet_id"], order_value(before))
    if state == "confirmed" and before["state"] == "draft":
        _spend(change, before["lines"], 1)
    if state == "cancelled" and before["state"] != "draft":
        _spend(change, before["lines"], -1)
    if state in _FILLS:
        ordering.fill_lines(change.connection, change.org_id, before["order_id"], _FILLS[state])
    if before["state"] == "failed":
        change.values.update(trip_id=None, stop_id=None)


def _spend(change: Change, lines: list[dict[str, Any]], sign: int) -> None:
    """Take what the lines' promotions give from their budgets, or give it back."""
    for line in lines:
        if line["promotion_id"] is not None:
            price, discount = Decimal(str(line["price"])), Decimal(str(line["discount_value"]))
            cost = worth(PricedLine(line["product_id"], line["ordered"], price, Decimal(0), line["free"], discount))
            ordering.spend(change.connection, change.org_id, line["promotion_id"], sign * cost)


ORDERS: Final = Resource(
    path="/orders",
    table=ORDER,
    life=LIFE,
    new=NewOrder,
    change=OrderChange,
    shown=Order,
    filters=OrderFilters,
    filtered={
        "outlet_id": ("outlet_id", "="),
        "trip_id": ("trip_id", "="),
        "due_from": ("due_on", ">="),
        "due_until": ("due_on", "<="),
    },
    writes=Permission.sell,
    rule=_rule,
    on_move=_on_move,
)
router = record_router(ORDERS)
