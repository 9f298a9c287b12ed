"""The whole world of a scenario, drawn from a seed: towns, plans, days played out, what was reported, what was true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from domain.deliveries import Order
from domain.errors import InvalidInputError
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.disk import Disk
from simulators.fleet.days import Day, first_day, play_day
from simulators.fleet.fixes import FIX, Fixes
from simulators.fleet.planning import Round, Van, plan_day
from simulators.fleet.traffic import Jam, draw_jams
from simulators.incidents.lottery import Luck, draw_incidents
from simulators.order import trip_order, truth_order
from simulators.scenario import Scenario
from simulators.sensors.network import Sensed, sense_box, sense_shops, served_moments
from simulators.simulation import NearIncident, Simulation, arrival_order
from simulators.town.osm import read_streets
from simulators.town.places import Town, settle
from simulators.town.plane import Plane
from simulators.town.synthetic import draw_streets
from simulators.town.zones import zones_of
from simulators.truth.collusion import collusions

TOWNS_A_ROW, TOWN_PITCH_DEG = 40, 0.35


@dataclass
class _Gathered:
    """What is told, in memory or on disk."""

    disk: Disk | None
    progress: Callable[[int], None]
    fixes: list[Fixes] = field(default_factory=list)
    trips: list[Trip] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    truth: list[Incident | TrueVisit] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    approvals: list[Suppressor] = field(default_factory=list)
    nearly: list[NearIncident] = field(default_factory=list)
    sensed: Sensed = field(default_factory=Sensed)
    days: int = 0
    last: datetime | None = None

    def take(self, day: Day) -> None:
        """Add a vehicle-day."""
        self.fixes.append(day.fixes)
        self.trips.append(day.trip)
        self.orders += day.orders
        self.truth += day.truth
        self.zones += day.zones
        self.approvals += day.approvals
        self.nearly += [NearIncident(kind, day.trip.device_id, day.trip.planned_start.date()) for kind in day.nearly]
        self.last = max(self.last or day.trip.planned_end, day.trip.planned_end)
        self.days += 1
        self.put_away()
        self.progress(self.days)

    def put_away(self) -> None:
        """Let the disk have what there is, if there is one."""
        if self.disk is None:
            return
        for fixes in self.fixes:
            self.disk.fixes.add(fixes)
        self.disk.trips.add(self.trips)
        self.disk.orders.add(self.orders)
        self.disk.truth.add(self.truth)
        self.disk.zones.add(self.zones)
        self.fixes, self.trips, self.orders, self.truth, self.zones = [], [], [], [], []


def generate(
    scenario: Scenario,
    seed: int,
    vehicles: int | None = None,
    days: int | None = None,
    start: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
    disk: Disk | None = None,
) -> Simulation:
    """Draw and play a scenario. The same arguments give the same simulation, bit for bit.

    `vehicles`, `days` and `start` (aware) replace the scenario's own; `progress` is told of (vehicle-days done, of all).
    With a `disk` its fixes, trips, orders, truth and zones go there, and the simulation has none of them.
    Raises InvalidInputError for a count below 1 or a start without zone.
    """
    scenario = _adjusted(scenario, vehicles, days, start)
    vans = [
        Van(f"van-{number:04d}", (number - 1) % scenario.vehicles_per_town, (number - 1) // scenario.vehicles_per_town)
        for number in range(1, scenario.vehicles + 1)
    ]
    gathered = _Gathered(disk, lambda done: progress(done, scenario.vehicles * scenario.days) if progress else None)
    luck = draw_incidents(scenario, vans, seed)
    for number, fleet in groupby(vans, key=lambda van: van.town):
        _live(scenario, draw_town(scenario, seed, number), list(fleet), seed, luck, gathered)
    for index, fixes in enumerate(gathered.sensed.fixes):
        fixes["device"] = len(vans) + index
        gathered.fixes.append(fixes)
    gathered.truth += gathered.sensed.truth
    gathered.put_away()
    return _simulation(scenario, seed, vans, gathered)


def _live(scenario: Scenario, town: Town, fleet: list[Van], seed: int, luck: Luck, gathered: _Gathered) -> None:
    """All days of a town: those of its vans, one after the other, and what its sensors make of them."""
    number, visits = fleet[0].town, list[TrueVisit]()
    gathered.zones += zones_of(town, number)
    rounds = [planned for day in range(scenario.days) for planned in plan_day(scenario, town, fleet, seed, day)]
    jams = _jams(scenario, rounds, seed)
    for van in fleet:
        visits += _drive(scenario, [one for one in rounds if one.van is van], jams, seed, luck, gathered)
    if scenario.sensors.shelves or scenario.sensors.assets:
        midnight = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0)
        served = served_moments(rounds, visits, midnight)
        sense_shops(gathered.sensed, scenario, town, number, served, seed)


def _drive(
    scenario: Scenario, rounds: list[Round], jams: list[tuple[Jam, ...]], seed: int, luck: Luck, gathered: _Gathered
) -> list[TrueVisit]:
    """A van's days, one after the other -> what became of its stops."""
    van = rounds[0].van
    carried, meetings, visits, doors = first_day(seed, van.device_id), list[Incident](), list[TrueVisit](), []
    for planned in rounds:
        day = play_day(scenario, planned, seed, luck.get((van.device_id, planned.day), ()), carried, jams[planned.day])
        carried = day.carried
        day.fixes["device"] = van.town * scenario.vehicles_per_town + van.number
        gathered.take(day)
        meetings += day.meetings
        visits += [line for line in day.truth if isinstance(line, TrueVisit)]
        doors.append(day.door_open)
    gathered.truth += collusions(van.device_id, meetings)
    sense_box(gathered.sensed, scenario, van.device_id, doors, seed)
    return visits


