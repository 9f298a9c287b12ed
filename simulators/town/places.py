"""The places of a town: outlets along its streets, the depot at its rim, and what stands in between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.zones import ALLOWED_KINDS, ZoneKind
from simulators.compiler import kernel
from simulators.scenario import TownPlan
from simulators.streams import stream
from simulators.town.network import Network, Streets, build
from simulators.town.plane import Plane

OUTLET_SPACING_M, YARD_M = 90.0, 200.0


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a van can go: `node` is where it leaves the road, the point is the door, yard or pump itself."""

    place_id: str
    kind: ZoneKind
    node: int
    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True)
class Town:
    """Streets with their places. Node-wise arrays are (nodes,)."""

    network: Network
    depot: Place
    outlets: tuple[Place, ...]
    others: tuple[Place, ...]
    canyon_radius_m: float  # around the origin

    def allowed(self) -> tuple[Place, ...]:
        """Where any van may halt, the depot among them."""
        return (self.depot, *(place for place in self.others if place.kind in ALLOWED_KINDS))


@dataclass(frozen=True, slots=True)
class _Site:
    piece: int
    fraction: float
    x_m: float
    y_m: float


def settle(streets: Streets, plane: Plane, plan: TownPlan, seed: int) -> Town:
    """Choose places along the streets, split the streets at their doors, and keep the strongly connected part."""
    rng = stream(seed, "town", "places")
    wanted = plan.outlets + 1 + len(_OTHERS) + plan.red_zones + plan.dead_zones
    sites = _spread(_usable(streets, plane), streets, wanted, rng)
    network, number = build(_split(streets, sites), plane)
    first = len(streets.x_m)
    nodes = [int(number[first + index]) for index in range(len(sites))]
    return _assign(network, sites, nodes, plan, rng)


def _usable(streets: Streets, plane: Plane) -> NDArray[np.float64]:
    """Length of each piece that places may stand on: both its ends must belong to the connected part."""
    _, number = build(streets, plane)
    connected = (number[streets.ends] >= 0).all(axis=1)
    return np.where(connected, np.minimum(streets.length_m(), 400.0), 0.0)


def _spread(weight: NDArray[np.float64], streets: Streets, wanted: int, rng: np.random.Generator) -> list[_Site]:
    """Up to `wanted` sites along streets drawn by length, each at least the spacing away from every other."""
    tries = wanted * 12
    piece = rng.choice(len(weight), size=tries, p=weight / weight.sum())
    fraction = rng.uniform(0.12, 0.88, tries)
    aside_m = rng.choice(np.array([-1.0, 1.0]), tries) * rng.uniform(8, 16, tries)
    a, b = streets.ends[piece].T
    dx, dy = streets.x_m[b] - streets.x_m[a], streets.y_m[b] - streets.y_m[a]
    length_m = np.maximum(np.hypot(dx, dy), 1.0)
    x_m = streets.x_m[a] + fraction * dx - dy / length_m * aside_m
    y_m = streets.y_m[a] + fraction * dy + dx / length_m * aside_m
    chosen = _apart(x_m, y_m, wanted, OUTLET_SPACING_M)
    return [_Site(int(piece[i]), float(fraction[i]), float(x_m[i]), float(y_m[i])) for i in chosen]


@kernel
def _apart(x_m: NDArray[np.float64], y_m: NDArray[np.float64], wanted: int, spacing_m: float) -> NDArray[np.int64]:
    """The first `wanted` points that keep their distance from all chosen before them."""
    chosen = np.empty(wanted, np.int64)
    count = 0
    for i in range(len(x_m)):
        if count == wanted:
            break
        free = True
        for j in range(count):
            if (x_m[i] - x_m[chosen[j]]) ** 2 + (y_m[i] - y_m[chosen[j]]) ** 2 <= spacing_m * spacing_m:
                free = False
                break
        if free:
            chosen[count] = i
            count += 1
    return chosen[:count]


def _split(streets: Streets, sites: list[_Site]) -> Streets:
    """The same streets with a node of its own where each site leaves the road, numbered after the old nodes."""
    by_piece: dict[int, list[tuple[float, int]]] = {}
    for index, site in enumerate(sites):
        by_piece.setdefault(site.piece, []).append((site.fraction, len(streets.x_m) + index))
    whole = np.ones(len(streets.ends), np.bool_)
    whole[list(by_piece)] = False
    ends, parents = [], []
    for piece, cuts in sorted(by_piece.items()):
        chain = [int(streets.ends[piece, 0]), *(node for _, node in sorted(cuts)), int(streets.ends[piece, 1])]
        ends += list(itertools.pairwise(chain))
        parents += [piece] * (len(chain) - 1)
    a, b = streets.ends[[site.piece for site in sites]].T
    share = np.array([site.fraction for site in sites])
    return Streets(
        np.concatenate([streets.x_m, streets.x_m[a] + share * (streets.x_m[b] - streets.x_m[a])]),
        np.concatenate([streets.y_m, streets.y_m[a] + share * (streets.y_m[b] - streets.y_m[a])]),
        np.concatenate([streets.ends[whole], np.array(ends, np.int64).reshape(-1, 2)]),
        np.concatenate([streets.speed_mps[whole], streets.speed_mps[parents]]),
        np.concatenate([streets.one_way[whole], streets.one_way[parents]]),
        np.concatenate([streets.lights, np.zeros(len(sites), np.bool_)]),
    )


_OTHERS = (
    *[(ZoneKind.fuel, 55.0)] * 3,
    *[(ZoneKind.parking, 60.0)] * 3,
    *[(ZoneKind.rest, 60.0)] * 3,
    *[(ZoneKind.weighbridge, 50.0)] * 3,
    (ZoneKind.toll, 50.0),
)


def _assign(network: Network, sites: list[_Site], nodes: list[int], plan: TownPlan, rng: np.random.Generator) -> Town:
    """The outermost site becomes the depot, a few scattered ones the allowed places and zones, the rest outlets."""
    usable = [index for index, node in enumerate(nodes) if node >= 0]
    radius_m = np.array([np.hypot(sites[index].x_m, sites[index].y_m) for index in usable])
    # Not the very rim: a depot wants streets on all sides, at seven tenths of the town's reach.
    depot = usable.pop(int(np.argmin(np.abs(radius_m - 0.7 * float(radius_m.max())))))
    # The depot's own yard holds no customer.
    home = sites[depot]
    usable = [index for index in usable if np.hypot(sites[index].x_m - home.x_m, sites[index].y_m - home.y_m) > YARD_M]
    kinds = [*_OTHERS, *[(ZoneKind.red, 150.0)] * plan.red_zones, *[(ZoneKind.dead, 350.0)] * plan.dead_zones]
    chosen = [usable.pop(int(rng.integers(len(usable)))) for _ in kinds]
    return Town(
        network,
        _place("depot", ZoneKind.depot, sites[depot], nodes[depot], 120.0),
        tuple(
            _place(f"outlet-{number:04d}", ZoneKind.outlet, sites[index], nodes[index], plan.outlet_radius_m)
            for number, index in enumerate(usable, start=1)
        ),
        tuple(
            _place(f"{kind.value}-{number}", kind, sites[index], nodes[index], radius)
            for number, (index, (kind, radius)) in enumerate(zip(chosen, kinds, strict=True), start=1)
        ),
        plan.canyon_share * float(radius_m.max()),
    )


def _place(place_id: str, kind: ZoneKind, site: _Site, node: int, radius_m: float) -> Place:
    return Place(place_id, kind, node, site.x_m, site.y_m, radius_m)
