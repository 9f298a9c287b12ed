"""Shelves, boxes and assets: what is weighed follows what is there, and the truth follows both."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from io import StringIO

import msgspec
import numpy as np
import pytest

from domain.truth import Incident
from simulators.fleet.fixes import NO_PLACE
from simulators.scenario import SensorsPlan, load
from simulators.sensors.coolers import box_temperature, excursions
from simulators.simulation import Simulation
from simulators.town.plane import Plane
from simulators.world import generate
from wire.files.equipment_json import parse_equipment, write_equipment

CALM = SensorsPlan(shelves=12, assets=6, hands=0, refacing=0, lifted=0)


@cache
def _world(**changes: float) -> Simulation:
    base = load("sensors")
    plan = msgspec.structs.replace(CALM, **changes)
    return generate(msgspec.structs.replace(base, vehicles=4, days=2, sensors=plan, incidents=()), seed=8)


def _rules(simulation: Simulation) -> Counter[str]:
    return Counter(line.rule for line in simulation.truth if isinstance(line, Incident))


def test_weight_is_tare_and_units_and_the_books_balance() -> None:
    world = _world()
    for shelf in world.equipment.shelves:
        weights = np.array([one.weight_g for one in world.sensors if one.device == shelf.device_id])
        units = np.round((weights - shelf.tare_g) / shelf.unit_g)
        came, went = sum(one.units for one in shelf.received), sum(one.units for one in shelf.sold or ())
        assert units[0] + came - went == pytest.approx(units[-1], abs=1)
        assert units.min() >= 0
        assert units.max() <= (shelf.capacity or 0)


def test_thefts_are_labelled_by_kind() -> None:
    assert set(_rules(_world())) <= {"shelf_stock_out"}
    swept = _rules(_world(sweep=1.0))
    assert swept["shelf_sweep"] > 12
    assert swept["shelf_shrink"] >= 0.9 * swept["shelf_sweep"]  # what is swept is also missing in the evening
    shrunk = _rules(_world(shrink=1.0))
    assert shrunk["shelf_shrink"] > 12
    assert shrunk["shelf_sweep"] == 0


def test_a_sweep_takes_units_in_a_minute() -> None:
    world = _world(sweep=1.0)
    shelves = {shelf.device_id: shelf for shelf in world.equipment.shelves}
    for line in world.truth:
        if isinstance(line, Incident) and line.rule == "shelf_sweep":
            assert line.ended_at is not None
            assert line.ended_at - line.started_at <= timedelta(seconds=60)
            margin = timedelta(minutes=6)
            weights = [
                one.weight_g
                for one in world.sensors
                if one.device == line.device_id and one.measured_at and abs(one.measured_at - line.started_at) < margin
            ]
            assert weights[0] is not None
            assert weights[-1] is not None
            assert weights[0] - weights[-1] > 5 * shelves[line.device_id].unit_g


def test_touching_a_shelf_is_no_incident() -> None:
    handled = _world(hands=20, refacing=10, lifted=1.0)
    assert _rules(handled) == _rules(_world())
    assert len(handled.sensors) > 1.05 * len(_world().sensors)


def test_a_closed_box_holds_its_band_and_a_broken_one_does_not() -> None:
    closed, outside_c = np.zeros(20_000, np.bool_), np.full(20_000, 32.0)
    sound = box_temperature(closed, outside_c, np.ones(20_000), 4.5)
    assert 2 < sound.min() < sound.max() < 8
    assert not excursions(sound, closed)
    broken = box_temperature(closed, outside_c, np.zeros(20_000), 4.5)
    assert len(excursions(broken, closed)) == 1
    assert (np.diff(broken) > 0).all()
    assert broken[-1] < 32


def test_failing_compressors_are_excursions_and_doors_are_not() -> None:
    assert _rules(_world())["temperature_excursion"] == 0
    assert _rules(_world(cooler_failure=1.0))["temperature_excursion"] >= 4


def test_an_asset_without_an_order_is_out_and_one_with_an_order_is_not() -> None:
    stolen, moved = _world(asset_theft=1.0), _world(asset_transfer=1.0)
    assert _rules(stolen)["asset_out"] >= 5
    assert _rules(moved)["asset_out"] == 0
    assert all(asset.transfers for asset in moved.equipment.assets)
    plane = Plane(*_world().trips[0].route[0])
    for asset in moved.equipment.assets:
        fixes = moved.fixes[moved.fixes["device"] == moved.devices.index(asset.device_id)]
        assert (fixes["longitude_e7"] != NO_PLACE).all()
        x_m, y_m = plane.to_metres(fixes["longitude_e7"][-1] / 1e7, fixes["latitude_e7"][-1] / 1e7)
        hx, hy = plane.to_metres(asset.transfers[0].longitude_deg, asset.transfers[0].latitude_deg)
        assert np.hypot(x_m - hx, y_m - hy) < 100


def test_equipment_is_written_and_read() -> None:
    file = StringIO()
    write_equipment(_world().equipment, file)
    assert parse_equipment(file.getvalue()) == _world().equipment
