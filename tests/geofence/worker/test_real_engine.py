"""The worker with the real engine: what is stored after any arrival is what judging all rows at once gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from domain.errors import InvalidInputError
from domain.events import Event, Visit
from domain.grades import GradeReason
from geofence.engine import Engine
from geofence.grading import CLOCK_AHEAD, NO_REASON, TOO_OLD, clock_reason
from geofence.history import Judgement, judge
from geofence.parameters import Parameters
from geofence.rows import FLAGS, MISSING_US, Rows, rows_from_positions, to_us
from geofence.worker.backtest import backtest
from geofence.world import World
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from store import telemetry
from store.planning import save_trip, save_zone, trips_between, zones_between
from store.pool import Connection
from store.storable import storable
from store.telemetry import POSITION, TelemetryBatch
from tests.geofence.worker.bench import Bench

pytestmark = pytest.mark.server


def as_stored(rows: Rows) -> Any:
    """The engine's rows as ingest stores them."""
    array = np.zeros(len(rows), POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            array[name] = np.nan
    array["device_time"] = "NaT"
    for name in ("longitude_e7", "latitude_e7", "seq", "satellites", "speed_mps", "course_deg", "accuracy_m", "hdop"):
        array[name] = rows[name]
    for name in ("cargo_kg", "fuel_l", "external_v", "odometer_m"):
        array[name] = rows[name]
    for bit, name in enumerate(FLAGS):
        known, value = (rows["flags"] >> bit) & 1, (rows["flags"] >> (bit + 8)) & 1
        array[name] = np.where(known == 1, value.astype(np.int16), telemetry.MISSING_SMALL)
    array["boot_id"] = telemetry.MISSING_INT8
    array["org_id"], array["device_id"] = 1, rows["device"]
    array["fix_time"] = rows["fix_time_us"].view("<M8[us]")
    array["received_at"] = rows["received_at_us"].view("<M8[us]")
    reasons = clock_reason(rows)
    array["grade"] = np.where(reasons == NO_REASON, 0, 3)
    array["grade_reason"] = np.select(
        [reasons == CLOCK_AHEAD, reasons == TOO_OLD], [GradeReason.clock_ahead, GradeReason.clock_behind], 0
    )
    return array


def store(connection: Connection, rows: Rows, alarms: dict[int, tuple[str, ...]]) -> None:
    with connection.transaction():
        telemetry.prepare_session(connection)
        telemetry.store_batch(connection, TelemetryBatch(as_stored(rows), alarms=alarms))


def expected(connection: Connection, rows: Rows, devices: dict[int, str], as_of: datetime) -> tuple[set[Any], set[Any]]:
    world = World(zones_between(connection, None, None)[1], trips_between(connection, _EVER[0], _EVER[1])[1], devices)
    judgement = Judgement()
    for _, conclusions in judge(Engine(world), rows, to_us(as_of)):
        judgement.take(conclusions)
    told = judgement.in_order()
    return (
        {event_form(event) for event in told if isinstance(event, Event)},
        {visit_form(visit) for visit in told if isinstance(visit, Visit)},
    )


_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def event_form(event: Event) -> tuple[Any, ...]:
    times = (event.started_at, event.ended_at, event.detected_at)
    return (event.event_id, event.rule, event.severity.value, *times, round(event.confidence, 9), sorted_text(event.facts))


def visit_form(visit: Visit) -> tuple[Any, ...]:
    told = (sorted_text(visit.facts), sorted_text(visit.evidence))
    return (
        visit.trip_id,
        visit.stop_id,
        visit.state.value,
        visit.arrived_at,
        visit.departed_at,
        round(visit.confidence, 9),
        *told,
    )


def stored(connection: Connection) -> tuple[set[Any], set[Any]]:
    from store.conclusions import Judged, past_since

    rows = connection.execute("SELECT device_id, org_id, device_key FROM device").fetchall()
    past = past_since(connection, [Judged(row["device_id"], row["org_id"], row["device_key"]) for row in rows], {})
    held = {row["event_id"] for row in connection.execute("SELECT event_id FROM event WHERE superseded_at IS NULL")}
    events = {event_form(event) for event in past.current_events.values() if event.event_id in held}
    return events, {visit_form(visit) for visit in past.current_visits.values()}


def sorted_text(facts: Any) -> str:
    """jsonb does not keep the order of members."""
    return json.dumps(storable(facts), sort_keys=True)


def batches(
    simulation: Simulation, numbers: dict[str, int], random: Random
) -> Iterator[tuple[Rows, dict[int, tuple[str, ...]]]]:
    """The rows as they arrive, cut at random; now and then a batch comes once more, or two in the wrong order."""
    positions = list(simulation.positions())
    cuts: list[list[Any]] = []
    while positions:
        size = random.choice((50, 200, 600))
        cuts.append(positions[:size])
        positions = positions[size:]
    for number in range(len(cuts) - 1):
        if random.random() < 0.1:
            cuts[number], cuts[number + 1] = cuts[number + 1], cuts[number]
        if random.random() < 0.05:
            cuts.append(cuts[number])
    for cut in cuts:
        rows = rows_from_positions(cut, numbers)
        yield rows, {index: position.alarms for index, position in enumerate(cut) if position.alarms}


def plan(connection: Connection, simulation: Simulation) -> dict[str, int]:
    """Register the devices and save zones and trips -> device number by key."""
    keys = sorted(simulation.devices)
    for key in keys:
        connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, %s)", (key,))
    for zone in simulation.zones:
        save_zone(connection, 1, zone)
    for trip in simulation.trips:
        save_trip(connection, 1, trip)
    return {key: number for number, key in enumerate(keys, 1)}


