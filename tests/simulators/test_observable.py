"""What can be known of an incident that was hidden in part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from domain.trips import Circle, PlannedStop
from simulators.truth.derived import in_view, is_too_much, watched
from simulators.truth.observable import in_sight


@pytest.mark.parametrize(
    ("hidden", "pieces"),
    [
        ([], [(0, 30)]),
        ([(10, 20)], [(0, 10), (20, 30)]),
        ([(-5, 10), (25, 40)], [(10, 25)]),
        ([(20, 25), (5, 22)], [(0, 5), (25, 30)]),
        ([(-5, 40)], []),
        ([(0, 15), (15, 30)], []),
        ([(40, 50), (-9, -1)], [(0, 30)]),
    ],
)
def test_a_span_is_in_sight_where_nothing_hides_it(
    hidden: list[tuple[float, float]], pieces: list[tuple[float, float]]
) -> None:
    assert in_sight(hidden, 0, 30) == pieces


def test_too_much_is_all_away_from_shops_and_what_exceeds_the_order_at_one() -> None:
    shop = PlannedStop("s", "o", Circle(0, 0, 50), None, None, None, 10.0)
    assert is_too_much(None, 11, 500)
    assert not is_too_much(None, 11, 1000)
    assert not is_too_much(shop, 88, 1000)
    assert is_too_much(shop, 96, 1000)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (range(0, 400, 10), [(100, 200)]),
        ([*range(0, 160, 10), *range(300, 400, 10)], [(100, 151)]),
        ([*range(0, 50, 10), *range(150, 400, 10)], [(150, 200)]),
        ([*range(0, 110, 10), *range(190, 400, 10)], [(100, 200)]),
        ([*range(0, 80, 10), *range(250, 400, 10)], []),
    ],
)
def test_the_ends_of_a_span_count_where_they_were_told(told: Sequence[int], seen: list[tuple[int, int]]) -> None:
    assert list(in_view([(100, 200)], np.array(told))) == seen


def test_nobody_is_back_sooner_than_the_way_takes() -> None:
    """Last seen 60 s from the edge of its span, and seen again well after it: it was out for those 60 s more."""
    told, least_s = np.array([*range(0, 160, 10), *range(300, 400, 10)]), np.full(400, 60.0)
    assert list(in_view([(100, 280)], told, least_s)) == [(100, 211)]
    assert list(in_view([(100, 200)], told, least_s)) == [(100, 200)]


def test_a_course_in_a_pause_is_not_seen() -> None:
    assert np.flatnonzero(~watched(np.array([0, 10, 90, 100]), 105)).tolist() == [*range(11, 90), *range(101, 105)]
