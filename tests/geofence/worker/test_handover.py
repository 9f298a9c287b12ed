"""A vehicle gets another tracker while its trip runs: the trip goes on, live, late, after restarts and on any lane."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from beatwatch.judged_files import read_files
from domain.devices import Assignment
from domain.events import Event, Visit, VisitState
from domain.truth import TrueVisit
from geofence.engine import Engine
from geofence.history import Judgement, judge
from geofence.parameters import Parameters
from geofence.rows import rows_from_positions, to_us
from geofence.worker.backtest import backtest
from geofence.world import World
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from store.planning import trips_between, zones_between
from store.pool import Connection
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.test_real_engine import event_form, plan, store, stored, visit_form
from wire.files.assignments import write_assignments
from wire.files.track_csv import write_tracks
from wire.files.trip_json import write_trips
from wire.files.zone_geojson import write_zones

pytestmark = pytest.mark.server
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SPARE = "spare"


def swapped(simulation: Simulation, at: datetime) -> list[Any]:
    """What the trackers say when the first van's is replaced by a spare one, and goes on for a while on a shelf elsewhere."""
    positions = []
    for one in simulation.positions():
        assert one.fix_time is not None
        assert one.longitude_deg is not None or one.fix_valid is False
        if one.device != simulation.devices[0] or one.fix_time < at:
            positions.append(one)
            continue
        odometer = None if one.odometer_m is None else one.odometer_m + 70_000.0
        positions.append(one._replace(device=SPARE, odometer_m=odometer, cargo_kg=None, door_open=None))
        if one.fix_time < at + timedelta(minutes=20) and one.longitude_deg is not None:
            positions.append(one._replace(longitude_deg=one.longitude_deg + 0.5, seq=(one.seq or 0) + 1))
    return positions


def mount(connection: Connection, device: int, vehicle: str, since: datetime | None, until: datetime | None) -> None:
    connection.execute("INSERT INTO vehicle (org_id, vehicle_id) VALUES (1, %s) ON CONFLICT DO NOTHING", (vehicle,))
    connection.execute(
        "INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid) VALUES (%s, 1, %s, tstzrange(%s, %s))",
        (device, vehicle, since, until),
    )


def take_off(connection: Connection, device: int, at: datetime) -> None:
    connection.execute("UPDATE device_assignment SET valid = tstzrange(lower(valid), %s) WHERE device_id = %s", (at, device))


def prepared(connection: Connection, simulation: Simulation) -> dict[str, int]:
    numbers = plan(connection, simulation)
    row = connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s) RETURNING device_id", (SPARE,)).fetchone()
    assert row is not None
    numbers[SPARE] = row["device_id"]
    mount(connection, numbers[simulation.devices[0]], "van A", None, None)
    return numbers


def batches(positions: list[Any], random: Random) -> Iterator[list[Any]]:
    """In any order of arrival, some of them twice."""
    cuts = []
    while positions:
        size = random.choice((100, 300, 600))
        cuts.append(positions[:size])
        positions = positions[size:]
    for number in range(len(cuts) - 1):
        if random.random() < 0.3:
            cuts[number], cuts[number + 1] = cuts[number + 1], cuts[number]
        if random.random() < 0.1:
            cuts.append(cuts[number])
    yield from cuts


def expected(
    connection: Connection, positions: list[Any], numbers: dict[str, int], van: str, at: datetime, as_of: datetime
) -> tuple[set[Any], set[Any]]:
    """What comes of the rows if the spare tracker's are the first van's from the change on, whose own are nobody's."""
    trip = next(trip for trip in trips_between(connection, *EVER)[1] if trip.device_id == van)
    end = trip.planned_end + timedelta(hours=8)
    told = []
    for one in positions:
        if one.device == SPARE and at <= one.fix_time < end:
            told.append(one._replace(device=van))
        elif not (one.device == van and at <= one.fix_time < end):
            told.append(one)
    rows = rows_from_positions(told, numbers)
    devices = {number: key for key, number in numbers.items()}
    world = World(zones_between(connection, None, None)[1], trips_between(connection, *EVER)[1], devices)
    judgement = Judgement()
    for _, conclusions in judge(Engine(world), rows, to_us(as_of), {numbers[van]: (to_us(at), to_us(end))}):
        judgement.take(conclusions)
    return forms(judgement)


def from_files(
    folder: Path, simulation: Simulation, positions: list[Any], van: str, at: datetime, as_of: datetime
) -> tuple[set[Any], set[Any]]:
    """What `judge` makes of the same day in files, time having passed until the same moment."""
    told = [Assignment(SPARE, "van A", at, None), Assignment(van, "van A", None, at)]
    paths = {name: folder / name for name in ("tracks", "trips", "zones", "assignments")}
    with (folder / "tracks").open("w") as tracks, (folder / "trips").open("w") as trips:
        write_tracks(positions, tracks)
        write_trips(simulation.trips, trips)
    with (folder / "zones").open("w") as zones, (folder / "assignments").open("w") as assignments:
        write_zones(simulation.zones, zones)
        write_assignments(told, assignments)
    files = read_files(paths, Parameters(), pytest.fail, lambda _: None)
    rows, changes = files.handovers.tracked(files.rows), files.handovers.changes
    judgement = Judgement()
    for _, conclusions in judge(Engine(files.world), rows, to_us(as_of), changes):
        judgement.take(conclusions)
    return forms(judgement)


