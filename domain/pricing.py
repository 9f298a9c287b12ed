"""What an order costs: prices by tier and quantity, promotions, tax. Pure; money is exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

_CENT: Final = Decimal("0.01")
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price of a piece for who takes at least so many."""

    least_pieces: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion that holds for an outlet and a day. `left` of its budget; None is without limit."""

    promotion_id: str
    kind: str  # percentage, amount, buy_x_get_y, slab
    terms: Mapping[str, Any]
    product_ids: frozenset[str] = frozenset()  # none: every product
    left: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line of an order: pieces, the price of one, and what a promotion gives."""

    product_id: str
    ordered: int
    price: Decimal
    tax_pct: Decimal
    free: int = 0
    discount_value: Decimal = _NOTHING
    promotion_id: str | None = None

    @property
    def net_value(self) -> Decimal:
        """Without tax, after the discount."""
        return self.ordered * self.price - self.discount_value

    @property
    def tax_value(self) -> Decimal:
        """Rounded to the cent, line by line."""
        return rounded(self.net_value * self.tax_pct / 100)


def rounded(value: Decimal) -> Decimal:
    """To the cent, half up."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def price_of(base: Decimal, steps: Iterable[PriceStep], pieces: int) -> Decimal:
    """The price of one piece: of the highest step that `pieces` reaches, the lower price of equal steps, else `base`."""
    reached = [step for step in steps if step.least_pieces <= pieces]
    if not reached:
        return base
    highest = max(step.least_pieces for step in reached)
    return min(step.price for step in reached if step.least_pieces == highest)


def promoted(line: PricedLine, promotions: Sequence[Promotion]) -> PricedLine:
    """The line with the one promotion that is worth most, if any; at equal worth the first by name."""
    best, best_worth = line, _NOTHING
    for promotion in sorted(promotions, key=lambda one: one.promotion_id):
        if promotion.product_ids and line.product_id not in promotion.product_ids:
            continue
        discount, free = _gift(line, promotion)
        worth = discount + free * line.price
        if worth > best_worth and (promotion.left is None or worth <= promotion.left):
            best, best_worth = replace(line, discount_value=discount, free=free, promotion_id=promotion.promotion_id), worth
    return best


def worth(line: PricedLine) -> Decimal:
    """What a line's promotion costs who gives it."""
    return line.discount_value + line.free * line.price


def _gift(line: PricedLine, promotion: Promotion) -> tuple[Decimal, int]:
    terms, gross = promotion.terms, line.ordered * line.price
    if promotion.kind == "percentage":
        return rounded(gross * Decimal(str(terms["percent"])) / 100), 0
    if promotion.kind == "amount":
        return min(gross, rounded(Decimal(str(terms["per_piece"])) * line.ordered)), 0
    if promotion.kind == "buy_x_get_y":
        return _NOTHING, line.ordered // terms["buy"] * terms["get"]
    reached = [slab for slab in terms["slabs"] if slab["least_pieces"] <= line.ordered]
    percent = max(reached, key=lambda slab: int(slab["least_pieces"]))["percent"] if reached else 0
    return rounded(gross * Decimal(str(percent)) / 100), 0
