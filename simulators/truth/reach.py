"""Which stops a van could have served while nobody could see it: by the streets, and by what it really drove meanwhile.

The engine knows neither the streets nor the true metres. It reckons with straight lines and the tracker's odometer, and what it
allows on top is its own affair: this is the yardstick, and no copy of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simulators.fleet.observed import Observed
from simulators.town.network import Floats, Network
from simulators.town.search import quickest_tree

HURRY_MPS: Final = 60 / 3.6
SERVICE_S: Final = 45.0


def hideable(seen: Observed) -> set[str]:
    """Stops that the van could have driven to, served for 45 s and left again within one of the spans in which it was hidden.

    Not where its rows went on and the door's contact, if it works, stayed shut: nothing is carried out of a closed van.
    """
    found: set[str] = set()
    for begin, end in seen.hidden:
        if not _kept_shut(seen, begin, end):
            found |= _within_reach(seen, begin, end)
    return found


def _kept_shut(seen: Observed, begin: float, end: float) -> bool:
    told = seen.fitting.door and "door" not in seen.broken and (begin, end) not in seen.mute
    return bool(told and not seen.signals.door_open[int(begin) : int(end) + 1].any())


def _within_reach(seen: Observed, begin: float, end: float) -> set[str]:
    network, signals = seen.planned.town.network, seen.signals
    last = len(signals.x_m) - 1
    a, b = min(int(begin), last), min(int(end), last)
    driven_m = float(signals.driven_m[b] - signals.driven_m[a])
    start, start_m = _node_by(network, float(signals.x_m[a]), float(signals.y_m[a]))
    goal, goal_m = _node_by(network, float(signals.x_m[b]), float(signals.y_m[b]))
    there_m = _metres_from(network, start)
    found = set()
    for stop, place in zip(seen.planned.trip.stops, seen.planned.outlets, strict=True):
        # It may stand anywhere in the circle, and the ends of the span may lie between two nodes.
        way_m = there_m[place.node] + _metres_from(network, place.node)[goal] - 2 * place.radius_m - start_m - goal_m
        if way_m <= driven_m and end - begin >= max(way_m, 0.0) / HURRY_MPS + SERVICE_S:
            found.add(stop.stop_id)
    return found


def _node_by(network: Network, x_m: float, y_m: float) -> tuple[int, float]:
    """The nearest node, and the metres to it."""
    node = network.nearest_node(x_m, y_m)
    return node, float(np.hypot(network.x_m[node] - x_m, network.y_m[node] - y_m))


def _metres_from(network: Network, node: int) -> Floats:
    """Metres of street to every node by the shortest way, with the one-way streets."""
    length_m = np.hypot(
        network.x_m[network.tail] - network.x_m[network.head], network.y_m[network.tail] - network.y_m[network.head]
    )
    return quickest_tree(network.offsets, network.head, length_m, node)[0]
