from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.loading import WantedLine, differences, expected_load, share_out

LINES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), max_size=8).map(
    lambda told: [WantedLine(f"order-{number}", 1, product, pieces) for number, (product, pieces) in enumerate(told)]
)
COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 200))


@given(LINES, COUNTS)
def test_what_is_on_the_van_is_shared_out_and_never_more(lines: list[WantedLine], counted: dict[str, int]) -> None:
    loaded = share_out(counted, lines)
    for product, wanted in expected_load(lines).items():
        given_out = sum(loaded[line.order_id, line.line_no] for line in lines if line.product_id == product)
        assert given_out == min(wanted, counted.get(product, 0))
    assert all(0 <= loaded[line.order_id, line.line_no] <= line.pieces for line in lines)


@given(LINES, COUNTS)
def test_who_comes_first_on_the_route_is_served_first(lines: list[WantedLine], counted: dict[str, int]) -> None:
    loaded = share_out(counted, lines)
    for product in "abc":
        short = [loaded[line.order_id, 1] < line.pieces for line in lines if line.product_id == product and line.pieces]
        served = [loaded[line.order_id, 1] > 0 for line in lines if line.product_id == product and line.pieces]
        assert not any(later for number, is_short in enumerate(short) if is_short for later in served[number + 1 :])


def test_checker_and_driver_disagree_where_counts_differ_or_are_missing() -> None:
    assert differences({"a": 5, "b": 4, "c": None, "d": 0}, {"a": 5, "b": 3, "c": None, "d": 0}) == ["b", "c"]
