"""The worker with the real engine in a world that changes: thresholds, approvals, several lanes, rules that raise."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from prometheus_client import generate_latest

from domain.suppressors import Suppressor, SuppressorKind
from domain.trips import Trip
from geofence.engine import Engine
from geofence.rows import Rows
from geofence.rulebook import RULES
from store.parameters import definitions, set_parameter
from store.planning import save_trip
from store.pool import Connection, Role, open_pool
from store.rule_faults import list_faults
from store.suppressors import Approval, end_suppressor, save_suppressor
from tests.geofence.scene import START, Drive, rows_of, stop, trip
from tests.geofence.test_fleet import EXPECTED, NAMES, ROWS, SCENE
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.test_real_engine import store

pytestmark = pytest.mark.server


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def real(database_url: str, connection: Connection) -> Iterator[Bench]:
    bench = Bench(database_url, Engine)
    yield bench
    bench.session.close()


def plan(connection: Connection, trips: tuple[Trip, ...], others: int = 0) -> None:
    """Register the trips' devices, and `others` after the second so that the numbers fall into distant lanes."""
    keys = list(dict.fromkeys(one.device_id for one in trips))
    for key in (*keys[:2], *(f"other-{number}" for number in range(others)), *keys[2:]):
        connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
    for one in trips:
        save_trip(connection, 1, one)


def received(rows: Rows) -> Rows:
    rows["received_at_us"] = rows["fix_time_us"]
    return rows


def events(connection: Connection, rule: str) -> list[dict[str, Any]]:
    return connection.execute(
        "SELECT event.*, device_key FROM event JOIN device USING (device_id) WHERE rule = %s ORDER BY device_key, started_at",
        (rule,),
    ).fetchall()


HALT = Drive().halt(60).to(3000, 0).halt(400).to(9000, 0).halt(200).to(9900, 0)
ONE = (trip([stop(1, 9000, 0)]),)


@pytest.mark.parametrize("seed", [1, 2])
def test_workers_of_several_lanes_excuse_what_the_fleet_does(
    connection: Connection, database_url: str, real: Bench, seed: int
) -> None:
    random = Random(seed)
    plan(connection, SCENE.trips, others=40)
    other = Bench(database_url, Engine)
    real.worker.balance()
    other.worker.balance()
    rows = ROWS.copy()
    rows["device"][rows["device"] > 2] += 40
    assert real.worker.lanes & {1, 2, 43, 44, 45}
    assert other.worker.lanes & {1, 2, 43, 44, 45}
    order = sorted(range(len(rows)), key=lambda place: rows["fix_time_us"][place] + random.choice((0, 0, 0, 900_000_000)))
    for part in np.array_split(np.array(order), 12):
        store(connection, rows[part], {})
        random.choice((real, other)).drain()
    for bench in (real, other, real):
        bench.drain()
    for rule in ("unscheduled_stop", "route_deviation"):
        found = events(connection, rule)
        held = {event.event_id for event in EXPECTED.held().values() if event.rule == rule}
        concluded = {event.event_id for event in EXPECTED.events.values() if event.rule == rule}
        assert {row["event_id"] for row in found if row["superseded_because"] is None} == held
        assert {row["event_id"] for row in found if row["superseded_because"] in (None, "excused")} == concluded
    other.session.close()


def test_an_excuse_that_late_data_takes_away_is_no_excuse(connection: Connection, real: Bench) -> None:
    plan(connection, SCENE.trips)
    names = np.array(["", *NAMES])[ROWS["device"]]
    alone, followed = ROWS[names == "d"], ROWS[names == "e"]
    store(connection, alone, {})
    real.drain()
    assert [row["superseded_because"] for row in events(connection, "route_deviation")] == [None]
    away = followed["latitude_e7"] > followed["latitude_e7"].min() + 2000
    store(connection, followed[: int(np.flatnonzero(away)[0])], {})
    store(connection, followed[int(np.flatnonzero(away)[-1]) + 1 :], {})
    real.drain()
    assert [row["superseded_because"] for row in events(connection, "route_deviation")] == [None]
    store(connection, followed[away], {})
    real.drain()
    assert {row["superseded_because"] for row in events(connection, "route_deviation")} == {"excused"}


def test_a_threshold_holds_from_its_moment_on_and_is_taken_up_at_once(connection: Connection, real: Bench) -> None:
    plan(connection, ONE)
    store(connection, received(rows_of(HALT)), {})
    real.drain()
    assert events(connection, "unscheduled_stop") == []

    def set_to(value: float | None, since: Any) -> None:
        name = "unscheduled_stop.least_s"
        set_parameter(connection, 1, scope="organisation", scope_key="", name=name, since=since, value=value, by="me")
        real.now += timedelta(seconds=2)
        real.drain()

    set_to(300.0, START + timedelta(hours=1))
    assert events(connection, "unscheduled_stop") == []  # the halt was before
    set_to(300.0, START - timedelta(days=1))
    (event,) = events(connection, "unscheduled_stop")
    assert event["superseded_because"] is None
    assert event["facts"]["watched_s"] >= 300
    set_to(None, START)
    (event,) = events(connection, "unscheduled_stop")
    assert event["superseded_because"] == "replanned"
    set_to(13.0, START)  # past the checks of the API: left out, and nobody is harmed
    assert "unscheduled_stop.least_s" in definitions(connection)


