"""Clocks that jump, and everything that only looks like it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Event
from geofence.parameters import Parameters
from geofence.rulebook import resolve
from geofence.rules.clock_fault import Clock, Stamp, judge_clock, suspects

VALUES = resolve(Parameters(), "0", None)
_S = 1_000_000
_WEEKS_1024 = 1024 * 7 * 86_400
_NOON = 1_800_000_000


def told(count: int = 60, **more: object) -> list[Stamp]:
    """A reading every ten seconds, received two seconds later."""
    made = [_NOON + 10 * n for n in range(count)]
    return [Stamp((at + 2) * _S, at * _S, n, **more) for n, at in enumerate(made)]  # type: ignore[arg-type]


def shifted(stamps: list[Stamp], first: int, last: int, by_s: int) -> list[Stamp]:
    return [one._replace(at_us=one.at_us + by_s * _S) if first <= n < last else one for n, one in enumerate(stamps)]


def judged(stamps: list[Stamp]) -> list[Event]:
    return judge_clock("van", stamps, VALUES)


def sieved(stamps: list[Stamp]) -> bool:
    columns = np.array([(one.at_us, one.seq, one.received_us) for one in stamps], np.int64)
    odometer_m = np.array([one.odometer_m for one in stamps])
    return suspects(np.full(len(stamps), 7, np.int32), columns[:, 0], columns[:, 1], columns[:, 2], odometer_m) == {7}


def test_a_clock_that_jumps_ahead_and_back() -> None:
    (event,) = judged(shifted(told(), 20, 40, 1000))
    assert (event.severity, event.facts["kind"], event.facts["readings"]) == ("info", "ahead", 20)
    assert event.started_at.timestamp() == _NOON + 202
    assert event.ended_at is not None
    assert event.ended_at.timestamp() == _NOON + 392


def test_a_clock_that_was_never_set() -> None:
    (event,) = judged(shifted(told(), 0, 5, -_NOON))
    assert event.facts["kind"] == "behind"


def test_a_clock_set_back_is_seen_by_the_numbers_of_one_boot() -> None:
    (event,) = judged(shifted(told(boot_id=1), 20, 40, -1000))
    assert (event.facts["kind"], event.facts["readings"]) == ("back", 20)
    assert judged(shifted(told(), 20, 40, -1000)) == []  # without a boot it may be a backlog numbered as it was sent


def test_numbers_that_begin_again_without_a_boot() -> None:
    stamps = told(300)
    stamps = [one._replace(seq=one.seq - 200) if n >= 200 else one for n, one in enumerate(stamps)]
    (event,) = judged(stamps)
    assert (event.facts["kind"], event.facts["readings"]) == ("sequence_reset", 1)
    booted = [one._replace(boot_id=1 if n < 200 else 2) for n, one in enumerate(stamps)]
    assert judged(booted) == []
    wrapping = [one._replace(seq=(one.seq + 65_400) % 65_536) for one in told(300)]
    assert judged(wrapping) == []


def test_what_is_no_fault() -> None:
    assert judged(told()) == []
    assert judged(shifted(told(), 20, 40, 100)) == []
    assert judged(shifted(told(), 0, 60, -_WEEKS_1024)) == []
    backlog = [one._replace(received_us=(_NOON + 900 - n) * _S) if 20 <= n < 50 else one for n, one in enumerate(told())]
    assert judged(backlog) == []
    assert judged([one._replace(boot_id=3) for one in backlog]) == []
    assert judged([]) == []


def test_faults_far_apart_are_two() -> None:
    stamps = shifted(shifted(told(400), 20, 40, 1000), 200, 220, 500)
    assert [event.facts["off_s"] for event in judged(stamps)] == [998.0, 498.0]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 299),
    st.integers(1, 60),
    st.sampled_from([-_NOON, -1000, -130, 150, 3000, 10**6]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_copies_matter_and_the_sieve_lets_no_fault_through(
    first: int, long: int, by_s: int, has_boot: bool, random: Random
) -> None:
    stamps = shifted(told(300, boot_id=1 if has_boot else None), first, first + long, by_s)
    again = [one._replace(received_us=one.received_us + 5 * _S) for one in stamps[::3]]
    mixed = [*stamps, *again]
    random.shuffle(mixed)
    assert judged(mixed) == judged(stamps)
    assert not judged(stamps) or sieved(stamps)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 299), st.integers(1, 60), st.sampled_from([-_NOON, -1000, 150, 3000])), max_size=4),
    st.lists(st.integers(0, 300), max_size=6),
)
def test_a_clock_may_be_judged_in_parts(faults: list[tuple[int, int, int]], cuts: list[int]) -> None:
    stamps = told(300, boot_id=1)
    for first, long, by_s in faults:
        stamps = shifted(stamps, first, first + long, by_s)
    clock, found = Clock("van", VALUES), dict[str, Event]()
    edges = sorted({0, *cuts, 300})
    for begin, end in pairwise(edges):
        found |= {event.event_id: event for event in clock.judge(stamps[begin:end])}
    assert list(found.values()) == judged(stamps)


def test_the_sieve_leaves_sound_clocks_alone() -> None:
    assert not sieved(told())
