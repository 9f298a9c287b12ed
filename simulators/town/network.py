"""The drivable network: nodes, directed edges, and quickest paths over them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.town.plane import Plane
from simulators.town.search import quickest_tree, walk_back

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIGHT_COST_S = 8.0  # what a planner reckons for a traffic light


@dataclass(frozen=True, slots=True)
class Streets:
    """Undirected pieces of street between two nodes, before they become a network.

    Shapes: nodes `x_m`, `y_m` are (n,); `ends` is (m, 2) of node numbers; `speed_mps` and `one_way` (from first
    to second end) are (m,); `lights` is (n,).
    """

    x_m: Floats
    y_m: Floats
    ends: Ints
    speed_mps: Floats
    one_way: NDArray[np.bool_]
    lights: NDArray[np.bool_]

    def length_m(self) -> Floats:
        """Length of each piece."""
        a, b = self.ends[:, 0], self.ends[:, 1]
        return np.hypot(self.x_m[a] - self.x_m[b], self.y_m[a] - self.y_m[b])


@dataclass(frozen=True)
class Network:
    """Directed edges sorted by tail; those leaving node i are `offsets[i]:offsets[i + 1]`."""

    plane: Plane
    x_m: Floats
    y_m: Floats
    lights: NDArray[np.bool_]
    offsets: Ints
    tail: Ints
    head: Ints
    speed_mps: Floats
    cost_s: Floats
    _trees: dict[int, tuple[Floats, Ints]] = field(default_factory=dict, repr=False, compare=False)

    def tree(self, source: int) -> tuple[Floats, Ints]:
        """Planned seconds from `source` to every node (infinite where there is no way), and the edge that reaches it."""
        found = self._trees.get(source)
        if found is None:
            found = self._trees[source] = quickest_tree(self.offsets, self.head, self.cost_s, source)
        return found

    def path(self, source: int, target: int) -> Ints:
        """Edges of the quickest path, in driving order. The network is strongly connected, so there is one."""
        return walk_back(self.tail, self.tree(source)[1], source, target)

    def nodes_of(self, edges: Ints, source: int) -> Ints:
        """Nodes along a path that begins at `source`: one more than its edges."""
        return np.concatenate([np.array([source], np.int64), self.head[edges]])

    def nearest_node(self, x_m: float, y_m: float) -> int:
        """The node closest to a point."""
        return int(np.argmin((self.x_m - x_m) ** 2 + (self.y_m - y_m) ** 2))


def build(streets: Streets, plane: Plane) -> tuple[Network, Ints]:
    """The largest part of the streets in which every node reaches every other.

    Also the new number of each old node, -1 where it is gone.
    """
    tail, head, speed_mps = _directed(streets)
    kept = _strong_part(len(streets.x_m), tail, head)
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    inside = kept[tail] & kept[head]
    tail, head, speed_mps = number[tail[inside]], number[head[inside]], speed_mps[inside]
    order = np.lexsort((head, tail))
    tail, head, speed_mps = tail[order], head[order], speed_mps[order]
    x_m, y_m, lights = streets.x_m[kept], streets.y_m[kept], streets.lights[kept]
    cost_s = np.hypot(x_m[tail] - x_m[head], y_m[tail] - y_m[head]) / speed_mps + LIGHT_COST_S * lights[head]
    offsets = np.searchsorted(tail, np.arange(len(x_m) + 1)).astype(np.int64)
    return Network(plane, x_m, y_m, lights, offsets, tail, head, speed_mps, cost_s), number


def _directed(streets: Streets) -> tuple[Ints, Ints, Floats]:
    a, b = streets.ends[:, 0], streets.ends[:, 1]
    back = ~streets.one_way
    speed_mps = np.concatenate([streets.speed_mps, streets.speed_mps[back]])
    return np.concatenate([a, b[back]]), np.concatenate([b, a[back]]), speed_mps


def _strong_part(count: int, tail: Ints, head: Ints) -> NDArray[np.bool_]:
    """Nodes that reach, and are reached from, the busiest nodes' component: tried from several nodes, the largest wins."""
    best = np.zeros(count, np.bool_)
    degree = np.bincount(tail, minlength=count)
    for start in np.argsort(-degree, kind="stable")[:5]:
        if not best[start]:
            found = _reached(count, tail, head, int(start)) & _reached(count, head, tail, int(start))
            best = found if found.sum() > best.sum() else best
    return best


def _reached(count: int, tail: Ints, head: Ints, start: int) -> NDArray[np.bool_]:
    order = np.argsort(tail, kind="stable")
    offsets = np.searchsorted(tail[order], np.arange(count + 1)).astype(np.int64)
    cost_s, _ = quickest_tree(offsets, head[order], np.ones(len(head)), start)
    return np.isfinite(cost_s)
