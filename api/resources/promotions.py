"""Promotions: a percentage, an amount, pieces for free, or a percentage by quantity."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from api.records.money import Percent, Price
from api.records.resource import Change, Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.errors import InvalidInputError
from domain.orders import PROMOTION as LIFE
from store.catalogue import PROMOTION

Pieces = Annotated[int, Field(gt=0, le=1_000_000)]
Kind = Literal["percentage", "amount", "buy_x_get_y", "slab"]


class PercentageTerms(Given):
    """So much off the price."""

    percent: Percent


class AmountTerms(Given):
    """So much money off each piece."""

    per_piece: Price


class BuyXGetYTerms(Given):
    """For each so many pieces bought, so many for free."""

    buy: Pieces
    get: Pieces


class Slab(Given):
    """A percentage for who takes at least so many pieces."""

    least_pieces: Pieces
    percent: Percent


class SlabTerms(Given):
    """The highest slab that is reached counts."""

    slabs: list[Slab] = Field(min_length=1, max_length=50)


Terms = PercentageTerms | AmountTerms | BuyXGetYTerms | SlabTerms
_TERMS: Final[dict[str, type[Given]]] = {
    "percentage": PercentageTerms,
    "amount": AmountTerms,
    "buy_x_get_y": BuyXGetYTerms,
    "slab": SlabTerms,
}
Classes = Annotated[list[Literal["A", "B", "C"]], Field(max_length=3, description="None: every class.")]
Products = Annotated[list[Name], Field(max_length=5000, description="None: every product.")]


class _Told(Given):
    valid_until: date | None = None
    budget: Price | None = Field(None, description="None: without limit.")


class NewPromotion(_Told):
    """A promotion to add; it is a draft until it is made active."""

    promotion_id: Annotated[Name, Field(examples=["P-MONSOON"])]
    name: Text
    kind: Kind
    terms: Terms = Field(examples=[{"percent": 5}])
    product_ids: Products = Field([])
    outlet_classes: Classes = Field([])
    valid_from: date


class PromotionChange(_Told):
    """What to change of a promotion. What it gives is agreed: another kind or other terms are another promotion."""

    name: Text | None = None
    terms: Terms | None = None
    product_ids: Products | None = None
    outlet_classes: Classes | None = None
    valid_from: date | None = None


class Promotion(Shown):
    """What outlets get over a span of days."""

    promotion_id: str
    name: str
    kind: str
    terms: dict[str, Any]
    product_ids: list[str]
    outlet_classes: list[str]
    valid_from: date
    valid_until: date | None
    budget: Price | None
    spent: Price


class PromotionFilters(Filters):
    """Which promotions to list."""

    kind: Kind | None = None


def _rule(change: Change) -> None:
    """The terms are those of the promotion's kind."""
    if "terms" not in change.values:
        return
    kind = change.values.get("kind") or (change.before or {})["kind"]
    try:
        TypeAdapter(_TERMS[kind]).validate_python(change.values["terms"])
    except ValidationError as error:
        raise InvalidInputError("terms", f"are not those of a promotion by {kind}: {error.errors()[0]['msg']}") from error


PROMOTIONS: Final = Resource(
    path="/promotions",
    table=PROMOTION,
    life=LIFE,
    new=NewPromotion,
    change=PromotionChange,
    shown=Promotion,
    filters=PromotionFilters,
    filtered={"kind": ("kind", "=")},
    rule=_rule,
)
router = record_router(PROMOTIONS)
