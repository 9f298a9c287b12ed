from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from domain.learning import KEPT_SHARE, Verdict, better_pins, better_threshold, distance_m, halting_places, scores

DAY = date(2026, 3, 2)
HERE = (77.5946, 12.9716)


def verdict(number: int, *, is_right: bool, **changes: Any) -> Verdict:
    return Verdict(number, changes.pop("rule", "unscheduled_stop"), is_right, changes.pop("day", DAY), **changes)


def test_a_rule_is_as_right_as_people_say() -> None:
    found = scores([verdict(1, is_right=True), verdict(2, is_right=False), verdict(3, is_right=False, rule="towed")])
    assert (found["unscheduled_stop"].precision, found["towed"].precision) == (0.5, 0.0)


def test_a_threshold_is_proposed_that_spares_false_alerts_and_keeps_confirmed_ones() -> None:
    false = [verdict(number, is_right=False, magnitude=600.0 + number) for number in range(10)]
    right = [verdict(100 + number, is_right=True, magnitude=900.0 + number) for number in range(10)]
    found = better_threshold(false + right, 600.0)
    assert found is not None
    assert (found.value, found.false_before, found.false_after) == (900.0, 10, 0)
    assert (found.confirmed_before, found.confirmed_after) == (10, 10)


def test_nothing_is_proposed_from_few_verdicts_or_for_a_rule_that_is_right() -> None:
    false = [verdict(number, is_right=False, magnitude=600.0) for number in range(3)]
    right = [verdict(100 + number, is_right=True, magnitude=900.0) for number in range(3)]
    assert better_threshold(false + right, 600.0) is None
    many = [verdict(number, is_right=True, magnitude=900.0) for number in range(40)]
    assert better_threshold(false + many, 600.0) is None
    assert better_threshold([verdict(number, is_right=False, magnitude=600.0) for number in range(40)], 600.0) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 1e4)), max_size=60), st.floats(1, 1e4))
def test_a_proposed_threshold_keeps_what_it_promises(closed: list[tuple[bool, float]], present: float) -> None:
    verdicts = [verdict(number, is_right=right, magnitude=size) for number, (right, size) in enumerate(closed)]
    found = better_threshold(verdicts, present)
    if found is None:
        return
    assert found.value > present
    assert found.false_after == sum(not right and size >= found.value for right, size in closed) < found.false_before
    assert sum(right and size >= found.value for right, size in closed) >= KEPT_SHARE * found.confirmed_before


def halt(number: int, east_m: float = 0.0, *, is_right: bool = False, day: int = 0) -> Verdict:
    return verdict(number, is_right=is_right, place=(HERE[0] + east_m / 108_400, HERE[1]), day=DAY + timedelta(days=day))


def test_a_place_of_false_halts_on_several_days_is_proposed() -> None:
    (found,) = halting_places([halt(1), halt(2, 30, day=1), halt(3, -20, day=2), halt(4, 5_000)])
    assert (found.alert_ids, found.days) == ((1, 2, 3), 3)
    assert distance_m(found.place, HERE) < 1


def test_a_place_where_one_halt_was_confirmed_is_not_proposed() -> None:
    assert halting_places([halt(1), halt(2, day=1), halt(3, day=2), halt(4, 100, is_right=True)]) == []
    assert halting_places([halt(1), halt(2), halt(3)]) == []  # of one day


def test_a_pin_is_corrected_where_proofs_cluster_elsewhere() -> None:
    elsewhere = [(HERE[0] + (100 + offset) / 108_400, HERE[1]) for offset in (-8, -2, 0, 3, 9)]
    found = better_pins(
        {"far": elsewhere, "few": elsewhere[:3], "close": [HERE] * 6}, dict.fromkeys(("far", "few", "close"), HERE)
    )
    assert list(found) == ["far"]
    assert found["far"].off_m == pytest.approx(100, abs=1)


def test_proofs_all_over_the_town_correct_nothing() -> None:
    scattered = [(HERE[0] + number / 500, HERE[1] + number / 700) for number in range(8)]
    assert better_pins({"O-1": scattered}, {"O-1": HERE}) == {}


DEGREES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(DEGREES, DEGREES)
def test_distances_are_those_of_a_sphere(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert distance_m(a, b) == pytest.approx(Geod(a=6_371_008.8, b=6_371_008.8).inv(*a, *b)[2], abs=0.5)