def forms(judgement: Judgement) -> tuple[set[Any], set[Any]]:
    concluded = judgement.in_order()
    return (
        {event_form(one) for one in concluded if isinstance(one, Event)},
        {visit_form(one) for one in concluded if isinstance(one, Visit)},
    )


def middle(simulation: Simulation) -> datetime:
    """A moment on the first van's way: it has served a third of its stops and is just leaving."""
    left = sorted(one.departed_at for one in served(simulation) if one.departed_at is not None)
    assert len(left) >= 3
    return left[len(left) // 3] + timedelta(seconds=30)


def served(simulation: Simulation) -> list[TrueVisit]:
    """What the first van did."""
    trip_id = next(trip.trip_id for trip in simulation.trips if trip.device_id == simulation.devices[0])
    visits = [one for one in simulation.truth if isinstance(one, TrueVisit) and one.trip_id == trip_id]
    return [one for one in visits if one.state is VisitState.serviced]


def unseen(simulation: Simulation, visits: set[Any]) -> set[str]:
    """Stops of the first van that were served, and are not known to have been."""
    known = {stop_id for _, stop_id, state, *_ in visits if state in ("serviced", "out_of_sequence")}
    return {one.stop_id for one in served(simulation)} - known


def same(found: tuple[set[Any], set[Any]], wanted: tuple[set[Any], set[Any]]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        assert sorted(ours - theirs, key=str) == []
        assert sorted(theirs - ours, key=str) == []


@pytest.mark.parametrize(("seed", "known"), [(5, "before"), (6, "meanwhile"), (7, "afterwards")])
def test_a_trip_goes_on_with_another_tracker(empty: Connection, real: Bench, seed: int, known: str, tmp_path: Path) -> None:
    """Whether the change is known before, when it happens or afterwards, and however rows arrive."""
    random = Random(seed)
    simulation = generate(load("morning_run"), seed, vehicles=2, days=1)
    van, at = simulation.devices[0], middle(simulation)
    numbers = prepared(empty, simulation)
    positions = swapped(simulation, at)

    def change() -> None:
        mount(empty, numbers[SPARE], "van A", at, None)
        take_off(empty, numbers[van], at)

    if known == "before":
        change()
    cuts = list(batches(positions, random))
    for number, cut in enumerate(cuts):
        if known == "meanwhile" and number == len(cuts) * 2 // 3:
            change()
        store(empty, rows_from_positions(cut, numbers), {})
        if random.random() < 0.6:
            real.now += timedelta(seconds=2)
            real.drain()
        if random.random() < 0.1:
            real.restart()
    real.now += timedelta(hours=6)
    real.drain()
    if known == "afterwards":
        change()
        real.now += timedelta(seconds=2)
        real.drain()
    ticked_at = real.ticked_at()
    assert ticked_at is not None
    events, visits = stored(empty)
    events = {one for one in events if one[1] != "clock_fault"}
    same((events, visits), expected(empty, positions, numbers, van, at, ticked_at))
    same((events, visits), from_files(tmp_path, simulation, positions, van, at, ticked_at))
    assert not unseen(simulation, visits)
    assert "silent_device" not in {rule for _, rule, *_ in events}
    found = backtest(empty, 1, at - timedelta(days=1), at + timedelta(days=1), Parameters())
    assert all(one.gained == one.lost == [] for one in found.values())


def test_without_another_tracker_the_trip_is_not_known_to_go_on(empty: Connection, real: Bench) -> None:
    simulation = generate(load("morning_run"), 5, vehicles=2, days=1)
    at, numbers = middle(simulation), prepared(empty, simulation)
    store(empty, rows_from_positions(swapped(simulation, at), numbers), {})
    real.drain()
    real.now += timedelta(hours=6)
    real.drain()
    _, visits = stored(empty)
    assert unseen(simulation, visits)


def test_two_workers_on_different_lanes_agree(empty: Connection, database_url: str, real: Bench) -> None:
    simulation = generate(load("morning_run"), 8, vehicles=2, days=1)
    van, at = simulation.devices[0], middle(simulation)
    numbers = prepared(empty, simulation)
    other = Bench(database_url, Engine)
    try:
        real.worker.balance()
        other.worker.balance()
        assert real.worker.lanes.isdisjoint(other.worker.lanes)
        positions = swapped(simulation, at)
        late, positions = positions[200:260], positions[:200] + positions[260:]
        for first in range(0, len(positions), 400):
            store(empty, rows_from_positions(positions[first : first + 400], numbers), {})
            if first == 400:
                mount(empty, numbers[SPARE], "van A", at, None)
                take_off(empty, numbers[van], at)
            for bench in (real, other):
                bench.now += timedelta(seconds=2)
                bench.drain()
        other.session.close()
        empty.execute("UPDATE device SET state = 'disabled' WHERE device_id = %s", (numbers[van],))
        store(empty, rows_from_positions(late, numbers), {})
        real.worker.heard({"beatwatch_devices"})
        real.worker.balance()
        real.now += timedelta(hours=6)
        real.drain()
        ticked_at = real.ticked_at()
        assert ticked_at is not None
        events, visits = stored(empty)
        events = {one for one in events if one[1] != "clock_fault"}
        same((events, visits), expected(empty, [*positions, *late], numbers, van, at, ticked_at))
    finally:
        other.session.close()
