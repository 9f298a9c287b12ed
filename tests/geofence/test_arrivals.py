"""Estimated arrivals, and the stops that they put at risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain.events import Visit, VisitState
from geofence.engine import Engine
from geofence.history import Judgement
from geofence.parameters import Parameters
from geofence.rows import to_us
from tests.geofence.scene import START, Drive, Outcome, judged, rows_of, stop, trip, world

EAST = ((0, 0), (20_000, 0))
STOPS = tuple(stop(n, 4000 * n, 0) for n in (1, 2, 3, 4))
SCENE = world([trip(STOPS, EAST, depot=None)])


def estimate(visit: Visit) -> float | None:
    """Seconds after the start."""
    told = visit.facts.get("estimated_arrival_at")
    return None if told is None else (datetime.fromisoformat(str(told)) - START).total_seconds()


def estimates(out: Outcome) -> list[float | None]:
    return [estimate(out.visits[f"s{n}"]) for n in (1, 2, 3, 4)]


def test_before_it_moves_a_van_is_taken_to_leave_on_time_and_drive_as_usual() -> None:
    out = judged(SCENE, Drive(at_s=-600).halt(60))
    usual_mps = 25 / 3.6
    for n, told in enumerate(estimates(out), 1):
        expected = 4000 * n / usual_mps + 200 * (n - 1)
        assert told is not None
        assert abs(told - expected) <= 31  # told to the minute


def test_estimates_follow_the_speed_of_the_legs_and_the_services_planned() -> None:
    drive = Drive().halt(30).to(4000, 0, mps=20).halt(200).to(8000, 0, mps=20).halt(200).to(10_100, 0, mps=20)
    first, second, third, fourth = estimates(judged(SCENE, drive, parameters=Parameters({"arrivals.tell_s": 60.0})))
    assert first is second is None  # it was there
    assert third is not None
    assert fourth is not None
    # one leg of 4 km at 20 m/s, and 5 km at the usual 25 km/h
    pace_mps = 9000 / (5000 / (25 / 3.6) + 4000 / 20)
    assert abs(third - (drive.at_s + 1900 / pace_mps)) <= 91
    assert abs(fourth - third - (200 + 4000 / pace_mps)) <= 91


def test_who_comes_before_the_window_waits_for_it() -> None:
    late = replace(STOPS[1], window_start=START + timedelta(hours=2), window_end=START + timedelta(hours=3))
    out = judged(world([trip([STOPS[0], late, STOPS[2]], EAST, depot=None)]), Drive(at_s=-600).halt(60))
    told = estimate(out.visits["s3"])
    assert told is not None
    assert abs(told - (7200 + 200 + 4000 / (25 / 3.6))) <= 31


def hurried(minutes: float) -> Any:
    """The last stop closes so long after the start."""
    return [*STOPS[:3], replace(STOPS[3], window_end=START + timedelta(minutes=minutes))]


def test_a_stop_is_at_risk_as_soon_as_its_estimate_passes_the_window_and_late_when_it_comes() -> None:
    scene = world([trip(hurried(50), EAST, depot=None)])
    drive = Drive().halt(30).to(4000, 0, mps=10).halt(1300).to(8000, 0, mps=10).halt(200)
    before = judged(scene, drive)
    visit = before.visits["s4"]
    assert visit.state == VisitState.pending
    assert visit.facts["at_risk_because"] == "estimate"
    since_s = (datetime.fromisoformat(str(visit.facts["at_risk_since"])) - START).total_seconds()
    assert 430 < since_s < 1800  # while it stood at the first stop
    assert visit.facts["minutes_left"] == round(50 - since_s / 60, 1)
    (predicted,) = before.of("early_or_late")
    assert predicted.facts["kind"] == "predicted_late"
    assert predicted.ended_at is None
    (late,) = judged(scene, drive.to(12_000, 0).halt(200).to(16_000, 0, mps=2).halt(200).to(16_800, 0)).of("early_or_late")
    assert late.event_id == predicted.event_id
    assert late.facts["kind"] == "late"
    assert late.ended_at is not None


def test_a_prediction_is_taken_back_when_the_van_makes_up_for_it() -> None:
    scene = world([trip(hurried(50), EAST, depot=None)])
    drive = Drive().halt(30).to(4000, 0, mps=10).halt(1200).to(8000, 0, mps=22).halt(150).to(12_000, 0, mps=22).halt(150)
    out = judged(scene, drive.to(16_000, 0, mps=22).halt(150).to(16_900, 0))
    assert out.visits["s4"].state == VisitState.serviced
    assert out.of("early_or_late") == []
    assert "at_risk_since" not in out.visits["s4"].facts


def test_a_van_that_stands_in_the_road_puts_its_stops_at_risk_by_the_passing_of_time() -> None:
    scene = world([trip(hurried(60), EAST, depot=None)])
    drive = Drive().halt(30).to(2000, 0, mps=10).halt(2400)
    assert judged(scene, drive).visits["s4"].facts["at_risk_because"] == "estimate"


def test_silence_is_no_lateness() -> None:
    scene = world([trip(hurried(60), EAST, depot=None)])
    out = judged(scene, Drive().halt(30).to(2000, 0, mps=10), until_s=3500)
    assert "at_risk_since" not in out.visits["s4"].facts
    assert out.of("early_or_late") == []


def test_estimates_are_causal_and_do_not_depend_on_how_rows_are_cut() -> None:
    drive = Drive().halt(30).to(4000, 0, mps=12).halt(200).to(7000, 0, mps=5).halt(700).to(9000, 0)
    rows = rows_of(drive)
    whole = Judgement()
    whole.take(Engine(SCENE).advance(rows))
    bit_by_bit, engine = Judgement(), Engine(SCENE)
    for place in range(len(rows)):
        bit_by_bit.take(engine.advance(rows[place : place + 1]))
        bit_by_bit.take(engine.tick(int(rows["fix_time_us"][place])))
    assert bit_by_bit.in_order() == whole.in_order()


def test_how_a_van_usually_gets_on_is_a_parameter() -> None:
    slow = judged(SCENE, Drive(at_s=-600).halt(60), parameters=Parameters({"arrivals.usual_mps": 3.0}))
    usual = judged(SCENE, Drive(at_s=-600).halt(60))
    assert (estimate(slow.visits["s1"]) or 0) > 2 * (estimate(usual.visits["s1"]) or 0)


def test_without_a_route_the_straight_line_has_to_do() -> None:
    out = judged(world([trip(STOPS, (), depot=None)]), Drive(at_s=-600).halt(60))
    told = estimate(out.visits["s2"])
    assert told is not None
    assert abs(told - (200 + 1.3 * 4000 / (25 / 3.6))) <= 62  # from the first stop, where nothing else is known


def test_a_rebuilt_trip_estimates_the_same() -> None:
    rows = rows_of(Drive().halt(30).to(4000, 0, mps=12).halt(200).to(9000, 0))
    cut = to_us(START) + 400_000_000
    engine = Engine(SCENE)
    engine.advance(rows[rows["fix_time_us"] <= cut])
    checkpoint, other = engine.checkpoint(1), Engine(SCENE)
    other.restore(1, checkpoint)
    later = rows[rows["fix_time_us"] > cut]
    assert other.advance(later).visits == engine.advance(later).visits
