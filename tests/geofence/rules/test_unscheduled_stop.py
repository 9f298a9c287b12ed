"""Halts where nobody is to halt, seen and unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.events import Severity
from domain.zones import ZoneKind
from tests.geofence.scene import PLAIN, START, Drive, judged, round_zone, stop, trip, world


def test_a_halt_where_nobody_halts_is_told_after_ten_minutes_and_ends() -> None:
    drive = Drive().halt(60).to(3000, 0)
    began = drive.at_s
    drive.halt(900).to(5000, 0)
    (event,) = judged(PLAIN, drive).of("unscheduled_stop")
    assert abs((event.started_at - START).total_seconds() - began) <= 10
    assert 600 <= (event.detected_at - event.started_at).total_seconds() <= 640
    assert event.ended_at is not None
    assert abs((event.ended_at - START).total_seconds() - began - 903) <= 10
    assert event.severity == Severity.medium


@pytest.mark.parametrize("kind", [ZoneKind.parking, ZoneKind.fuel, ZoneKind.rest])
def test_an_allowed_place_may_be_halted_at(kind: ZoneKind) -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 60, kind),))
    assert judged(scene, Drive().halt(60).to(3000, 0).halt(900).to(5000, 0)).rules() == set()


def test_a_red_zone_is_told_after_five_minutes_and_matters_more() -> None:
    scene = replace(PLAIN, zones=(round_zone("z", 3000, 0, 60, ZoneKind.red),))
    (event,) = judged(scene, Drive().halt(60).to(3000, 0).halt(400).to(5000, 0)).of("unscheduled_stop")
    assert event.severity == Severity.high
    assert event.facts["red_zone_id"] == "z"


def test_a_zone_that_is_no_longer_valid_allows_nothing() -> None:
    gone = round_zone("z", 3000, 0, 60, ZoneKind.parking, valid_until=START)
    assert judged(replace(PLAIN, zones=(gone,)), Drive().halt(60).to(3000, 0).halt(900)).rules() == {"unscheduled_stop"}


def test_three_vans_that_halt_together_stand_in_traffic() -> None:
    names = ("a", "b", "c")
    trips = [trip([stop(1, 9000, 0)], trip_id=name, device_id=name) for name in names]
    drives = [Drive(device=name).halt(60 + 20 * k).to(3000 + 40 * k, 0).halt(900) for k, name in enumerate(names)]
    for some, expected in ((3, 0), (2, 2)):
        scene, chosen = world(trips[:some], devices=names[:some]), drives[:some]
        assert len(judged(scene, *chosen, devices=names[:some]).of("unscheduled_stop")) == expected


def test_wheels_that_did_not_turn_stood_though_nobody_saw_it() -> None:
    drive = Drive().halt(60).to(3000, 0).halt(200, odometer_m=3000.0).away(500).halt(60, odometer_m=3000.0)
    assert len(judged(PLAIN, drive.to(4000, 0, odometer_m=4000.0)).of("unscheduled_stop")) == 1
    left = Drive().halt(60).to(3000, 0).halt(200, odometer_m=3000.0).away(500).halt(60, odometer_m=3090.0)
    assert judged(PLAIN, left.to(4000, 0, odometer_m=4090.0)).of("unscheduled_stop") == []
