"""Trackers that fall silent, lose their fix, tell a place that is none, or lose their supply."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.zones import ZoneKind
from tests.geofence.scene import PLAIN, START, Drive, at, judged, round_zone


def test_silence_on_a_trip_is_told_when_it_is_due_and_ends_with_the_next_word() -> None:
    drive = Drive().halt(60).to(3000, 0)
    silent_from = drive.at_s
    (going_on,) = judged(PLAIN, drive, until_s=silent_from + 700).of("silent_device")
    assert going_on.ended_at is None
    (over,) = judged(PLAIN, drive.away(1800).fix(5.0)).of("silent_device")
    assert over.event_id == going_on.event_id
    assert over.detected_at == going_on.detected_at == START + at(round(silent_from + 600, 6))
    assert over.ended_at == START + at(silent_from + 1800)
    assert judged(PLAIN, Drive().halt(60), until_s=1000).of("silent_device") == []  # below the depot's roof


def test_a_tracker_that_reports_while_parked_is_not_asleep_when_it_falls_silent() -> None:
    """Asleep is what has been seen to say nothing when parked, or nothing is known of."""
    parked = {"ignition": False, "odometer_m": 3000.0}
    unknown = Drive().halt(60).to(3000, 0, odometer_m=3000.0).halt(120, **parked).away(1800).fix(0.0, **parked)
    assert judged(PLAIN, unknown).of("silent_device") == []
    wakeful = Drive().halt(3000, ignition=False).halt(60).to(3000, 0, odometer_m=3000.0).halt(120, **parked)
    (event,) = judged(PLAIN, wakeful.away(1800).fix(0.0, **parked)).of("silent_device")
    assert event.ended_at is not None


def test_fixes_that_fail_while_the_wheels_turn() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for minute in range(1, 8):
        drive.at_s += 60
        drive.fix(8.0, fix_valid=False, odometer_m=1000.0 + 480 * minute)
    drive.x = 4000
    drive.at_s += 30
    (event,) = judged(PLAIN, drive.fix(8.0, odometer_m=4600.0)).of("gps_loss")
    assert event.ended_at == START + at(drive.at_s)


def test_a_known_hole_excuses_fixes_that_fail_for_as_long_as_a_hole_may_be() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for minute in range(1, 13):
        drive.at_s += 60
        drive.fix(4.0, fix_valid=False, odometer_m=1000.0 + 240 * minute)
    hole = replace(PLAIN, zones=(round_zone("hole", 1000, 0, 350, ZoneKind.dead),))
    (seen,), (hidden,) = judged(PLAIN, drive).of("gps_loss"), judged(hole, drive).of("gps_loss")
    assert (hidden.started_at, hidden.detected_at - seen.detected_at) == (seen.started_at, timedelta(minutes=3))


def test_a_position_that_stays_while_the_odometer_runs() -> None:
    drive = Drive().halt(60, odometer_m=0.0).to(1000, 0, odometer_m=1000.0)
    for step in range(1, 15):
        drive.at_s += 10
        drive.fix(10.0, odometer_m=1000.0 + 100 * step)
    assert len(judged(PLAIN, drive).of("spoofed_position")) == 1


def test_a_supply_that_fails_and_what_the_device_says_itself() -> None:
    drive = Drive().halt(60, external_v=13.0).to(1000, 0, external_v=13.0).to(2000, 0, external_v=2.0)
    out = judged(PLAIN, drive.to(2500, 0, external_v=13.0, alarms=("tamper", "jamming")))
    assert out.rules() == {"power_cut", "tamper", "jamming"}
    cranking = Drive().halt(60, external_v=13.0).fix(0.0, external_v=5.0)
    cranking.at_s += 8
    assert judged(PLAIN, cranking.fix(0.0, external_v=13.0)).of("power_cut") == []