def test_a_backtest_says_what_other_parameters_would_change(empty: Connection, real: Bench) -> None:
    simulation = generate(load("morning_run"), 9, vehicles=2, days=1)
    numbers = plan(empty, simulation)
    for rows, alarms in batches(simulation, numbers, Random(9)):
        store(empty, rows, alarms)
    real.drain()
    real.now += timedelta(hours=12)
    real.drain()
    since = simulation.start.replace(hour=0, minute=0, second=0, microsecond=0)
    span = (since, since + timedelta(days=1))
    same = backtest(empty, 1, *span, Parameters())
    assert sum(difference.then for difference in same.values()) > 0
    assert all(difference.gained == difference.lost == [] for difference in same.values())
    told: list[tuple[int, int]] = []
    patient = Parameters({"unscheduled_stop.least_s": 14_400.0})
    other = backtest(empty, 1, *span, patient, lambda done, total: told.append((done, total)))
    assert (other["unscheduled_stop"].now, len(other["unscheduled_stop"].lost)) == (0, same["unscheduled_stop"].then)
    assert same["unscheduled_stop"].then > 0
    assert told == [(2, 2)]
    before = empty.execute("SELECT count(*) AS n FROM event").fetchone()
    with pytest.raises(InvalidInputError, match="no such parameter"):
        backtest(empty, 1, *span, Parameters({"unscheduled_stop.colour": 1.0}))
    assert empty.execute("SELECT count(*) AS n FROM event").fetchone() == before


@pytest.mark.parametrize(("scenario", "seed"), [("morning_run", 5), ("backlog", 6), ("missed_stops", 7)])
def test_the_final_conclusions_are_those_of_all_rows_at_once(empty: Connection, real: Bench, scenario: str, seed: int) -> None:
    random = Random(seed)
    simulation = generate(load(scenario), seed, vehicles=3, days=1)
    numbers = plan(empty, simulation)
    everything = []
    for rows, alarms in batches(simulation, numbers, random):
        everything.append(rows)
        store(empty, rows, alarms)
        if random.random() < 0.5:
            real.now += timedelta(seconds=random.choice((0.1, 2.0)))
            real.drain()
        if random.random() < 0.03:
            real.restart()
    real.now += timedelta(hours=6)
    real.drain()
    ticked_at = real.ticked_at()
    assert ticked_at is not None
    rows = np.concatenate(everything)
    assert (rows["received_at_us"] != MISSING_US).all()
    for found, wanted in zip(
        stored(empty), expected(empty, rows, {number: key for key, number in numbers.items()}, ticked_at), strict=True
    ):
        assert sorted(found - wanted, key=str) == []
        assert sorted(wanted - found, key=str) == []


