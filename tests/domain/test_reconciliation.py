from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reconciliation import Leg, LineFlow, Shortage, find_shortage, share_missing, share_rise

COUNTS = st.lists(st.integers(0, 50), max_size=6)


def flow(**told: int | None) -> LineFlow:
    values: dict[str, int | None] = {"planned": 24, "loaded": 24, "delivered": 24, "damaged": 0, "returned": 0}
    return LineFlow(**{**values, "missing_on_van": None, "risen": None, **told})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "shortage"),
    [
        (flow(), None),
        (flow(risen=24, missing_on_van=0), None),
        (flow(risen=22), None),  # within what may be sold meanwhile
        (flow(risen=12), Shortage(Leg.delivery, 12)),
        (flow(risen=-3), Shortage(Leg.delivery, 24)),
        (flow(loaded=20, delivered=20), Shortage(Leg.loading, 4)),
        (flow(delivered=12, missing_on_van=12), Shortage(Leg.van, 12)),
        (flow(returned=6, missing_on_van=6), Shortage(Leg.returns, 6)),
        (flow(loaded=20, delivered=20, risen=10), Shortage(Leg.delivery, 10)),
        (flow(delivered=0, risen=0), None),
    ],
)
def test_the_greatest_gap_names_the_leg(line: LineFlow, shortage: Shortage | None) -> None:
    assert find_shortage(line) == shortage


@given(st.integers(0, 200), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6))
def test_missing_pieces_are_shared_out_completely_as_far_as_lines_can_have_lost_them(
    missing: int, lines: list[tuple[int, int]]
) -> None:
    on_van, returned = [one for one, _ in lines], [one for _, one in lines]
    shares = share_missing(missing, on_van, returned)
    assert sum(shares) == min(missing, sum(on_van) + sum(returned))
    assert all(0 <= share <= left + back for share, left, back in zip(shares, on_van, returned, strict=True))


@given(st.integers(0, 200), COUNTS)
def test_a_rise_is_shared_out_completely(rise: int, delivered: list[int]) -> None:
    shares = share_rise(rise, dict(enumerate(delivered)))
    assert sum(shares.values()) == (rise if delivered else 0)
    assert all(share >= 0 for share in shares.values())
