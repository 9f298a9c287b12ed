"""The whole world of a scenario, drawn from a seed: towns, plans, days played out, what was reported, what was true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec
import numpy as np

from domain.errors import InvalidInputError
from simulators.crew import lived
from simulators.disk import Disk
from simulators.fleet.fixes import FIX
from simulators.fleet.planning import Van
from simulators.incidents.lottery import draw_incidents
from simulators.lending import with_spares
from simulators.order import trip_order, truth_order
from simulators.scenario import Scenario
from simulators.sensors.readings import MEASURED, in_arrival_order
from simulators.simulation import Simulation, arrival_order
from simulators.told import Told
from simulators.towns import live


def generate(
    scenario: Scenario,
    seed: int,
    vehicles: int | None = None,
    days: int | None = None,
    start: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
    disk: Disk | None = None,
    jobs: int = 1,
) -> Simulation:
    """Draw and play a scenario. The same arguments give the same simulation, bit for bit, whatever `jobs` is.

    `vehicles`, `days` and `start` (aware) replace the scenario's own; `progress` is told of (vehicle-days done, of all).
    With a `disk` its rows, trips, orders, truth and zones go there, and the simulation has none of them; towns are then lived
    by as many as `jobs` processes at a time. Raises InvalidInputError for a count below 1 or a start without zone,
    UnavailableError when a process of ours is killed.
    """
    scenario = _adjusted(scenario, vehicles, days, start)
    vans = [
        Van(f"van-{number:04d}", (number - 1) % scenario.vehicles_per_town, (number - 1) // scenario.vehicles_per_town)
        for number in range(1, scenario.vehicles + 1)
    ]
    luck = draw_incidents(scenario, vans, seed)
    vans, spares = with_spares(vans, luck)
    fleets = [list(fleet) for _, fleet in groupby(vans, key=lambda van: van.town)]
    parts: Iterator[Told]
    if disk is None:
        parts = (part for fleet in fleets for part in live(scenario, seed, fleet, luck))
    else:
        parts = lived(scenario, seed, fleets, luck, jobs)
    whole = Told()
    for part in parts:
        whole.add(part, len(vans) + len(spares))
        if disk is not None:
            disk.take(whole)
        if progress is not None and part.days:
            progress(whole.days, scenario.vehicles * scenario.days)
    return _simulation(scenario, seed, [*(van.device_id for van in vans), *spares], whole)


def _adjusted(scenario: Scenario, vehicles: int | None, days: int | None, start: datetime | None) -> Scenario:
    if (vehicles is not None and vehicles < 1) or (days is not None and days < 1):
        raise InvalidInputError("vehicles" if vehicles is not None and vehicles < 1 else "days", "must be at least 1")
    if start is not None and start.tzinfo is None:
        raise InvalidInputError("start", "needs a zone, such as 2026-03-02T06:30:00Z")
    return msgspec.structs.replace(
        scenario,
        vehicles=vehicles or scenario.vehicles,
        days=days or scenario.days,
        start=(start or scenario.start).astimezone(UTC).replace(microsecond=0),
    )


def _simulation(scenario: Scenario, seed: int, trackers: list[str], whole: Told) -> Simulation:
    observed = scenario.start + timedelta(days=scenario.days - 1, hours=scenario.day_h)
    sensed = whole.sensed
    measured = np.concatenate(sensed.measured) if sensed.measured else np.empty(0, MEASURED)
    return Simulation(
        scenario.name,
        seed,
        scenario.start,
        max(whole.last or scenario.start, observed),
        (*trackers, *(asset.device_id for asset in sensed.assets)),
        tuple(whole.zones),
        tuple(sorted(whole.trips, key=trip_order)),
        tuple(whole.orders),
        arrival_order(np.concatenate(whole.fixes)) if whole.fixes else np.empty(0, FIX),
        tuple(sensed.names),
        in_arrival_order(measured, sensed.names),
        sensed.equipment(),
        tuple(sorted(whole.truth, key=truth_order)),
        float(scenario.vehicles * scenario.days),
        tuple(whole.approvals),
        tuple(whole.nearly),
        tuple(whole.assignments),
    )
