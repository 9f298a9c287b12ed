"""Streets read from an OpenStreetMap extract, `.osm`, `.osm.gz`, `.osm.bz2` or `.osm.pbf`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final

import numpy as np
import osmium

from domain.errors import InvalidInputError
from simulators.town.network import Streets
from simulators.town.plane import Plane

FREE_MPS: Final = {
    "motorway": 25.0,
    "trunk": 20.0,
    "primary": 15.5,
    "secondary": 14.0,
    "tertiary": 12.5,
    "unclassified": 10.5,
    "residential": 8.6,
    "living_street": 5.0,
    "motorway_link": 15.0,
    "trunk_link": 13.0,
    "primary_link": 12.0,
    "secondary_link": 11.0,
    "tertiary_link": 10.0,
}
"""Free speed of a van by class of road, where no sign says less."""

_ONE_WAY: Final = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}


class _Ways:
    """Drivable ways as chains of node numbers, gathered in one pass over the file."""

    def __init__(self) -> None:
        self.chains: list[tuple[list[int], float, int]] = []
        self.places: dict[int, tuple[float, float]] = {}
        self.lights: set[int] = set()

    def read(self, path: Path) -> None:
        for thing in osmium.FileProcessor(str(path)).with_locations():
            if isinstance(thing, osmium.osm.Node) and thing.tags.get("highway") == "traffic_signals":
                self.lights.add(thing.id)
            elif isinstance(thing, osmium.osm.Way):
                self._take(thing)

    def _take(self, way: osmium.osm.Way) -> None:
        kind = way.tags.get("highway")
        if kind not in FREE_MPS or way.tags.get("access") in {"no", "private"} or way.tags.get("motor_vehicle") == "no":
            return
        nodes = [node for node in way.nodes if node.location.valid()]
        for node in nodes:
            self.places[node.ref] = node.location.lon, node.location.lat
        if len(nodes) > 1:
            self.chains.append(([node.ref for node in nodes], _speed_mps(kind, way.tags.get("maxspeed")), _direction(way)))


def _speed_mps(kind: str, sign: str | None) -> float:
    """The lower of what the road's class and its sign allow; signs in words are left aside."""
    if sign is None:
        return FREE_MPS[kind]
    number, _, unit = sign.partition(" ")
    try:
        signed_mps = float(number) * (0.44704 if unit.strip() == "mph" else 1 / 3.6)
    except ValueError:
        return FREE_MPS[kind]
    return min(FREE_MPS[kind], max(signed_mps, 2.0))


def _direction(way: osmium.osm.Way) -> int:
    """0 both ways, 1 along the way, -1 against it."""
    default = 1 if way.tags.get("junction") == "roundabout" or way.tags.get("highway") == "motorway" else 0
    return _ONE_WAY.get(way.tags.get("oneway") or "", default)


def read_streets(path: Path) -> tuple[Streets, Plane]:
    """The drivable streets of an extract, every bend a node, and the plane about their middle.

    Raises InvalidInputError for a file that cannot be read or holds no streets.
    """
    ways = _Ways()
    try:
        ways.read(path)
    except (RuntimeError, OSError) as error:
        raise InvalidInputError("town.osm", f"{path} cannot be read: {error}") from error
    if not ways.chains:
        raise InvalidInputError("town.osm", f"{path} holds no drivable street")
    return _streets(ways)


def _streets(ways: _Ways) -> tuple[Streets, Plane]:
    numbers = {ref: index for index, ref in enumerate(sorted(ways.places))}
    longitude, latitude = np.array([ways.places[ref] for ref in sorted(ways.places)]).T
    plane = Plane(round(float(np.median(longitude)), 4), round(float(np.median(latitude)), 4))
    x_m, y_m = plane.to_metres(longitude, latitude)
    ends, speeds, one_way = [], [], []
    for refs, speed_mps, direction in ways.chains:
        chain = [numbers[ref] for ref in (refs if direction >= 0 else refs[::-1])]
        for a, b in itertools.pairwise(chain):
            if a != b:
                ends.append((a, b))
                speeds.append(speed_mps)
                one_way.append(direction != 0)
    lights = np.zeros(len(numbers), np.bool_)
    lights[[numbers[ref] for ref in ways.lights if ref in numbers]] = True
    return Streets(x_m, y_m, np.array(ends, np.int64), np.array(speeds), np.array(one_way), lights), plane