@pytest.mark.parametrize("off_s", [3600, -1_700_000_000])
def test_a_tracker_whose_clock_is_wrong_is_not_silent(empty: Connection, real: Bench, off_s: int) -> None:
    """Neither live, nor after a restart, nor when late rows make it be judged again."""
    simulation = generate(load("morning_run"), 11, vehicles=1, days=1)
    numbers = plan(empty, simulation)
    rows = rows_from_positions(simulation.positions(), numbers)
    rows = rows[np.argsort(rows["received_at_us"], kind="stable")]
    middle_us = int(np.median(rows["fix_time_us"]))
    wrong = np.abs(rows["fix_time_us"] - middle_us) < 900_000_000
    rows["fix_time_us"][wrong] += off_s * 1_000_000
    late = np.flatnonzero(~wrong)[5]
    for cut in np.array_split(np.delete(rows, late), 12):
        store(empty, cut, {})
        real.drain()
    real.restart()
    real.drain()
    store(empty, rows[late : late + 1], {})
    rules = rules_as_at_once(empty, real, rows, simulation.devices[0])
    assert "clock_fault" in rules
    assert "silent_device" not in rules


@pytest.mark.parametrize(("newest_first", "seed"), [(False, 2), (True, 2), (True, 3)])
def test_a_clock_that_was_wrong_within_a_backlog_is_put_right(
    empty: Connection, real: Bench, newest_first: bool, seed: int
) -> None:
    """By less than it was wrong for: its rows come first after the hole, and nothing tells them until the others come."""
    random, simulation = Random(seed), generate(load("morning_run"), 11, vehicles=1, days=1)
    numbers = plan(empty, simulation)
    rows = rows_from_positions(simulation.positions(), numbers)
    rows = rows[np.argsort(rows["fix_time_us"], kind="stable")]
    since_us = int(np.median(rows["fix_time_us"])) - 1_200_000_000
    hidden = (rows["fix_time_us"] >= since_us) & (rows["fix_time_us"] < since_us + 1_500_000_000)
    wrong = (rows["fix_time_us"] >= since_us + 300_000_000) & (rows["fix_time_us"] < since_us + 900_000_000)
    uploaded_us = since_us + 1_500_000_000 + 250_000 * np.arange(int(hidden.sum()))
    rows["received_at_us"][hidden] = uploaded_us[::-1] if newest_first else uploaded_us
    rows["fix_time_us"][wrong] += 320_000_000
    assert (clock_reason(rows) == NO_REASON).all()
    rows = rows[np.argsort(rows["received_at_us"], kind="stable")]
    for cut in np.array_split(rows, 60):
        store(empty, cut, {})
        if random.random() < 0.7:
            real.drain()
        if random.random() < 0.1:
            real.restart()
    rules_as_at_once(empty, real, rows, simulation.devices[0])


def rules_as_at_once(empty: Connection, real: Bench, rows: Rows, device: str) -> set[str]:
    """Hours later, what is stored of one device is what comes of judging its rows at once -> the rules with events."""
    real.now += timedelta(hours=6)
    real.drain()
    ticked_at = real.ticked_at()
    assert ticked_at is not None
    events, visits = stored(empty)
    faults = {event for event in events if event[1] == "clock_fault"}  # looked for beside the stream
    for told, wanted in zip((events - faults, visits), expected(empty, rows, {1: device}, ticked_at), strict=True):
        assert sorted(told - wanted, key=str) == sorted(wanted - told, key=str) == []
    return {event[1] for event in events}
