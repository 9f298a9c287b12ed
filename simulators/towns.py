"""The life of a town: its streets, the days of its vans one after the other, and what its sensors make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from domain.truth import TrueVisit
from simulators.fleet.days import first_day, play_day
from simulators.fleet.planning import Round, Van, plan_day
from simulators.fleet.traffic import Jam, draw_jams
from simulators.incidents.lottery import Luck
from simulators.incidents.spares import SPARE
from simulators.lending import Span, assignments_of
from simulators.scenario import Scenario
from simulators.sensors.network import sense_box, sense_shops, served_moments
from simulators.told import Told
from simulators.town.osm import read_streets
from simulators.town.places import Town, settle
from simulators.town.plane import Plane
from simulators.town.synthetic import draw_streets
from simulators.town.zones import zones_of
from simulators.truth.collusion import OddHalt, collusions

TOWNS_A_ROW, TOWN_PITCH_DEG = 40, 0.35


def live(scenario: Scenario, seed: int, fleet: list[Van], luck: Luck) -> Iterator[Told]:
    """All days of a town, whose vans are the `fleet`: a part for each van, one for their habits, and one for the shops."""
    number, visits, odd = fleet[0].town, list[TrueVisit](), list[OddHalt]()
    town = draw_town(scenario, seed, number)
    rounds = [planned for day in range(scenario.days) for planned in plan_day(scenario, town, fleet, seed, day)]
    jams = _jams(scenario, rounds, seed)
    yield Told(zones=zones_of(town, number))
    for van in fleet:
        told = _drive(scenario, [one for one in rounds if one.van is van], jams, seed, luck, odd)
        visits += [line for line in told.truth if isinstance(line, TrueVisit)]
        yield told
    yield Told(truth=[*collusions(odd, town.allowed())])
    if scenario.sensors.shelves or scenario.sensors.assets:
        midnight, shops = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0), Told()
        sense_shops(shops.sensed, scenario, town, number, served_moments(rounds, visits, midnight), seed)
        yield shops


def _drive(
    scenario: Scenario, rounds: list[Round], jams: list[tuple[Jam, ...]], seed: int, luck: Luck, odd: list[OddHalt]
) -> Told:
    """A van's days, one after the other; its odd halts are added to the town's."""
    van = rounds[0].van
    told, carried, doors = Told(), first_day(seed, van.device_id), []
    loans: list[Span] = []
    for planned in rounds:
        day = play_day(scenario, planned, seed, luck.get((van.device_id, planned.day), ()), carried, jams[planned.day])
        carried = day.carried
        own = van.town * scenario.vehicles_per_town + van.number
        day.fixes["device"] = np.where(day.fixes["device"] == SPARE, own if van.spare is None else van.spare, own)
        if day.loan is not None:
            off, on, over, back = map(planned.at, day.loan)
            loans.append((off, on, over, back))
        told.take(day)
        odd += day.odd_halts
        doors.append(day.door_open)
    told.assignments += assignments_of(van, loans)
    sense_box(told.sensed, scenario, van.device_id, doors, seed)
    return told


def _jams(scenario: Scenario, rounds: list[Round], seed: int) -> list[tuple[Jam, ...]]:
    """The jams of a town, day by day."""
    return [draw_jams([one for one in rounds if one.day == day], scenario.trips.jams, seed) for day in range(scenario.days)]


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
