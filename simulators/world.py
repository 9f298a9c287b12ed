"""The whole world of a scenario, drawn from a seed: towns, plans, days played out, what was reported, what was true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from domain.deliveries import Order
from domain.errors import InvalidInputError
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.fleet.days import first_day, play_day
from simulators.fleet.fixes import FIX, Fixes
from simulators.fleet.planning import Round, Van, plan_day
from simulators.fleet.traffic import Jam, draw_jams
from simulators.incidents.lottery import draw_incidents
from simulators.scenario import Scenario
from simulators.simulation import Simulation, arrival_order
from simulators.town.places import Town, settle
from simulators.town.plane import Plane
from simulators.town.synthetic import draw_streets
from simulators.town.zones import zones_of
from simulators.truth.collusion import collusions

TOWNS_A_ROW, TOWN_PITCH_DEG = 40, 0.35


@dataclass
class _Gathered:
    fixes: list[Fixes] = field(default_factory=list)
    trips: list[Trip] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    truth: list[Incident | TrueVisit] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)


def generate(
    scenario: Scenario,
    seed: int,
    vehicles: int | None = None,
    days: int | None = None,
    start: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Draw and play a scenario. The same arguments give the same simulation, bit for bit.

    `vehicles`, `days` and `start` (aware) replace the scenario's own; `progress` is told of (vehicle-days done, of all).
    Raises InvalidInputError for a count below 1 or a start without zone.
    """
    scenario = _adjusted(scenario, vehicles, days, start)
    vans = [
        Van(f"van-{number:04d}", (number - 1) % scenario.vehicles_per_town, (number - 1) // scenario.vehicles_per_town)
        for number in range(1, scenario.vehicles + 1)
    ]
    gathered, done, total = _Gathered(), 0, scenario.vehicles * scenario.days
    rounds = list(_rounds(scenario, vans, seed, gathered))
    by_van: dict[str, list[Round]] = {}
    for planned in rounds:
        by_van.setdefault(planned.van.device_id, []).append(planned)
    queues = _jams(scenario, rounds, seed)
    luck = draw_incidents(scenario, rounds, seed)
    for van_index, van in enumerate(vans):
        meetings: list[Incident] = []
        carried = first_day(seed, van.device_id)
        for planned in by_van[van.device_id]:
            day = play_day(
                scenario, planned, seed, luck.get((van.device_id, planned.day), ()), carried, queues[van.town, planned.day]
            )
            carried = day.carried
            rows = day.fixes
            rows["device"] = van_index
            gathered.fixes.append(rows)
            gathered.trips.append(day.trip)
            gathered.orders += day.orders
            gathered.truth += day.truth
            meetings += day.meetings
            done += 1
            if progress is not None:
                progress(done, total)
        gathered.truth += collusions(van.device_id, meetings)
    return _simulation(scenario, seed, vans, gathered)


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


def _rounds(scenario: Scenario, vans: list[Van], seed: int, gathered: _Gathered) -> Iterator[Round]:
    for number in range(vans[-1].town + 1):
        town = draw_town(scenario, seed, number)
        gathered.zones += zones_of(town, number)
        fleet = [van for van in vans if van.town == number]
        for day in range(scenario.days):
            yield from plan_day(scenario, town, fleet, seed, day)


def _jams(scenario: Scenario, rounds: list[Round], seed: int) -> dict[tuple[int, int], tuple[Jam, ...]]:
    """The jams of each town and day."""
    together: dict[tuple[int, int], list[Round]] = {}
    for planned in rounds:
        together.setdefault((planned.van.town, planned.day), []).append(planned)
    return {key: draw_jams(some, scenario.trips.jams, seed) for key, some in together.items()}


def draw_town(scenario: Scenario, seed: int, number: int) -> Town:
    """Town `number` of the country: each has its own streets, and its place on a coarse grid."""
    east, north = number % TOWNS_A_ROW, number // TOWNS_A_ROW
    plane = Plane(
        scenario.town.longitude_deg + TOWN_PITCH_DEG * east,
        scenario.town.latitude_deg + TOWN_PITCH_DEG * north,
    )
    town_seed = seed if number == 0 else seed * 1_000_003 + number
    return settle(draw_streets(scenario.town, town_seed), plane, scenario.town, town_seed)


def _simulation(scenario: Scenario, seed: int, vans: list[Van], gathered: _Gathered) -> Simulation:
    fixes = arrival_order(np.concatenate(gathered.fixes)) if gathered.fixes else np.empty(0, FIX)
    last = max((trip.planned_end for trip in gathered.trips), default=scenario.start)
    observed = scenario.start + timedelta(days=scenario.days - 1, hours=scenario.day_h)
    return Simulation(
        scenario.name,
        seed,
        scenario.start,
        max(last, observed),
        tuple(van.device_id for van in vans),
        tuple(gathered.zones),
        tuple(sorted(gathered.trips, key=lambda trip: (trip.planned_start, trip.trip_id))),
        tuple(gathered.orders),
        fixes,
        (),
        tuple(sorted(gathered.truth, key=_truth_order)),
        float(scenario.vehicles * scenario.days),
    )


def _truth_order(line: Incident | TrueVisit) -> tuple[bool, str, str, str]:
    if isinstance(line, TrueVisit):
        return True, line.trip_id, line.stop_id, ""
    return False, line.started_at.isoformat(), line.rule, f"{line.device_id} {line.trip_id} {line.stop_id}"
