from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoices import CENT, line_value

MONEY = st.decimals(0, 10_000, places=2)


@pytest.mark.parametrize(
    ("pieces", "ordered", "price", "discount", "tax", "value"),
    [
        (24, 24, "20", "0", "18", "566.40"),
        (12, 24, "20", "48", "0", "216.00"),  # half of the goods, half of the discount
        (0, 24, "20", "48", "18", "0.00"),
        (1, 3, "0.99", "1", "5", "0.69"),
        (5, 0, "2", "0", "0", "10.00"),
    ],
)
def test_a_line_is_worth_what_was_delivered(pieces: int, ordered: int, price: str, discount: str, tax: str, value: str) -> None:
    assert line_value(pieces, ordered, Decimal(price), Decimal(discount), Decimal(tax)) == Decimal(value)


@given(st.integers(0, 1000), st.integers(1, 1000), MONEY, MONEY, st.decimals(0, 40, places=2))
def test_a_value_is_whole_cents_never_negative_and_grows_with_the_goods(
    pieces: int, ordered: int, price: Decimal, discount: Decimal, tax: Decimal
) -> None:
    value = line_value(pieces, ordered, price, discount, tax)
    assert value >= 0
    assert value == value.quantize(CENT)
    assert line_value(pieces + 1, ordered, price, discount, tax) >= value
