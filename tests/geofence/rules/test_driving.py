"""Speed and harsh driving."""

from __future__ import annotations

from dataclasses import replace

from domain.zones import ZoneKind
from geofence.parameters import parse_parameters
from tests.geofence.scene import PLAIN, START, Drive, at, judged, round_zone


def test_speeding_needs_time_and_fixes() -> None:
    quick = Drive().halt(60).to(1000, 0, mps=28, every_s=12).to(2000, 0)
    long = Drive().halt(60).to(3000, 0, mps=30, every_s=5).to(4000, 0)
    assert judged(PLAIN, Drive().halt(60).to(300, 0, mps=28, every_s=5).to(900, 0)).of("overspeed") == []
    (event,) = judged(PLAIN, long).of("overspeed")
    assert event.ended_at is not None
    assert event.facts["peak_mps"] == 30
    assert len(judged(PLAIN, quick).of("overspeed")) == 1


def _rolling(drive: Drive, mps: float, *, told_mps: float | None = None, hdop: float = 1.0, every_s: float = 10.0) -> Drive:
    """One more fix, so many seconds later, with the odometer of what was driven."""
    drive.at_s, drive.x = drive.at_s + every_s, drive.x + mps * every_s
    return drive.fix(mps if told_mps is None else told_mps, hdop=hdop, odometer_m=drive.x)


def test_under_a_poor_sky_the_wheels_tell_the_speed_before_or_after() -> None:
    """It picked up speed since the fix before: how fast it had become, what the wheels turn until the next one tells."""
    for later_mps, found in ((28.0, 1), (23.0, 0)):
        drive = Drive().halt(60, odometer_m=0.0)
        for _ in range(5):
            _rolling(drive, 18.0)
        _rolling(drive, 22.0, told_mps=28.0, hdop=6.0)
        _rolling(drive, later_mps, told_mps=28.0)
        _rolling(drive, 28.0)
        for _ in range(5):
            _rolling(drive, 18.0)
        assert len(judged(PLAIN, drive).of("overspeed")) == found


def test_the_first_fix_after_a_pause_may_be_too_fast_and_says_nothing_of_the_pause() -> None:
    drive = Drive().halt(60)
    for _ in range(5):
        _rolling(drive, 28.0)
    _rolling(drive, 15.0, told_mps=28.0, every_s=100.0)
    for _ in range(2):
        _rolling(drive, 28.0)
    for _ in range(3):
        _rolling(drive, 15.0)
    first, second = judged(PLAIN, drive, parameters=parse_parameters("[alarm]\ncool_down_s = 0\n")).of("overspeed")
    assert second.started_at - START == at(60 + 3 + 150)
    assert first.ended_at is not None
    assert second.started_at - first.ended_at == at(100)


def test_a_zone_may_have_a_lower_limit() -> None:
    scene = replace(PLAIN, zones=(round_zone("school", 2000, 0, 600, ZoneKind.speed, speed_limit_mps=5.0),))
    (event,) = judged(scene, Drive().halt(60).to(4000, 0, mps=10, every_s=5)).of("overspeed")
    assert event.facts["zone_id"] == "school"


def test_hard_braking_is_told_by_speeds_and_by_the_device() -> None:
    braked = Drive().halt(60).to(100, 0, mps=5, every_s=2).to(500, 0, mps=10, every_s=2)
    braked.at_s += 1
    assert [e.facts["kind"] for e in judged(PLAIN, braked.fix(5.0)).of("harsh_driving")] == ["harsh_braking"]
    told = Drive().halt(60).to(500, 0).fix(10.0, alarms=("harsh_cornering",))
    told.positions[-1] = told.positions[-1]._replace(fix_time=START + at(told.at_s + 3))
    assert [e.facts["kind"] for e in judged(PLAIN, told).of("harsh_driving")] == ["harsh_cornering"]
