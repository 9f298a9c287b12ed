"""The plan of a day: which outlets a van serves, in which order, along which streets, when."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from domain.trips import Circle, PlannedStop, Trip
from simulators.fleet.sequence import short_round
from simulators.scenario import Scenario
from simulators.streams import stream
from simulators.town.network import Ints
from simulators.town.places import Place, Town

CASE_KG = 8.0
PLANNER_SLOWNESS = 1.3  # planned driving time over the free-flow time of the streets


@dataclass(frozen=True, slots=True)
class Van:
    """A vehicle with its tracker: `number` is its place in its town's fleet."""

    device_id: str
    number: int
    town: int
    spare: int | None = None  # the number of its spare tracker among all devices, if it needs one


@dataclass(frozen=True)
class Round:
    """A planned trip with what the streets know of it: the outlets as places, and the edges of each leg, the last one home."""

    trip: Trip
    van: Van
    day: int
    day_start: datetime
    town: Town
    outlets: tuple[Place, ...]
    legs: tuple[Ints, ...]

    def at(self, second: float) -> datetime:
        """A moment of the day, in whole seconds."""
        return self.day_start + timedelta(seconds=round(second))


def plan_day(scenario: Scenario, town: Town, vans: list[Van], seed: int, day: int) -> list[Round]:
    """One round for each van of a town; no outlet is on two rounds of a day unless outlets run out."""
    taken: set[str] = set()
    return [_plan_round(scenario, town, van, len(vans), seed, day, taken) for van in vans]


def _plan_round(scenario: Scenario, town: Town, van: Van, fleet: int, seed: int, day: int, taken: set[str]) -> Round:
    rng = stream(seed, "plan", van.device_id, day)
    least, most = scenario.trips.stops
    wanted = round(least + (most - least) * (van.number / max(fleet - 1, 1)))
    outlets = _in_order(town, _beat(town, van, fleet, day, wanted, taken))
    day_start = scenario.start + timedelta(days=day)
    departure = day_start + timedelta(minutes=scenario.first_departure_min + rng.uniform(0, scenario.trips.departures_over_min))
    nodes = [town.depot.node, *(outlet.node for outlet in outlets), town.depot.node]
    legs = tuple(town.network.path(a, b) for a, b in itertools.pairwise(nodes))
    trip = _trip(scenario, town, van, outlets, legs, departure.replace(microsecond=0), rng)
    return Round(trip, van, day, day_start, town, outlets, legs)


def _beat(town: Town, van: Van, fleet: int, day: int, wanted: int, taken: set[str]) -> list[Place]:
    """Outlets near one another: those closest to a heart that lies in the van's own direction from the depot."""
    angle = 2 * np.pi * (van.number + 0.37 * day) / fleet
    reach_m = 0.35 * float(max(np.ptp(town.network.x_m), np.ptp(town.network.y_m)))
    heart = reach_m * np.cos(angle), reach_m * np.sin(angle)
    ranked = sorted(
        town.outlets, key=lambda outlet: (outlet.place_id in taken, np.hypot(outlet.x_m - heart[0], outlet.y_m - heart[1]))
    )
    chosen: list[Place] = []
    for outlet in ranked:
        if len(chosen) == wanted:
            break
        if all(np.hypot(outlet.x_m - other.x_m, outlet.y_m - other.y_m) > 2.4 * outlet.radius_m for other in chosen):
            chosen.append(outlet)
    taken.update(outlet.place_id for outlet in chosen)
    return chosen


def _in_order(town: Town, outlets: list[Place]) -> tuple[Place, ...]:
    x_m = np.array([town.depot.x_m, *(outlet.x_m for outlet in outlets)])
    y_m = np.array([town.depot.y_m, *(outlet.y_m for outlet in outlets)])
    return tuple(outlets[index - 1] for index in short_round(x_m, y_m)[1:])


def _trip(
    scenario: Scenario,
    town: Town,
    van: Van,
    outlets: tuple[Place, ...],
    legs: tuple[Ints, ...],
    departure: datetime,
    rng: np.random.Generator,
) -> Trip:
    trip_id = f"{departure:%Y%m%d}-{van.device_id}"
    clock, stops = departure, []
    for number, (outlet, leg) in enumerate(zip(outlets, legs[:-1], strict=True), start=1):
        clock += _driving(town, leg)
        stops.append(_stop(scenario, town, f"{trip_id}-{number:02d}", outlet, clock, rng))
        clock += timedelta(seconds=stops[-1].planned_service_s or 0)
    clock += _driving(town, legs[-1])
    slack = max(timedelta(minutes=20), 0.25 * (clock - departure))
    return Trip(
        trip_id,
        van.device_id,
        departure,
        (clock + slack).replace(microsecond=0),
        _line(town, legs),
        scenario.trips.corridor_m,
        _circle(town, town.depot),
        tuple(stops),
    )


def _driving(town: Town, leg: Ints) -> timedelta:
    return timedelta(seconds=float(town.network.cost_s[leg].sum()) * PLANNER_SLOWNESS + 20)


def _stop(scenario: Scenario, town: Town, stop_id: str, outlet: Place, eta: datetime, rng: np.random.Generator) -> PlannedStop:
    cases = float(rng.integers(scenario.trips.cases[0], scenario.trips.cases[1] + 1))
    start = eta - timedelta(minutes=scenario.trips.window_before_min)
    return PlannedStop(
        stop_id,
        outlet.place_id,
        _circle(town, outlet),
        _whole_minutes(start),
        _whole_minutes(eta + timedelta(minutes=scenario.trips.window_after_min)),
        60 + scenario.trips.unloading_s_per_case * cases,
        cases,
    )


def _whole_minutes(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _circle(town: Town, place: Place) -> Circle:
    longitude, latitude = town.network.plane.to_degrees(place.x_m, place.y_m)
    return Circle(round(float(longitude), 7), round(float(latitude), 7), place.radius_m)


def _line(town: Town, legs: tuple[Ints, ...]) -> tuple[tuple[float, float], ...]:
    network = town.network
    edges = np.concatenate(legs)
    nodes: NDArray[np.int64] = network.nodes_of(edges, town.depot.node)
    longitude, latitude = network.plane.to_degrees(network.x_m[nodes], network.y_m[nodes])
    return tuple(zip(np.round(longitude, 7).tolist(), np.round(latitude, 7).tolist(), strict=True))
