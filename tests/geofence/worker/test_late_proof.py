"""Whatever the order, repetition, delay, cutting and interruption: the final conclusions are those of all rows in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from domain.trips import Circle, PlannedStop, Trip
from geofence.parameters import Parameters
from geofence.rows import to_us
from geofence.world import World
from store.planning import save_trip
from store.pool import Connection, Pool
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.plain_engine import PlainEngine
from tests.geofence.worker.readings import DAY, VANS, Fix, engine_rows, store_fixes

pytestmark = pytest.mark.server


def trips() -> tuple[Trip, ...]:
    stops = tuple(PlannedStop(f"s{n}", None, Circle(77.5 + n / 100, 12.9, 50.0), None, None, None, None) for n in (1, 2, 3))
    span = (DAY + timedelta(minutes=20), DAY + timedelta(hours=2))
    return tuple(Trip(f"t{van}", f"van-{van}", *span, (), None, None, stops) for van in VANS)


def a_day(random: Random) -> list[Fix]:
    fixes = []
    for van in VANS:
        at_s = random.randrange(300)
        while at_s < 3 * 3600:
            place = 775_000_000 + 100_000 * random.choice((0, 0, 0, 1, 2, 3))
            fixes.append(Fix(van, at_s, random.choice((3.0, 12.0)), place, random.randrange(2)))
            at_s += random.choice((10, 10, 60, 300, 900))
    return fixes


@pytest.fixture
def bench(database_url: str, pool: Pool) -> Iterator[Bench]:
    bench = Bench(database_url)
    yield bench
    bench.session.close()


def expected(fixes: list[Fix], as_of: datetime | None, planned: tuple[Trip, ...]) -> tuple[set[Any], set[Any]]:
    engine = PlainEngine(World((), planned, {van: f"van-{van}" for van in VANS}), Parameters())
    events: dict[str, Any] = {}
    visits: dict[Any, Any] = {}
    for conclusions in (engine.advance(engine_rows(fixes)), *([engine.tick(to_us(as_of))] if as_of else [])):
        events |= {event.event_id: event for event in conclusions.events}
        visits |= {(visit.trip_id, visit.stop_id): visit for visit in conclusions.visits}
    return (
        {(event.event_id, event.ended_at, event.detected_at) for event in events.values()},
        {(*key, visit.state.value, visit.arrived_at) for key, visit in visits.items()},
    )


def stored(connection: Connection) -> tuple[set[Any], set[Any]]:
    events = connection.execute("SELECT event_id, ended_at, detected_at FROM event WHERE superseded_at IS NULL").fetchall()
    visits = connection.execute("SELECT trip_id, stop_id, state, arrived_at FROM visit WHERE state <> 'pending'").fetchall()
    return {tuple(row.values()) for row in events}, {tuple(row.values()) for row in visits}


def assert_same(connection: Connection, fixes: list[Fix], bench: Bench) -> None:
    for found, wanted in zip(stored(connection), expected(fixes, bench.ticked_at(), trips()), strict=True):
        assert sorted(found - wanted) == []
        assert sorted(wanted - found) == []


def batches_of(fixes: list[Fix], random: Random, mix: float) -> list[list[Fix]]:
    """The fixes as they arrive: `mix` is the share that comes at any other time, some of it twice."""
    arrival = sorted(fixes, key=lambda fix: fix.at_s)
    for fix in list(arrival):
        if random.random() < mix:
            arrival.remove(fix)
            arrival.insert(random.randrange(len(arrival) + 1), fix)
    arrival += random.sample(arrival, len(arrival) // 10)
    batches = []
    while arrival:
        size = random.choice((1, 3, 10, 40))
        batches.append(arrival[:size])
        arrival = arrival[size:]
    return batches


@pytest.mark.parametrize(("seed", "mix"), [(1, 0.0), (2, 0.02), (3, 0.1), (4, 0.3), (5, 1.0), (6, 0.05), (7, 1.0), (8, 0.2)])
def test_any_arrival_gives_the_same_conclusions(bench: Bench, connection: Connection, seed: int, mix: float) -> None:
    random = Random(seed)
    fixes = a_day(random)
    for trip in trips():
        save_trip(connection, 1, trip)
    for batch in batches_of(fixes, random, mix):
        store_fixes(connection, batch)
        if random.random() < 0.5:
            bench.now += timedelta(seconds=random.choice((0.1, 3.0, 400.0)))
            bench.drain()
        if random.random() < 0.1:
            bench.restart()
    bench.drain()
    bench.now += timedelta(hours=5)
    bench.drain()
    assert_same(connection, fixes, bench)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_plans_that_come_late_are_as_if_they_had_always_been_there(bench: Bench, connection: Connection, seed: int) -> None:
    random = Random(seed)
    fixes = a_day(random)
    batches = batches_of(fixes, random, 0.05)
    late = list(trips())
    for batch in batches:
        store_fixes(connection, batch)
        if late and random.random() < 4 / len(batches):
            save_trip(connection, 1, late.pop())
        bench.drain()
    for trip in late:
        save_trip(connection, 1, trip)
    bench.now += timedelta(hours=5)
    bench.drain()
    assert_same(connection, fixes, bench)


def test_two_workers_share_the_lanes_and_come_to_the_same(bench: Bench, connection: Connection, database_url: str) -> None:
    random = Random(21)
    fixes = a_day(random)
    for trip in trips():
        save_trip(connection, 1, trip)
    batches = batches_of(fixes, random, 0.1)
    for batch in batches[: len(batches) // 2]:
        store_fixes(connection, batch)
    bench.drain()
    other = Bench(database_url)
    bench.worker.balance()
    other.worker.balance()
    assert bench.worker.lanes | other.worker.lanes == frozenset(range(64))
    assert not bench.worker.lanes & other.worker.lanes
    assert len(bench.worker.lanes) == len(other.worker.lanes) == 32
    for batch in batches[len(batches) // 2 :]:
        store_fixes(connection, batch)
        random.choice((bench, other)).drain()
    other.session.close()
    for _ in range(100):  # the server needs a moment to see that the other is gone
        bench.worker.balance()
        if len(bench.worker.lanes) == 64:
            break
        time.sleep(0.1)
    assert bench.worker.lanes == frozenset(range(64))
    bench.drain()
    bench.now += timedelta(hours=5)
    bench.drain()
    assert_same(connection, fixes, bench)


def test_what_late_data_overturns_is_superseded_and_what_it_finds_is_late(bench: Bench, connection: Connection) -> None:
    store_fixes(connection, [Fix(1, 0, 12.0), Fix(1, 60, 5.0), Fix(1, 1000, 5.0)])
    bench.drain()
    store_fixes(connection, [Fix(1, 500, 12.0), Fix(1, 30, 5.0)])
    bench.drain()
    rows = connection.execute(
        "SELECT rule, started_at, ended_at, late, superseded_because FROM event ORDER BY rule, started_at"
    ).fetchall()
    at = [DAY + timedelta(seconds=s) for s in (0, 30, 60, 500, 1000)]
    assert [tuple(row.values()) for row in rows] == [
        ("overspeed", at[0], at[1], False, None),
        ("overspeed", at[3], at[4], True, None),
        ("silent_device", at[2], at[4], False, "late_data"),
    ]
