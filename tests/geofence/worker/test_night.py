"""What the worker finds when it looks back: habits over weeks, and clocks that were wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from domain.events import Event, Severity
from domain.zones import ZoneKind
from geofence.worker.night import NightWatch, watch_clocks
from store import telemetry
from store.conclusions import Judged, put_events
from store.planning import save_zone
from store.pool import Connection, Role, open_pool
from store.telemetry import POSITION, TelemetryBatch
from tests.geofence.scene import place, round_zone
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.readings import DAY, Fix, store_fixes

pytestmark = pytest.mark.server
VAN = Judged(1, 1, "van")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as connection:
        connection.autocommit = True
        for key in ("van", "other"):
            connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
        yield connection


def halt(connection: Connection, day: int, x: float = 0.0) -> None:
    longitude, latitude = place(x, 0)
    begin = DAY + timedelta(days=day)
    facts = {"longitude_deg": longitude, "latitude_deg": latitude}
    event = Event(f"halt {day}", "unscheduled_stop", Severity.medium, "van", None, None, begin, begin, begin, 0.9, facts=facts)
    put_events(connection, {"van": VAN}, [event])


def habits(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(
        "SELECT event_id, started_at, facts->>'halts' AS halts FROM event"
        " WHERE rule = 'collusion_cluster' AND superseded_at IS NULL"
    ).fetchall()


def look_back(watch: NightWatch, connection: Connection, day: int) -> None:
    watch.run(connection, datetime.now(DAY.tzinfo), {1: DAY + timedelta(days=day)}, range(64))


def test_a_habit_is_told_on_the_night_after_and_keeps_its_name_for_as_long_as_it_goes_on(connection: Connection) -> None:
    watch = NightWatch()
    for day in (0, 2, 4):
        halt(connection, day, 10.0 * day)
    look_back(watch, connection, 4)
    assert habits(connection) == []  # the third day is not over
    look_back(watch, connection, 5)
    (first,) = habits(connection)
    assert (first["halts"], first["started_at"]) == ("3", DAY)
    for day in range(24, 90, 20):
        halt(connection, day)
        look_back(watch, connection, day + 1)
    (later,) = habits(connection)
    assert (later["event_id"], later["started_at"]) == (first["event_id"], DAY)
    assert int(later["halts"]) >= 3


def test_an_approved_place_takes_the_habit_back(connection: Connection) -> None:
    for day in (0, 2, 4):
        halt(connection, day)
    look_back(NightWatch(), connection, 5)
    assert len(habits(connection)) == 1
    save_zone(connection, 1, round_zone("rest", 0, 0, 200, ZoneKind.rest))
    look_back(NightWatch(), connection, 6)
    assert habits(connection) == []
    look_back(NightWatch(), connection, 6)  # a night is looked at once


def store_clocked(connection: Connection, seconds: range, ahead_s: int) -> None:
    rows = np.zeros(len(seconds), POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            rows[name] = np.nan
    for name in ("satellites", "fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        rows[name] = telemetry.MISSING_SMALL
    rows["boot_id"], rows["org_id"], rows["device_id"], rows["seq"] = telemetry.MISSING_INT8, 1, 1, -1
    rows["received_at"] = [np.datetime64((DAY + timedelta(seconds=s)).replace(tzinfo=None), "us") for s in seconds]
    rows["fix_time"] = rows["received_at"] + np.timedelta64(ahead_s, "s")
    rows["grade"], rows["grade_reason"] = (3, 20) if ahead_s > 120 else (0, 0)
    with connection.transaction():
        telemetry.prepare_session(connection)
        telemetry.store_batch(connection, TelemetryBatch(rows))


def faults(connection: Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute("SELECT started_at, ended_at, facts->>'kind' AS kind FROM event WHERE rule = 'clock_fault'")
    return [tuple(row.values()) for row in rows]


def test_a_clock_that_jumped_is_told_once_however_often_one_looks(connection: Connection) -> None:
    devices = {1: VAN}
    store_clocked(connection, range(0, 600, 10), -2)
    assert watch_clocks(connection, devices) == 0
    store_clocked(connection, range(600, 700, 10), 1000)
    assert watch_clocks(connection, devices) == 1
    store_clocked(connection, range(700, 800, 10), 1000)
    store_clocked(connection, range(800, 900, 10), -2)
    assert watch_clocks(connection, devices) == 1
    assert watch_clocks(connection, devices) == 0
    assert faults(connection) == [(DAY + timedelta(seconds=600), DAY + timedelta(seconds=790), "ahead")]


def test_the_worker_looks_back_by_itself_and_late_rows_do_not_touch_what_it_found(
    database_url: str, connection: Connection
) -> None:
    bench = Bench(database_url)
    for day in (0, 2, 4):
        halt(connection, day)
    store_fixes(connection, [Fix(1, 5 * 86_400), Fix(1, 5 * 86_400 + 60)])
    bench.drain()
    assert len(habits(connection)) == 1
    store_fixes(connection, [Fix(1, 86_400)])
    bench.now += timedelta(minutes=5)
    bench.drain()
    bench.restart()
    bench.drain()
    assert len(habits(connection)) == 1
    bench.session.close()
