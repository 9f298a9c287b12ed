"""The shops of a simulated town, as a distributor knows them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from beatwatch.seeding.distributor import Shop
from domain.zones import Zone
from simulators.scenario import Scenario
from simulators.town.places import Town
from simulators.town.plane import Plane
from simulators.town.zones import zones_of
from simulators.towns import draw_town


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a distributor works."""

    shops: tuple[Shop, ...]
    zones: tuple[Zone, ...]


def ground_of(scenario: Scenario, seed: int, outlets: int | None = None) -> Ground:
    """The first town of a scenario, with `outlets` shops if given. Raises InvalidInputError for a town that cannot be."""
    plan = scenario.town if outlets is None else msgspec.structs.replace(scenario.town, outlets=outlets)
    town = draw_town(msgspec.structs.replace(scenario, town=plan), seed, 0)
    plane = Plane(plan.longitude_deg, plan.latitude_deg)
    return Ground(tuple(_shop(town, plane, number) for number in range(len(town.outlets))), tuple(zones_of(town, 0)))


def _shop(town: Town, plane: Plane, number: int) -> Shop:
    place = town.outlets[number]
    longitude_deg, latitude_deg = plane.to_degrees(place.x_m, place.y_m)
    bearing_deg = math.degrees(math.atan2(place.x_m - town.depot.x_m, place.y_m - town.depot.y_m)) % 360.0
    return Shop(place.place_id, float(longitude_deg), float(latitude_deg), place.radius_m, bearing_deg)
