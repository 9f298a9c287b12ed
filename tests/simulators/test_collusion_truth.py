"""The truth about habits: what halts make one, wherever they came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.truth import Incident
from domain.zones import ZoneKind
from simulators.town.places import Place
from simulators.truth.collusion import OddHalt, collusions

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _halt(van: int, day: int, x_m: float, y_m: float = 0.0, minute: int = 0, rule: str = "unscheduled_stop") -> OddHalt:
    begin = START + timedelta(days=day, minutes=minute)
    line = Incident(rule, f"van-{van}", f"trip-{van}-{day}", None, begin, begin + timedelta(minutes=15))
    return OddHalt(line, day, x_m, y_m)


def test_halts_of_different_causes_are_one_habit() -> None:
    first, last = _halt(1, 0, 0), _halt(1, 2, 40, rule="unscheduled_unloading")
    (line,) = collusions([last, first, _halt(1, 1, 20)])
    assert (line.rule, line.device_id, line.trip_id, line.arguable) == ("collusion_cluster", "van-1", None, False)
    assert (line.started_at, line.ended_at) == (first.incident.started_at, last.incident.ended_at)


@pytest.mark.parametrize(
    "halts",
    [
        [],
        [_halt(1, 0, 0), _halt(1, 1, 0)],
        [_halt(1, 0, 0), _halt(1, 1, 0), _halt(1, 1, 0, minute=60)],
        [_halt(1, 0, 0), _halt(1, 1, 0), _halt(1, 2, 300)],
        [_halt(1, 0, 0), _halt(1, 1, 0), _halt(2, 2, 0)],
        [_halt(1, 0, 0), _halt(1, 20, 0), _halt(1, 40, 0)],
        [_halt(1, day, 0) for day in range(3)] + [_halt(van, 0, 0, minute=van) for van in (2, 3, 4)],
    ],
    ids=["none", "two days", "twice on a day", "one elsewhere", "two vans", "not within four weeks", "popular"],
)
def test_what_the_definition_leaves_out_has_no_line(halts: list[OddHalt]) -> None:
    assert collusions(halts) == []


def test_a_van_with_two_places_has_two_habits_and_two_vans_at_one_have_one_each() -> None:
    halts = [_halt(1, day, x_m, minute=int(x_m)) for day in range(3) for x_m in (0, 500)]
    assert len(collusions(halts)) == 2
    shared = [_halt(van, day, 0, minute=van) for day in range(3) for van in (1, 2)]
    assert {line.device_id for line in collusions(shared)} == {"van-1", "van-2"}


def test_a_place_where_halting_is_allowed_is_nobodys_habit() -> None:
    halts = [_halt(1, day, 0) for day in range(3)]
    assert collusions(halts, [Place("rest", ZoneKind.rest, 0, 30, 0, 40)]) == []
    assert len(collusions(halts, [Place("rest", ZoneKind.rest, 0, 50, 0, 40)])) == 1


@pytest.mark.parametrize(("apart_m", "happened"), [(70, True), (80, False)])
def test_as_far_apart_as_nobody_can_tell_is_arguable(apart_m: float, happened: bool) -> None:
    (line,) = collusions([_halt(1, 0, 0), _halt(1, 1, apart_m), _halt(1, 2, apart_m)])
    assert line.arguable
    assert line.happened is happened


def _oracle(halts: Sequence[OddHalt]) -> set[tuple[str, datetime]]:
    """The habits by joining sets of halts one pair at a time, where all halts on a street are in line."""
    ordered = sorted(halts, key=lambda halt: halt.x_m)
    groups: list[list[OddHalt]] = [ordered[:1]] if ordered else []
    for before, halt in pairwise(ordered):
        if halt.x_m - before.x_m <= 75:
            groups[-1].append(halt)
        else:
            groups.append([halt])
    found = set()
    for group in groups:
        vans = {halt.incident.device_id for halt in group}
        for van in vans if len(vans) < 4 else ():
            mine = [halt for halt in group if halt.incident.device_id == van]
            if len({halt.day for halt in mine}) >= 3:
                found.add((van, min(halt.incident.started_at for halt in mine)))
    return found


HALTS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 5), st.sampled_from([0.0, 300.0, 600.0]), st.floats(0, 30)),
    max_size=24,
    unique_by=lambda one: one[:3],
)


@given(HALTS, st.randoms())
def test_places_far_from_each_other_are_judged_one_by_one_in_any_order(
    drawn: list[tuple[int, int, float, float]], chance: Random
) -> None:
    halts = [_halt(van, day, at_m + aside_m, minute=int(at_m)) for van, day, at_m, aside_m in drawn]
    lines = collusions(halts)
    assert {(line.device_id, line.started_at) for line in lines} == _oracle(halts)
    assert not any(line.arguable for line in lines)
    chance.shuffle(halts)
    assert collusions(halts) == lines


def _reached(halts: Sequence[OddHalt], start: OddHalt, within_m: float) -> set[int]:
    """Positions of the halts that a chain of cores reaches from one, by the words of DBSCAN's definition."""

    def around(halt: OddHalt) -> list[OddHalt]:
        return [one for one in halts if np.hypot(one.x_m - halt.x_m, one.y_m - halt.y_m) <= within_m]

    reached, waiting = set[int](), [start]
    while waiting:
        halt = waiting.pop()
        near = around(halt)
        if halts.index(halt) not in reached:
            reached.add(halts.index(halt))
            waiting += near if len(near) >= 3 else []
    return reached


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300), st.integers(0, 150)), max_size=9))
def test_of_one_van_it_happened_where_a_chain_of_cores_reaches_three_days(drawn: list[tuple[int, int, int]]) -> None:
    halts = [_halt(1, day, x_m, y_m, minute=number) for number, (day, x_m, y_m) in enumerate(drawn)]
    cores = [one for one in halts if sum(np.hypot(one.x_m - o.x_m, one.y_m - o.y_m) <= 75 for o in halts) >= 3]
    places = {frozenset(_reached(halts, core, 75)) for core in cores}
    days = [{halts[at].day for at in place} for place in places]
    apart = sum(map(len, places)) == len(set().union(*places))  # no halt at the rim of two
    count = sum(len(one) >= 3 for one in days)
    assert not apart or sum(line.happened for line in collusions(halts)) == count


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3), st.integers(0, 300)), max_size=9))
def test_what_is_not_arguable_happened_and_needs_three_days(drawn: list[tuple[int, int, int]]) -> None:
    halts = [_halt(van, day, x_m, minute=number) for number, (van, day, x_m) in enumerate(drawn)]
    for line in collusions(halts):
        assert line.happened or line.arguable
        assert len({halt.day for halt in halts if halt.incident.device_id == line.device_id}) >= 3
