"""Price lists: for outlets of a tier, by product and quantity."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import ConfigDict, Field, model_validator

from api.records.money import Price
from api.records.resource import Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.orders import PRICE_LIST as LIFE
from store.catalogue import PRICE_LIST


class PriceLine(Given):
    """The price of a piece of a product, for who takes at least so many."""

    model_config = ConfigDict(from_attributes=True)

    product_id: Name
    least_pieces: int = Field(1, gt=0, le=1_000_000)
    price: Price


class _Told(Given):
    valid_until: date | None = None

    @model_validator(mode="after")
    def _names_each_step_once(self) -> _Told:
        steps = [(line.product_id, line.least_pieces) for line in getattr(self, "lines", None) or ()]
        if len(set(steps)) < len(steps):
            raise ValueError("a product has one price for each quantity")
        return self


class NewPriceList(_Told):
    """A price list to add; it is a draft until it is made active."""

    price_list_id: Annotated[Name, Field(examples=["PL-STD-2026"])]
    name: Text
    tier: Name = "standard"
    valid_from: date
    lines: list[PriceLine] = Field([], max_length=5000)


class PriceListChange(_Told):
    """What to change of a price list."""

    name: Text | None = None
    tier: Name | None = None
    valid_from: date | None = None
    lines: list[PriceLine] | None = Field(None, max_length=5000)


class PriceList(Shown):
    """Prices that hold for a tier of outlets over a span of days."""

    price_list_id: str
    name: str
    tier: str
    valid_from: date
    valid_until: date | None
    lines: list[PriceLine]


class PriceListFilters(Filters):
    """Which price lists to list."""

    tier: Name | None = None


PRICE_LISTS: Final = Resource(
    path="/price-lists",
    table=PRICE_LIST,
    life=LIFE,
    new=NewPriceList,
    change=PriceListChange,
    shown=PriceList,
    filters=PriceListFilters,
    filtered={"tier": ("tier", "=")},
)
router = record_router(PRICE_LISTS)
