"""Leaving the planned way: deviations and detours."""

from __future__ import annotations

import numpy as np

from domain.events import Severity
from tests.geofence.scene import PLAIN, Drive, judged, stop, trip, world


def test_a_deviation_opens_grows_closes_and_opens_again() -> None:
    drive = Drive().halt(60).to(2000, 0).to(2000, 1500).to(4000, 1500).to(4000, 0).to(5000, 0)
    drive.to(5000, 600).to(7500, 600).to(7500, 0).to(9000, 0)
    first, second = judged(PLAIN, drive).of("route_deviation")
    assert first.severity == Severity.high
    assert abs(first.facts["peak_m"] - 1500) < 30
    assert abs(first.facts["extra_m"] - 3000) < 400
    assert first.ended_at is not None
    assert second.started_at > first.ended_at
    assert second.severity == Severity.medium
    assert abs(second.facts["peak_m"] - 600) < 30


def test_noise_along_the_corridor_is_no_deviation() -> None:
    drive, noise = Drive().halt(60), np.random.default_rng(3)
    for x in range(100, 8000, 100):
        drive.to(float(x), float(noise.normal(0, 60)))
    assert judged(PLAIN, drive).of("route_deviation") == []


def test_a_return_leg_along_the_way_out_does_not_capture_the_progress() -> None:
    stops = [stop(1, 3000, 0), stop(2, 9000, 0)]
    drive = Drive().halt(60).to(3000, 0).halt(200).to(9000, 0).halt(200).to(9900, 0).to(0, 0).halt(120)
    out = judged(world([trip(stops)]), drive)
    assert out.rules() == set()
    assert out.conclusions.counts["trip_off"] == 1


def test_a_loop_for_many_kilometres_is_a_detour() -> None:
    stops = [stop(1, 1000, 0), stop(2, 3000, 0)]
    drive = Drive().halt(60).to(1000, 0).halt(200).to(1000, 3000).to(3000, 3000).to(3000, 0).halt(200)
    (event,) = judged(world([trip(stops)]), drive).of("detour")
    assert event.facts["leg_driven_m"] > 1.3 * event.facts["leg_planned_m"]


def test_a_fix_further_off_than_the_wheels_have_turned_is_not_believed_at_once() -> None:
    """After minutes without a fix one is thrown aside by kilometres, not too far for that time but for these wheels; those
    that go on agreeing with each other are believed, whatever the odometer says."""
    for thrown, found in ((1, []), (4, ["route_deviation"])):
        drive = Drive().halt(60, odometer_m=0.0)
        for _ in range(20):
            drive.to(drive.x + 100, 0, odometer_m=drive.x + 100)
        back_m = drive.x + 1500
        drive.away(180)
        for number in range(thrown):
            drive.x, drive.y = back_m - 900 + 100 * number, 3000
            drive.at_s += 10
            drive.fix(10.0, odometer_m=back_m + 100 * number)
        drive.x, drive.y = back_m + 100 * thrown, 0
        for _ in range(20):
            drive.to(drive.x + 100, 0, odometer_m=drive.x + 100)
        assert [event.rule for event in judged(PLAIN, drive).events if event.rule in {"route_deviation", "detour"}] == found


def test_who_is_carried_is_where_the_fixes_are() -> None:
    """On a ferry the wheels do not turn."""
    drive = Drive().halt(60, odometer_m=0.0)
    for _ in range(20):
        drive.to(drive.x + 100, 0, odometer_m=drive.x + 100)
    rolled_m = drive.x
    for _ in range(10):
        drive.at_s, drive.y = drive.at_s + 120, drive.y + 900
        drive.fix(0.0, odometer_m=rolled_m)
    assert len(judged(PLAIN, drive).of("route_deviation")) == 1
