"""What the worker finds when it looks back: habits over weeks, and clocks that were wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.events import Event, Severity
from domain.zones import ZoneKind
from geofence.worker.night import NightWatch
from store.conclusions import Judged, put_events
from store.planning import save_zone
from store.pool import Connection
from tests.geofence.scene import place, round_zone
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.readings import DAY, Fix, store_fixes

pytestmark = pytest.mark.server
VAN = Judged(1, 1, "van")


@pytest.fixture
def connection(two_devices: Connection) -> Connection:
    return two_devices


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
