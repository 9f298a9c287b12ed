"""Sensors live: whatever the order, repetition, delay and interruption, what is stored is what judging all at once gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from domain.equipment import Asset, Cooler, Equipment, Shelf
from domain.observations import Position, SensorReading
from geofence.rulebook import JUDGED_ELSEWHERE
from geofence.sensing.engine import SensorEngine, SensorWorld
from geofence.sensing.history import SensorJudgement, judge_samples
from geofence.sensing.samples import Samples, in_order
from store import telemetry
from store.pool import Connection, Role, open_pool
from store.sensing import fit_cooler, fit_shelf
from store.telemetry import POSITION, SENSOR_READING, TelemetryBatch
from tests.geofence.sensing.shelf_scene import HOUR, Box, Locator, Scale, at
from tests.geofence.sensing.test_shelves import swept
from tests.geofence.worker.bench import Bench

pytestmark = pytest.mark.server
KEYS = {"shelf": 1, "box": 2, "crate": 3}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        for key in KEYS:
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
        for number, outlet in enumerate(("shop", "other")):
            connection.execute(
                "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)"
                " VALUES (1, %s, 'A', %s, %s, 60)",
                (outlet, 776_000_000, 129_700_000 + number * 200_000),
            )
        connection.execute("INSERT INTO product (org_id, product_id, name) VALUES (1, 'soap', 'Soap')")
        yield connection


@pytest.fixture
def bench(database_url: str, connection: Connection) -> Iterator[Bench]:
    bench = Bench(database_url)
    yield bench
    bench.session.close()


def two_days() -> tuple[Scale, Box, Locator]:
    """A sweep, a stock-out, a theft and a restocking; a box that fails; a crate that leaves and comes back."""
    scale = swept(Scale(30).until(8).sell(2).until(9), 8).wait(400).put(0, 700.0).wait(9).put(0, -700.0)
    scale.until(11).put(-6).wait(100).put(6).until(15).sell(scale.pieces).until(18).receive(25).until(28).sell(1)
    scale.until(33).put(-4).until(46)
    box = Box().hold(30, 5.0).hold(10, 12.0, door_open=True).hold(60, 13.0).hold(30, 4.0)
    return scale, box, Locator().at_m(10, 30).at_m(600, 12).at_m(10, 30)


def fit(connection: Connection, shelf: Shelf, cooler: Cooler | None = None, asset: Asset | None = None) -> None:
    """Tell the database what `shelf_scene` has told its engine; the books go to the ledger."""
    with connection.transaction():
        fit_shelf(connection, 1, shelf)
        if cooler is not None:
            fit_cooler(connection, 1, cooler)
        if asset is not None:
            connection.execute(
                "INSERT INTO asset (org_id, asset_id, kind, outlet_id, device_id) VALUES (1, 'c1', 'crate', 'shop', 3)"
            )
    keep_books(connection, shelf)


def keep_books(connection: Connection, shelf: Shelf) -> None:
    moved = [(one.at, one.units, "delivery") for one in shelf.received]
    moved += [(one.at, -one.units, "sale") for one in shelf.sold or ()]
    connection.execute("RESET ROLE")
    for number, (moment, pieces, cause) in enumerate(moved):
        connection.execute(
            "INSERT INTO stock_movement (org_id, moved_at, place_kind, place_id, product_id, pieces, cause, ref, actor)"
            " VALUES (1, %s, 'outlet', 'shop', 'soap', %s, %s, %s, 'test')",
            (moment, pieces, cause, str(number)),
        )
    connection.execute("SET ROLE beatwatch_worker")


def store(connection: Connection, readings: Sequence[SensorReading | Position]) -> None:
    """As ingest stores them, numbered as the samples are."""
    sensed = [one for one in readings if isinstance(one, SensorReading)]
    fixes = [one for one in readings if isinstance(one, Position)]
    rows, places = np.zeros(len(sensed), SENSOR_READING), np.zeros(len(fixes), POSITION)
    for array in (rows, places):
        for name in array.dtype.names or ():
            array[name] = np.nan if array.dtype[name].kind == "f" else array[name]
        for name in ("door_open", "buffered", "satellites", "fix_valid", "ignition", "in_motion"):
            if name in (array.dtype.names or ()):
                array[name] = telemetry.MISSING_SMALL
        array["boot_id"], array["org_id"] = telemetry.MISSING_INT8, 1
    rows["count"] = telemetry.MISSING_INT4
    row: Any
    for row, one in zip(rows, sensed, strict=True):
        row["device_id"], row["seq"] = KEYS[one.device], one.seq
        row["measured_at"] = row["received_at"] = naive(one.measured_at)
        for name in ("weight_g", "temperature_c", "door_open"):
            if getattr(one, name) is not None:
                row[name] = getattr(one, name)
    for row, fix in zip(places, fixes, strict=True):
        row["device_id"], row["seq"] = KEYS[fix.device], fix.seq
        row["fix_time"] = row["received_at"] = naive(fix.fix_time)
        row["longitude_e7"], row["latitude_e7"] = round((fix.longitude_deg or 0) * 1e7), round((fix.latitude_deg or 0) * 1e7)
        row["accuracy_m"], row["hdop"], row["satellites"] = fix.accuracy_m, fix.hdop, fix.satellites
    with connection.transaction():
        telemetry.prepare_session(connection)
        probes = {number: fix.temperature_c for number, fix in enumerate(fixes) if fix.temperature_c}
        telemetry.store_batch(connection, TelemetryBatch(places, probes, sensor_readings=rows))


def naive(moment: Any) -> Any:
    return moment.replace(tzinfo=None)


def numbered(*told: Sequence[Any]) -> list[Any]:
    """Every reading with a number of its own, by time."""
    return sorted((one._replace(seq=number) for readings in told for number, one in enumerate(readings)), key=moment_of)


def moment_of(reading: Any) -> Any:
    return reading.measured_at if isinstance(reading, SensorReading) else reading.fix_time


def at_once(equipment: Equipment, *parts: Samples) -> SensorJudgement:
    engine = SensorEngine(SensorWorld(equipment, {number: key for key, number in KEYS.items()}))
    judged = judge_samples(engine, in_order(np.concatenate(parts)))
    assert judged.faults == []
    return judged


def stored_events(connection: Connection) -> set[tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT event_id, rule, severity, started_at, ended_at, detected_at FROM event"
        " WHERE superseded_at IS NULL AND rule = ANY (%s)",
        (list(JUDGED_ELSEWHERE),),
    )
    return {tuple(row.values()) for row in rows}


def wanted_events(judged: SensorJudgement) -> set[tuple[Any, ...]]:
    return {
        (event.event_id, event.rule, event.severity.value, event.started_at, event.ended_at, event.detected_at)
        for event in judged.events.values()
    }


def stored_stock(connection: Connection) -> set[tuple[Any, ...]]:
    rows = connection.execute("SELECT observed_at, outlet_id, product_id, pieces, confidence FROM observed_stock")
    return {tuple(row.values()) for row in rows}


def wanted_stock(judged: SensorJudgement) -> set[tuple[Any, ...]]:
    return {(one.at, one.outlet_id, one.product, one.pieces, one.confidence) for one in judged.observed.values()}


@pytest.mark.parametrize(("seed", "mix"), [(1, 0.0), (2, 0.02), (3, 0.3), (4, 1.0), (5, 0.1)])
def test_any_arrival_gives_the_same_conclusions(bench: Bench, connection: Connection, seed: int, mix: float) -> None:
    random = Random(seed)
    scale, box, crate = two_days()
    readings = numbered(scale.readings, box.readings, crate.positions)
    fitted = random.random() < 0.5
    if fitted:
        fit(connection, scale.shelf, box.cooler, crate.asset)
    for one in [one for one in readings if random.random() < mix]:
        readings.remove(one)
        readings.insert(random.randrange(len(readings) + 1), one)
    readings += random.sample(readings, len(readings) // 10)
    while readings:
        size = random.choice((1, 10, 40, 200))
        store(connection, readings[:size])
        readings = readings[size:]
        if not fitted and random.random() < 0.1:
            fit(connection, scale.shelf, box.cooler, crate.asset)
            fitted = True
        if random.random() < 0.5:
            bench.now += timedelta(seconds=2)
            bench.drain()
        if random.random() < 0.1:
            bench.restart()
    if not fitted:
        fit(connection, scale.shelf, box.cooler, crate.asset)
    bench.now += timedelta(hours=1)
    bench.drain()
    judged = at_once(Equipment((scale.shelf,), (box.cooler,), (crate.asset,)), scale.samples(), box.samples(), crate.samples())
    assert {event.rule for event in judged.events.values()} == {
        "shelf_sweep",
        "shelf_shrink",
        "shelf_stock_out",
        "temperature_excursion",
        "asset_out",
    }
    assert stored_events(connection) == wanted_events(judged)
    assert stored_stock(connection) == wanted_stock(judged)


def test_books_that_come_on_the_next_morning_are_news(bench: Bench, connection: Connection) -> None:
    scale = Scale(20).until(9).put(-5).until(31)
    scale.shelf = replace(scale.shelf, books_until=at(12 * HOUR))
    fit(connection, scale.shelf)
    store(connection, numbered(scale.readings))
    bench.drain()
    assert stored_events(connection) == set()
    connection.execute("UPDATE shelf_sensor SET books_until = %s", (at(30 * HOUR),))
    bench.now += timedelta(seconds=2)
    bench.drain()
    (row,) = connection.execute("SELECT rule, late, facts FROM event").fetchall()
    assert (row["rule"], row["late"], row["facts"]["missing_units"]) == ("shelf_shrink", False, 5)
    keep_books(connection, replace(scale.shelf, sold=Scale(20).until(9).sell(5).shelf.sold))
    bench.now += timedelta(seconds=2)
    bench.drain()
    (row,) = connection.execute("SELECT superseded_because FROM event").fetchall()
    assert row["superseded_because"] == "late_data"


def test_what_late_samples_bring_to_light_pages_nobody_and_what_they_overturn_is_superseded(
    bench: Bench, connection: Connection
) -> None:
    scale = Scale(3).until(9).sell(3).until(10).receive(9).until(12).sell(9).until(14)
    fit(connection, scale.shelf)
    readings = numbered(scale.readings)
    emptied = [one for one in readings if at(9 * HOUR) < one.measured_at <= at(10 * HOUR)]
    filled = [one for one in readings if at(10 * HOUR) < one.measured_at <= at(12 * HOUR)]
    store(connection, [one for one in readings if one not in emptied and one not in filled])
    bench.drain()
    store(connection, emptied)
    bench.drain()
    (row,) = connection.execute("SELECT late, started_at FROM event WHERE rule = 'shelf_stock_out' AND late").fetchall()
    assert row["started_at"] == at(9 * HOUR + 2)
    store(connection, filled)
    bench.drain()
    judged = at_once(Equipment((scale.shelf,)), scale.samples())
    assert len(wanted_events(judged)) == 2
    assert stored_events(connection) == wanted_events(judged)


def test_a_late_position_of_a_van_does_not_touch_what_its_box_said(bench: Bench, connection: Connection) -> None:
    box = Box().hold(10, 5.0).hold(30, 13.0)
    fit_cooler(connection, 1, box.cooler)
    store(connection, numbered(box.readings))
    fix = Position("box", at(6.2 * HOUR), None, 77.6, 12.97, accuracy_m=5.0, hdop=1.0, satellites=9, speed_mps=1.0, seq=1)
    store(connection, [fix, fix._replace(fix_time=at(7 * HOUR), seq=2)])
    bench.drain()
    store(connection, [fix._replace(fix_time=at(6.1 * HOUR), seq=3)])
    bench.drain()
    bench.restart()
    bench.drain()
    rows = connection.execute("SELECT rule, superseded_at FROM event WHERE rule = 'temperature_excursion'").fetchall()
    assert [tuple(row.values()) for row in rows] == [("temperature_excursion", None)]


def test_a_probe_of_a_tracker_is_judged_like_a_box(bench: Bench, connection: Connection) -> None:
    fit_cooler(connection, 1, Cooler("crate", "van", 2.0, 8.0))
    said = [
        Position(
            "crate", at(60 * n), None, 77.6, 12.97, accuracy_m=5.0, hdop=1.0, satellites=9, temperature_c=(5.0 + n // 10 * 7,)
        )
        for n in range(25)
    ]
    store(connection, numbered(said))
    bench.drain()
    assert {one[1] for one in stored_events(connection)} == {"temperature_excursion"}


def test_a_transfer_moves_an_asset_and_the_depot_ends_the_watch(bench: Bench, connection: Connection) -> None:
    crate = Locator().at_m(5, 10).at_m(2212, 60)
    scale = Scale(20)
    fit(connection, scale.shelf, None, crate.asset)
    store(connection, numbered(crate.positions))
    bench.drain()
    assert {one[1] for one in stored_events(connection)} == {"asset_out"}
    connection.execute(
        "INSERT INTO asset_transfer (org_id, transfer_id, asset_id, from_outlet_id, to_outlet_id, planned_at)"
        " VALUES (1, 't1', 'c1', 'shop', 'other', %s)",
        (at(9 * 900),),
    )
    bench.now += timedelta(seconds=2)
    bench.drain()
    assert stored_events(connection) == set()
    connection.execute("UPDATE asset_transfer SET to_outlet_id = NULL")
    store(connection, numbered(crate.at_m(5000, 20).positions))
    bench.now += timedelta(seconds=2)
    bench.drain()
    assert stored_events(connection) == set()


def test_two_shelves_of_one_product_have_no_books(connection: Connection, bench: Bench) -> None:
    scale = Scale(20).until(9).put(-5).until(24)
    assert len(scale.judged().events) == 1
    fit(connection, scale.shelf)
    fit_shelf(connection, 1, replace(scale.shelf, device_id="crate"))
    store(connection, numbered(scale.readings))
    bench.drain()
    assert stored_events(connection) == set()
