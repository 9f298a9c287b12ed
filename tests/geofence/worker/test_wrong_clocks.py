"""Trackers whose clocks are wrong: what is stored after any arrival is what judging all rows at once gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import msgspec
import numpy as np
import pytest

from domain.truth import Incident
from geofence.grading import believed_rows, in_their_time
from geofence.history import arrival_order
from geofence.rows import Rows, in_order, rows_from_positions
from simulators.scenario import IncidentPlan, load
from simulators.simulation import Simulation
from simulators.world import generate
from store.pool import Connection
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.test_real_engine import expected, plan, store, stored

pytestmark = pytest.mark.server
VANS = 3


def faulty(name: str, seed: int) -> Simulation:
    """A day of a few vans whose clocks are wrong several times, and whose rows come late, too."""
    scenario = load(name)
    kinds = {"clock_jump": 3.0, "clock_back": 1.0, "upload_later": 0.7, "silent_device": 0.5, "odometer_reset": 0.3}
    other = tuple(one for one in scenario.incidents if one.kind not in kinds)
    incidents = other + tuple(IncidentPlan(kind, rate=rate) for kind, rate in kinds.items())
    faults = msgspec.structs.replace(scenario.faults, radio_gap=5.0, duplicate=0.05)
    return generate(msgspec.structs.replace(scenario, incidents=incidents, faults=faults), seed, vehicles=VANS, days=1)


def arrivals(simulation: Simulation, numbers: dict[str, int], random: Random, order: str) -> Iterator[Rows]:
    """The rows in batches: as received, in any order within a quarter of an hour, or in any order at all."""
    rows = in_order(rows_from_positions(simulation.positions(), numbers))
    rows["alarms"] = 0
    rows = rows[arrival_order(rows)]
    places = np.arange(len(rows))
    if order == "shaken":
        places = np.argsort(places + np.array([random.uniform(0, 300) for _ in places]), kind="stable")
    elif order == "any":
        random.shuffle(shuffled := places.tolist())
        places = np.array(shuffled)
    while len(places):
        size = random.choice((30, 200, 600))
        yield rows[places[:size]]
        if random.random() < 0.05:
            yield rows[places[:size]]  # once more
        places = places[size:]


@pytest.mark.parametrize(
    ("scenario", "seed", "order"),
    [
        ("backlog", 6301, "received"),
        ("backlog", 6302, "received"),
        ("mixed", 6303, "received"),
        ("backlog", 6304, "shaken"),
        ("mixed", 6305, "shaken"),
        ("backlog", 6306, "any"),
    ],
)
def test_a_wrong_clock_is_judged_as_with_all_rows_at_once(
    empty: Connection, real: Bench, scenario: str, seed: int, order: str
) -> None:
    random, simulation = Random(seed), faulty(scenario, seed)
    numbers = plan(empty, simulation)
    everything = []
    for rows in arrivals(simulation, numbers, random, order):
        everything.append(rows)
        store(empty, rows, {})
        if random.random() < 0.5:
            real.now += timedelta(seconds=random.choice((0.1, 2.0)))
            real.drain()
        if random.random() < 0.05:
            real.restart()
    real.now += timedelta(hours=6)
    real.drain()
    rows = in_order(np.concatenate(everything))
    assert not np.array_equal(in_their_time(rows), believed_rows(rows))
    assert {line.rule for line in simulation.truth if isinstance(line, Incident)} >= {"clock_fault"}
    ticked_at = real.ticked_at()
    assert ticked_at is not None
    events, visits = stored(empty)
    faults = {event for event in events if event[1] == "clock_fault"}  # looked for beside the stream
    at_once = expected(empty, rows, {number: key for key, number in numbers.items()}, ticked_at)
    for told, wanted in zip((events - faults, visits), at_once, strict=True):
        assert sorted(told - wanted, key=str) == []
        assert sorted(wanted - told, key=str) == []
