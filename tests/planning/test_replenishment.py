from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.replenishment import Demand, StockState, estimate_demand, propose

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STEADY = Demand(10.0, 0.0)


def test_steady_demand_is_its_own_mean() -> None:
    demand = estimate_demand([12.0] * 28)
    assert demand.mean_per_day == pytest.approx(12)
    assert demand.deviation_per_day == pytest.approx(0)


def test_rare_demand_lies_between_nothing_and_its_size() -> None:
    demand = estimate_demand([0, 0, 0, 24, 0, 0, 0] * 4)
    assert 24 / 7 * 0.6 < demand.mean_per_day < 24 / 7 * 1.6
    assert demand.deviation_per_day == pytest.approx(8.4, abs=0.4)


def test_demand_that_stopped_dies_away() -> None:
    stopped = estimate_demand([10.0] * 14 + [0.0] * 28)
    assert stopped.mean_per_day < 1
    assert estimate_demand([]) == estimate_demand([0.0] * 9) == Demand(0.0, 0.0)


def test_cover_is_stock_over_demand() -> None:
    proposal = propose(StockState(35, 0, 2, 7), STEADY, NOW)
    assert (proposal.days_of_cover, proposal.stock_out_at) == (3.5, NOW + timedelta(days=3.5))
    assert proposal.pieces == 0  # enough for the lead time


@pytest.mark.parametrize(
    ("on_hand", "on_order", "pack", "pieces"),
    [(20, 0, 1, 70), (5, 0, 1, 85), (5, 0, 24, 96), (5, 80, 24, 0), (-4, 0, 1, 90), (21, 0, 1, 0)],
)
def test_what_is_proposed_fills_up_to_lead_time_and_review_in_whole_packs(
    on_hand: float, on_order: int, pack: int, pieces: int
) -> None:
    assert propose(StockState(on_hand, on_order, 2, 7, pack), STEADY, NOW).pieces == pieces


def test_what_is_not_sold_is_not_ordered_and_never_runs_out() -> None:
    proposal = propose(StockState(0, 0, 2, 7), Demand(0.0, 0.0), NOW)
    assert (proposal.days_of_cover, proposal.stock_out_at, proposal.pieces) == (None, None, 0)


@given(
    st.lists(st.floats(0, 1e6), max_size=60),
    st.floats(-1e6, 1e6),
    st.integers(0, 10**6),
    st.floats(0.1, 60),
    st.floats(0.1, 60),
    st.integers(1, 1000),
)
def test_after_ordering_there_is_enough(
    daily: list[float], on_hand: float, on_order: int, lead: float, review: float, pack: int
) -> None:
    stock = StockState(on_hand, on_order, lead, review, pack)
    proposal = propose(stock, estimate_demand(daily), NOW)
    assert math.isfinite(proposal.order_up_to)
    assert proposal.pieces % pack == 0
    position = max(0.0, on_hand) + on_order
    assert position + proposal.pieces >= proposal.reorder_point - 1e-6 * max(1.0, proposal.reorder_point)
    assert proposal.pieces == 0 or position + proposal.pieces < proposal.order_up_to + pack + 1e-6 * proposal.order_up_to
