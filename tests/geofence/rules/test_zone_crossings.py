"""Entering and leaving zones."""

from __future__ import annotations

from dataclasses import replace

from domain.zones import ZoneKind
from geofence.grading import DEGRADED, GOOD
from tests.geofence.scene import PLAIN, Drive, judged, round_zone


def test_zones_are_entered_once_and_left_once_whatever_the_noise() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 300, ZoneKind.territory),))
    drive = Drive().halt(60).to(2700, 0)
    for step in range(60):
        drive.at_s += 10
        drive.x = 2700 + 15 * (-1) ** step
        drive.fix(1.0)
    out = judged(scene, drive.to(3300, 0).to(4500, 0))
    assert [event.rule for event in out.events if event.rule.startswith("zone")] == ["zone_enter", "zone_exit"]


def test_poor_accuracy_never_flips_a_zone() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 100, ZoneKind.territory),))
    drive = Drive().halt(60).to(3000, 0).halt(60)
    drive.x = 3600
    for _ in range(20):
        drive.at_s += 20
        drive.fix(0.0, accuracy_m=400.0)
    out = judged(scene, drive)
    assert {event.rule for event in out.events} == {"zone_enter"}
    assert set(out.conclusions.grades.tolist()) == {GOOD, DEGRADED}
