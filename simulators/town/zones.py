"""A town's places as zones, and its speed limit as one around all streets."""

from __future__ import annotations

import numpy as np

from domain.zones import Zone, ZoneKind
from simulators.town.places import Place, Town

RIM_M = 300.0


def zones_of(town: Town, number: int) -> list[Zone]:
    """Depot, allowed places, red and dead zones and the outlets, each a circle about its place; and the town with its limit."""
    prefix = f"town-{number + 1}"
    return [_limit(town, prefix), *(_zone(town, place, prefix) for place in (town.depot, *town.others, *town.outlets))]


def speed_limit_mps(town: Town) -> float:
    """The town's limit: a little above the free speed of its fastest street, in whole kilometres per hour."""
    return float(np.ceil(town.network.speed_mps.max() * 1.04 * 3.6)) / 3.6


def _limit(town: Town, prefix: str) -> Zone:
    x_m, y_m = town.network.x_m, town.network.y_m
    west, east, south, north = x_m.min() - RIM_M, x_m.max() + RIM_M, y_m.min() - RIM_M, y_m.max() + RIM_M
    longitude, latitude = town.network.plane.to_degrees([west, east, east, west, west], [south, south, north, north, south])
    ring = [[round(float(a), 7), round(float(b), 7)] for a, b in zip(longitude, latitude, strict=True)]
    limit_mps = round(speed_limit_mps(town), 3)
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return Zone(f"{prefix}/limits", "Built-up area", ZoneKind.speed, geometry, speed_limit_mps=limit_mps)


def _zone(town: Town, place: Place, prefix: str) -> Zone:
    longitude, latitude = town.network.plane.to_degrees(place.x_m, place.y_m)
    return Zone(
        f"{prefix}/{place.place_id}",
        place.place_id.replace("-", " ").capitalize(),
        place.kind,
        {"type": "Point", "coordinates": [round(float(longitude), 7), round(float(latitude), 7)]},
        radius_m=place.radius_m,
    )