def test_a_breakdown_approved_afterwards_has_the_past_judged_again(connection: Connection, real: Bench) -> None:
    drive = Drive().halt(60).to(3000, 0).halt(1500).to(9000, 0).halt(200).to(9900, 0)
    plan(connection, ONE)
    connection.execute("INSERT INTO vehicle (org_id, vehicle_id) VALUES (1, 'van-7')")
    connection.execute(
        "INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid) VALUES (1, 1, 'van-7', tstzrange(%s, NULL))",
        (START - timedelta(days=1),),
    )
    store(connection, received(rows_of(drive)), {})
    real.drain()
    assert [row["superseded_because"] for row in events(connection, "unscheduled_stop")] == [None]
    broken = Suppressor("one", SuppressorKind.breakdown, START, None, reason="gearbox")
    save_suppressor(connection, 1, Approval(broken, "van-7", "me", "approved"))
    real.now += timedelta(seconds=2)
    real.drain()
    assert [row["superseded_because"] for row in events(connection, "unscheduled_stop")] == ["replanned"]
    end_suppressor(connection, 1, "one", START + timedelta(seconds=100))
    real.now += timedelta(seconds=2)
    real.drain()
    assert [row["superseded_because"] for row in events(connection, "unscheduled_stop")] == [None]


def faults_exposed(rule: str) -> float:
    """What a scrape of this process finds that the rule has raised; NaN where it finds no such series."""
    series = re.compile(rf'^beatwatch_geofence_rule_faults_total\{{rule="{rule}"\}} (\S+)$', re.MULTILINE)
    found = series.search(generate_latest().decode())
    return float(found[1]) if found else math.nan


def break_down(*_: object) -> None:
    raise ZeroDivisionError("on purpose")


@pytest.fixture
def broken_overspeed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule book in which one rule raises at every fact that it wants."""
    broken = tuple(replace(one, on=dict.fromkeys(one.on, break_down)) if one.name == "overspeed" else one for one in RULES)
    monkeypatch.setattr("geofence.engine.RULES", broken)


@pytest.mark.usefixtures("broken_overspeed")
def test_a_rule_that_raises_is_counted_and_stops_nothing(connection: Connection, database_url: str) -> None:
    plan(connection, ONE)
    bench = Bench(database_url, Engine)
    drive = Drive().halt(60).to(3000, 0, mps=30, every_s=5).halt(900).to(4000, 0)
    rows = received(rows_of(drive))
    store(connection, rows, {})
    before = faults_exposed("overspeed")
    bench.drain()
    assert len(events(connection, "unscheduled_stop")) == 1
    (fault,) = list_faults(connection, 10)
    assert (fault.rule, fault.error, fault.device_key) == ("overspeed", "ZeroDivisionError: on purpose", "van")
    assert fault.count == 2
    assert faults_exposed("overspeed") == (0.0 if math.isnan(before) else before) + 2.0
    assert math.isnan(faults_exposed("unscheduled_stop"))  # only the one that raised has a series
    kept = connection.execute("SELECT count(*) AS n FROM position").fetchone()
    assert kept == {"n": len(rows)}
    cursor = connection.execute("SELECT min(batch_cursor) AS judged FROM geofence_lane").fetchone()
    assert cursor is not None
    assert cursor["judged"] > 0
    bench.session.close()


def test_visits_show_estimates_and_keep_their_evidence(connection: Connection, real: Bench) -> None:
    stops = [stop(n, 4000 * n, 0, window_end=START + timedelta(minutes=40)) for n in (1, 2, 3)]
    plan(connection, (trip(stops, ((0, 0), (14_000, 0)), depot=None),))
    store(connection, received(rows_of(Drive().halt(30).to(4000, 0).halt(1300).to(6500, 0))), {})
    real.drain()
    visits = {row["stop_id"]: row for row in connection.execute("SELECT * FROM visit")}
    assert set(visits["s1"]["evidence"]) >= {"arrived", "serviced", "left"}
    assert visits["s1"]["evidence"]["arrived"].keys() == {"at", "longitude_deg", "latitude_deg", "zones"}
    assert "estimated_arrival_at" in visits["s2"]["facts"]
    assert visits["s3"]["facts"]["at_risk_because"] == "estimate"
