"""What handed over goods are worth. Pure; money is decimal, in the organisation's currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
ROUNDING: Final = Decimal(1)
"""People pay whole units: what is paid may be so far from what is billed."""


def line_value(pieces: int, ordered: int, price: Decimal, discount_value: Decimal, tax_pct: Decimal) -> Decimal:
    """The value with tax of `pieces` of a line whose discount was given for the pieces ordered."""
    discount = discount_value * pieces / ordered if ordered else Decimal(0)
    net = max(Decimal(0), price * pieces - discount)
    return (net * (1 + tax_pct / 100)).quantize(CENT, ROUND_HALF_UP)
