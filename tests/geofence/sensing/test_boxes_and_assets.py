"""Temperatures that matter and those that do not; things that leave, drift, or are moved with an order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.equipment import Equipment
from domain.observations import Position
from geofence.sensing.history import judge_samples
from geofence.sensing.samples import samples_of_positions
from tests.geofence.sensing.shelf_scene import COOLER, HOUR, Box, Locator, at, engine


def test_a_warm_box_is_told_after_ten_minutes() -> None:
    box = Box().hold(30, 5.0).hold(15, 12.0)
    (event,) = box.events()
    assert event.started_at > at(6.5 * HOUR)
    assert 600 <= (event.detected_at - event.started_at).total_seconds() <= 690
    assert (event.ended_at, event.facts["mounted_on"], event.severity) == (None, "van", "medium")
    (event,) = box.hold(5, 5.0).events()
    assert event.ended_at is not None


def test_too_cold_is_told_too_and_degree_minutes_make_it_worse() -> None:
    (event,) = Box().hold(5, 5.0).hold(40, -3.0).events()
    assert event.severity == "high"
    (event,) = Box().hold(5, 5.0).hold(60, 18.0).events()
    assert (event.severity, event.facts["peak_c"]) == ("critical", 18.0)


@pytest.mark.parametrize("temperature_c", [9.9, 0.1, 5.0])
def test_two_degrees_are_tolerated(temperature_c: float) -> None:
    assert Box().hold(120, temperature_c).events() == []


def test_what_a_door_a_loading_or_a_defrost_explains() -> None:
    assert Box().hold(10, 5.0).hold(5, 11.0, door_open=True).hold(18, 11.0).hold(5, 5.0).events() == []
    assert len(Box().hold(10, 5.0).hold(5, 11.0, door_open=True).hold(25, 11.0).events()) == 1
    assert Box().hold(10, 5.0).hold(15, 11.0, door_open=True).hold(23, 11.0).hold(5, 5.0).events() == []
    assert len(Box().hold(10, 5.0).hold(15, 11.0, door_open=True).hold(28, 11.0).events()) == 1
    assert Box().hold(10, 5.0).hold(9, 12.0).hold(5, 5.0).events() == []
    defrosting = replace(COOLER, defrosts_h=(6.0,), defrost_min=40.0)
    assert Box(defrosting).hold(5, 5.0).hold(35, 12.0).hold(5, 5.0).events() == []
    assert len(Box(defrosting).hold(5, 5.0).hold(60, 12.0).events()) == 1


def test_a_probe_of_the_van_s_own_tracker_will_do() -> None:
    probes = [(None, 5.0)] * 10 + [(12.0, None)] * 15
    fixes = [
        Position("box", at(60 * n), None, temperature_c=given, door_open=False, fix_valid=False)
        for n, given in enumerate(probes)
    ]
    judged = judge_samples(engine(Equipment(coolers=(COOLER,))), samples_of_positions(fixes, {"box": 2}))
    (event,) = judged.events.values()
    assert (event.rule, event.facts["peak_c"]) == ("temperature_excursion", 12.0)
    assert len(samples_of_positions([fix._replace(temperature_c=(), door_open=None) for fix in fixes], {"box": 2})) == 0


def test_silence_is_no_excursion() -> None:
    box = Box().hold(5, 12.0)
    box.second += 3 * HOUR
    assert box.hold(5, 12.0).events() == []


def test_one_reading_inside_by_a_hair_does_not_end_it() -> None:
    box = Box().hold(5, 5.0).hold(15, 10.5).hold(1, 9.95).hold(15, 10.5).hold(5, 5.0)
    assert len(box.events()) == 1


def test_an_asset_away_for_half_an_hour_is_told() -> None:
    locator = Locator().at_m(5, 10).at_m(400, 3)
    (event,) = locator.events()
    assert (event.started_at, event.detected_at, event.ended_at) == (at(11 * 900), at(13 * 900), None)
    assert event.facts["away_m"] == pytest.approx(400, rel=0.01)
    (event,) = locator.at_m(10, 2).events()
    assert event.ended_at == at(14 * 900)


def test_what_is_not_away() -> None:
    assert Locator().at_m(5, 5).at_m(400, 2).at_m(5, 9).events() == []
    assert Locator().at_m(90, 40).events() == []
    assert Locator().at_m(120, 40, accuracy_m=70.0).events() == []
    assert Locator().at_m(400, 40, fix_valid=False).events() == []
    assert Locator().at_m(400, 40, satellites=3).events() == []


def test_a_transfer_moves_where_it_belongs() -> None:
    locator = Locator().at_m(5, 20).at_m(800, 100).ordered(20 * 900, 800)
    assert locator.events() == []
    (event,) = locator.at_m(5, 10).events()  # back at its old place, where it no longer belongs
    assert event.started_at == at(121 * 900)


def test_a_transfer_to_elsewhere_does_not_excuse_it_for_ever() -> None:
    (event,) = Locator().at_m(5, 20).at_m(800, 100).ordered(20 * 900, 5000).events()
    assert event.started_at >= at(20 * 900 + 4 * HOUR)