def _jams(scenario: Scenario, rounds: list[Round], seed: int) -> list[tuple[Jam, ...]]:
    """The jams of a town, day by day."""
    return [draw_jams([one for one in rounds if one.day == day], scenario.trips.jams, seed) for day in range(scenario.days)]


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


def draw_town(scenario: Scenario, seed: int, number: int) -> Town:
    """Town `number` of the country: each has its own streets, and its place on a coarse grid."""
    if scenario.town.osm is not None:
        streets, plane = read_streets(Path(scenario.town.osm))
        return settle(streets, plane, scenario.town, seed * 1_000_003 + number)
    east, north = number % TOWNS_A_ROW, number // TOWNS_A_ROW
    plane = Plane(
        scenario.town.longitude_deg + TOWN_PITCH_DEG * east,
        scenario.town.latitude_deg + TOWN_PITCH_DEG * north,
    )
    town_seed = seed if number == 0 else seed * 1_000_003 + number
    return settle(draw_streets(scenario.town, town_seed), plane, scenario.town, town_seed)


def _simulation(scenario: Scenario, seed: int, vans: list[Van], gathered: _Gathered) -> Simulation:
    fixes = arrival_order(np.concatenate(gathered.fixes)) if gathered.fixes else np.empty(0, FIX)
    observed = scenario.start + timedelta(days=scenario.days - 1, hours=scenario.day_h)
    return Simulation(
        scenario.name,
        seed,
        scenario.start,
        max(gathered.last or scenario.start, observed),
        (*(van.device_id for van in vans), *(asset.device_id for asset in gathered.sensed.assets)),
        tuple(gathered.zones),
        tuple(sorted(gathered.trips, key=trip_order)),
        tuple(gathered.orders),
        fixes,
        gathered.sensed.in_arrival_order(),
        gathered.sensed.equipment(),
        tuple(sorted(gathered.truth, key=truth_order)),
        float(scenario.vehicles * scenario.days),
        tuple(gathered.approvals),
        tuple(gathered.nearly),
    )
