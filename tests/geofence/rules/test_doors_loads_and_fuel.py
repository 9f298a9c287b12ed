"""Doors, loads and fuel: what leaves the vehicle where it should not."""

from __future__ import annotations

from datetime import timedelta

from domain.events import Severity
from tests.geofence.scene import PLAIN, START, Drive, at, judged


def test_an_open_door_while_driving_is_told_unless_it_never_closes() -> None:
    closed_once = Drive().halt(60, door_open=False).to(600, 0, door_open=True)
    always = Drive().halt(60, door_open=True).to(600, 0, door_open=True)
    assert len(judged(PLAIN, closed_once).of("door_open_moving")) == 1
    assert judged(PLAIN, always).of("door_open_moving") == []


def _red_lights(*pieces_s: int, wait_s: float = 12.0) -> Drive:
    """Driving for so long between halts, with the door open and a report every second; every piece lasts from its first report
    to its last."""
    drive = Drive().halt(60, door_open=False).halt(5, every_s=1, door_open=True)
    for seconds in pieces_s:
        drive.to(drive.x + 10.0 * (seconds + 1), 0, every_s=1, door_open=True).halt(wait_s, every_s=1, door_open=True)
    return drive


def test_a_red_light_does_not_part_a_drive_with_the_door_open() -> None:
    [event] = judged(PLAIN, _red_lights(13, 10)).of("door_open_moving")
    assert event.started_at == START + at(72)
    assert event.detected_at == event.started_at + at(13 + 1 + 15 + 2), "two more seconds of driving after the light"
    assert judged(PLAIN, _red_lights(8, 6)).of("door_open_moving") == [], "the light itself is no driving"
    assert judged(PLAIN, _red_lights(13, 10, wait_s=70.0)).of("door_open_moving") == [], "a halt that ends it"


def test_a_door_that_is_shut_at_the_light_begins_anew() -> None:
    drive = _red_lights(13).halt(10, every_s=1, door_open=False).halt(5, every_s=1, door_open=True)
    drive.to(drive.x + 110, 0, every_s=1, door_open=True)
    assert judged(PLAIN, drive).of("door_open_moving") == []


def test_each_drive_with_a_door_opened_at_another_halt_is_told() -> None:
    """Two such drives within minutes are two; a contact that comes loose on the way, again and again, is one."""
    drive, loose = _red_lights(30), _red_lights(30)
    for one in (drive, loose):
        one.to(one.x + 300, 0, door_open=False)
    drive.halt(120, door_open=False).halt(30, every_s=5, door_open=True)
    for one in (drive, loose):
        one.to(one.x + 300, 0, every_s=1, door_open=True).to(one.x + 300, 0, door_open=False)
    first, second = judged(PLAIN, drive).of("door_open_moving")
    assert first.ended_at is not None
    assert second.ended_at is not None
    assert first.ended_at < second.started_at < first.ended_at + timedelta(minutes=15)
    assert len(judged(PLAIN, loose).of("door_open_moving")) == 1


def test_without_a_fix_the_odometer_says_that_it_drives_with_the_door_open() -> None:
    def drive(metres_a_step: float) -> Drive:
        one = Drive().halt(60, door_open=False, odometer_m=0.0).halt(30, door_open=True, odometer_m=0.0)
        for step in range(1, 13):
            one.at_s += 10.0
            one.fix(None, fix_valid=False, door_open=True, odometer_m=metres_a_step * step)
        return one

    [event] = judged(PLAIN, drive(80.0)).of("door_open_moving")
    assert event.started_at == START + timedelta(seconds=106)
    assert judged(PLAIN, drive(20.0)).of("door_open_moving") == []


def test_unloading_where_nothing_is_to_be_delivered() -> None:
    drive = Drive().halt(60, door_open=False).to(3000, 0, door_open=False).halt(60, door_open=False)
    drive.halt(120, every_s=10, door_open=True).halt(60, door_open=False).to(4000, 0, door_open=False)
    (event,) = judged(PLAIN, drive).of("unscheduled_unloading")
    assert event.severity == Severity.high
    at_a_stop = Drive().halt(60, door_open=False).to(9000, 0, door_open=False).halt(200, every_s=10, door_open=True)
    assert judged(PLAIN, at_a_stop).of("unscheduled_unloading") == []


def test_a_load_that_gets_lighter_on_the_way() -> None:
    drive = Drive().halt(120, cargo_kg=1000.0).to(3000, 0, cargo_kg=1010.0).halt(120, every_s=10, cargo_kg=1000.0)
    drive.halt(120, every_s=10, cargo_kg=900.0).to(4000, 0, cargo_kg=905.0)
    (event,) = judged(PLAIN, drive).of("cargo_weight_drop")
    assert event.facts["lost_kg"] == 100
    assert event.severity == Severity.critical


def test_a_load_that_comes_back_was_not_lost() -> None:
    drive = Drive().halt(120, cargo_kg=1000.0).to(3000, 0).halt(120, every_s=10, cargo_kg=1000.0)
    drive.halt(60, every_s=10, cargo_kg=900.0).halt(120, every_s=10, cargo_kg=1000.0).to(4000, 0)
    assert judged(PLAIN, drive).of("cargo_weight_drop") == []


def test_fuel_that_goes_while_standing() -> None:
    drive = Drive().halt(600, fuel_l=50.0, ignition=False).halt(600, fuel_l=40.0, ignition=False)
    (event,) = judged(PLAIN, drive).of("fuel_drop")
    assert event.facts["lost_l"] == 10
    slosh = Drive().halt(600, fuel_l=50.0, ignition=False).halt(60, fuel_l=40.0, ignition=False)
    assert judged(PLAIN, slosh.halt(600, fuel_l=50.0, ignition=False)).of("fuel_drop") == []
