"""Rows of a clock that was wrong within a backlog, told by nothing but the odometer."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geofence.engine import Engine
from geofence.history import Judgement, judge, sound_rows
from geofence.misdated import blocks, carried, shifts
from geofence.parameters import Parameters
from geofence.replay import Replay
from geofence.rows import MISSING_US, Rows, in_order
from geofence.rulebook import resolve
from geofence.rules.clock_fault import Stamp, judge_clock
from geofence.world import World
from tests.geofence.scene import START, Drive, proof, rows_of, stop, trip, world

_S = 1_000_000
_VALUES = resolve(Parameters(), "0", None)


def driven(count: int = 360) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A row every ten seconds, of a van that drives at 8 m/s and stands for two minutes in every ten."""
    at_s = 10 * np.arange(count)
    return at_s * _S, np.cumsum(np.where(at_s % 600 < 120, 0.0, 80.0))


def found(at_us: NDArray[np.int64], odometer_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """By how much each row's time is said to be wrong, in the order given."""
    order = np.lexsort((odometer_m, at_us))
    off_us = np.zeros(len(at_us), np.int64)
    for block in blocks(at_us[order], odometer_m[order], np.full(len(order), MISSING_US)):
        off_us[order[block.places]] = block.off_us
    return off_us


@settings(max_examples=60, deadline=None)
@given(st.integers(15, 200), st.integers(24, 72), st.integers(300, 3000), st.booleans())
def test_rows_of_a_clock_that_jumped_are_those_that_are_told(first: int, long: int, jump_s: int, ahead: bool) -> None:
    at_us, odometer_m = driven()
    wrong = np.zeros(len(at_us), np.bool_)
    wrong[first : first + long] = True
    moved_us = at_us + np.where(wrong, (jump_s if ahead else -jump_s) * _S, 0)
    told_us = found(moved_us, odometer_m)
    rolls = np.diff(odometer_m, prepend=odometer_m[0]) > 0
    assert not np.any(told_us[~wrong & rolls])  # where it stands nobody can tell which rows are right
    sure = wrong & rolls & (np.arange(len(wrong)) < first + long - 13)
    if ahead or moved_us.min() == 0:  # at the very beginning nothing is before it
        assert np.all(told_us[sure] != 0)
        assert np.all(np.abs(told_us[sure] - (moved_us - at_us)[sure]) <= 130 * _S)


def test_a_wrong_clock_after_a_silence_is_told_by_the_rows_around_its_own() -> None:
    at_us, odometer_m = driven()
    heard = (np.arange(len(at_us)) < 60) | (np.arange(len(at_us)) >= 180)
    wrong = (np.arange(len(at_us)) >= 180) & (np.arange(len(at_us)) < 220)
    off_us = found((at_us + np.where(wrong, 900 * _S, 0))[heard], odometer_m[heard])
    assert np.array_equal(off_us != 0, wrong[heard])
    assert np.all(np.abs(off_us[off_us != 0] - 900 * _S) <= 60 * _S)


def test_a_clock_that_is_set_right_while_the_van_stands_is_told_to_the_last_row() -> None:
    """Where the wheels stand the odometer tells no order; what goes on from the rows before is theirs."""
    at_us, odometer_m = driven()
    wrong = (np.arange(len(at_us)) >= 178) & (np.arange(len(at_us)) < 185)  # it stands from row 180 on
    heard = (np.arange(len(at_us)) < 60) | (np.arange(len(at_us)) >= 178)
    off_us = found((at_us + np.where(wrong, 400 * _S, 0))[heard], odometer_m[heard])
    assert np.array_equal(off_us != 0, wrong[heard])


def test_what_was_sent_at_once_has_a_right_clock_whatever_the_odometer_says() -> None:
    """An instrument that begins anew with every trip shows the same metres again and again."""
    at_us, odometer_m = driven()
    odometer_m = odometer_m % 3000.0
    assert blocks(at_us, odometer_m, at_us + 2 * _S) == []


@pytest.mark.parametrize("at", [100, 200])
@pytest.mark.parametrize("metres", [300.0, 5_000.0, 80_000.0])
def test_an_odometer_that_is_set_anew_is_no_wrong_clock(at: int, metres: float) -> None:
    at_us, odometer_m = driven()
    odometer_m[at:] -= metres
    assert not found(at_us, odometer_m).any()


def test_a_pause_is_no_wrong_clock() -> None:
    at_us, odometer_m = driven()
    heard = (np.arange(len(at_us)) < 100) | (np.arange(len(at_us)) >= 190)
    assert not found(at_us[heard], odometer_m[heard]).any()


def hidden_services(jump_s: float) -> tuple[World, Rows]:
    """Eight stops, signed for; all of the second hour is a backlog, and in ten minutes of it the clock is ahead."""
    stops = [stop(n, 1500 * n, 0) for n in range(1, 7)]
    drive, signed = Drive().halt(60, odometer_m=0.0), []
    for n in range(1, 7):
        while drive.x < 1500 * n - 1:
            drive.to(drive.x + 100, 0, odometer_m=drive.x + 100)
        signed.append(proof(n, drive.at_s + 100, 1500 * n, 0))
        drive.halt(200, every_s=20, odometer_m=drive.x)
    while drive.x > 101:
        drive.to(drive.x - 100, 0, odometer_m=2 * 9000 - drive.x + 100)
    drive.halt(300, odometer_m=2 * 9000)
    rows = rows_of(drive)
    from_us, until_us = ((START + timedelta(seconds=s)).timestamp() * _S for s in (900, 1500))
    wrong = (rows["fix_time_us"] >= from_us) & (rows["fix_time_us"] < until_us)
    rows["received_at_us"] = np.where(rows["fix_time_us"] < from_us, rows["fix_time_us"] + 2 * _S, rows["fix_time_us"].max())
    rows["received_at_us"] += np.arange(len(rows)) * 250_000
    rows["fix_time_us"][wrong] += int(jump_s * _S)
    return world([trip(stops, proofs=signed)]), rows


def judged_at_once(scene: World, rows: Rows) -> Judgement:
    judgement = Judgement()
    for _, conclusions in judge(Engine(scene), rows):
        judgement.take(conclusions)
    assert judgement.faults == []
    return judgement


def assert_the_same_as_it_came_and_at_once(scene: World, rows: Rows) -> None:
    replay = Replay(Engine(scene), dict(scene.devices), {"t1": "van"})
    last_us = int(rows["received_at_us"].max()) + 600 * _S
    for _ in replay.run(rows, last_us):
        pass
    at_once = Judgement()
    for _, conclusions in judge(Engine(scene), rows, as_of_us=last_us):
        at_once.take(conclusions)
    assert msgspec.json.encode(replay.judgement().in_order()) == msgspec.json.encode(at_once.in_order())


@pytest.mark.parametrize("jump_s", [320.0, 480.0])
def test_a_clock_wrong_for_longer_than_by_how_much_raises_nothing(jump_s: float) -> None:
    scene, rows = hidden_services(jump_s)
    judgement = judged_at_once(scene, rows)
    assert {event.rule for event in judgement.events.values()} <= {"zone_enter", "zone_exit"}
    assert {visit.state for visit in judgement.visits.values()} <= {"serviced", "probable", "no_data"}


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_order_of_arrival_does_not_matter_to_what_is_believed(newest_first: bool) -> None:
    scene, rows = hidden_services(320.0)
    if newest_first:
        late = rows["received_at_us"] > rows["fix_time_us"].min() + 1000 * _S
        rows["received_at_us"][late] = rows["received_at_us"][late][::-1]
    assert_the_same_as_it_came_and_at_once(scene, rows)


def test_the_fault_is_told_once_though_no_row_looks_early() -> None:
    _, rows = hidden_services(320.0)
    assert np.count_nonzero(shifts(np.sort(rows, order="fix_time_us"))) > 20
    stamps = [Stamp(int(row["received_at_us"]), int(row["fix_time_us"]), odometer_m=float(row["odometer_m"])) for row in rows]
    (event,) = judge_clock("van", stamps, _VALUES)
    assert event.facts["kind"] == "disordered"
    assert abs(event.facts["off_s"] - 320) < 30


def never_set_right(jump_s: float, refused: bool = True) -> tuple[World, Rows]:
    """As `hidden_services`, but the clock is first seen wrong by rows that are refused, and the tracker then falls silent."""
    scene, rows = hidden_services(0.0)
    true_us, begin_us = rows["fix_time_us"].copy(), int(START.timestamp()) * _S
    wrong = (true_us >= begin_us + 900 * _S) & (true_us < begin_us + 1300 * _S)
    live = wrong & (true_us < begin_us + 1050 * _S) & refused
    rows["received_at_us"][live] = true_us[live] + 2 * _S
    rows["fix_time_us"][wrong] += int(jump_s * _S)
    return scene, rows[(true_us < begin_us + 1300 * _S) | (true_us >= begin_us + 1300 * _S + int((jump_s + 300) * _S))]


def test_a_clock_that_is_never_seen_to_be_set_right_is_told_by_what_was_refused() -> None:
    scene, rows = never_set_right(900.0)
    off_us = carried(in_order(rows))
    assert np.count_nonzero(off_us) > 10
    assert np.all(np.abs(off_us[off_us != 0] - 900 * _S) <= 3 * _S)
    assert not carried(in_order(never_set_right(900.0, refused=False)[1])).any()
    judgement = judged_at_once(scene, rows)
    assert {event.rule for event in judgement.events.values()} <= {"zone_enter", "zone_exit", "silent_device"}
    assert not {visit.state for visit in judgement.visits.values()} & {"missed", "drive_by"}


def test_rows_that_do_not_go_on_from_those_refused_keep_their_times() -> None:
    _, rows = never_set_right(900.0)
    late = (rows["received_at_us"] - rows["fix_time_us"] > 60 * _S) & (
        rows["fix_time_us"] > rows["fix_time_us"].min() + 1790 * _S
    )
    rows["odometer_m"][late] += 30_000.0
    assert not carried(in_order(rows)).any()


def test_what_was_refused_tells_the_same_in_whatever_order_rows_come() -> None:
    scene, rows = never_set_right(900.0)
    assert_the_same_as_it_came_and_at_once(scene, rows)


def test_rows_of_a_backlog_that_are_refused_say_that_the_tracker_spoke_when_they_were_made() -> None:
    """Not silent, though nothing that it said of the time has a time that can be believed."""
    scene, rows = hidden_services(0.0)
    true_us, begin_us = rows["fix_time_us"].copy(), int(START.timestamp()) * _S
    wrong = (true_us >= begin_us + 900 * _S) & (true_us < begin_us + 1700 * _S)
    rows["fix_time_us"][wrong] += 2700 * _S
    rows["received_at_us"] = (
        np.where(true_us < begin_us + 900 * _S, true_us, np.maximum(true_us, begin_us + 1720 * _S)) + 2 * _S
    )
    spoken = sound_rows(rows)
    assert np.diff(spoken["fix_time_us"]).max() < 300 * _S
    assert np.all(np.abs(np.sort(spoken["fix_time_us"]) - np.sort(true_us)) < 60 * _S)
    assert "silent_device" not in {event.rule for event in judged_at_once(scene, rows).events.values()}
