"""Speed and harsh driving."""

from __future__ import annotations

from dataclasses import replace

from domain.zones import ZoneKind
from tests.geofence.scene import PLAIN, START, Drive, at, judged, round_zone


def test_speeding_needs_time_and_fixes() -> None:
    quick = Drive().halt(60).to(1000, 0, mps=28, every_s=12).to(2000, 0)
    long = Drive().halt(60).to(3000, 0, mps=30, every_s=5).to(4000, 0)
    assert judged(PLAIN, Drive().halt(60).to(300, 0, mps=28, every_s=5).to(900, 0)).of("overspeed") == []
    (event,) = judged(PLAIN, long).of("overspeed")
    assert event.ended_at is not None
    assert event.facts["peak_mps"] == 30
    assert len(judged(PLAIN, quick).of("overspeed")) == 1


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
