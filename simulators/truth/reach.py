"""Which stops a van could have served while nobody could see it: by the streets, and by what it really drove meanwhile.

The engine knows neither the streets nor the true metres. It reckons with straight lines and the tracker's odometer, and what it
allows on top is its own affair: this is the yardstick, and no copy of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from simulators.fleet.observed import Observed
from simulators.fleet.signals import MOVING_MPS
from simulators.spans import spans_of
from simulators.town.network import Floats, Network
from simulators.town.search import quickest_tree

HURRY_MPS: Final = 60 / 3.6
SERVICE_S: Final = 45.0


def hideable(seen: Observed) -> set[str]:
    """Stops that the van could have driven to, served for 45 s and left again within one of the spans in which it was hidden.

    Where its rows went on, they tell of its wheels and its door: nothing is carried out of a closed van, if the door's contact
    works, and nothing is served but where it stood for so long.
    """
    found: set[str] = set()
    for begin, end in seen.hidden:
        a, b = (min(int(second), len(seen.signals.x_m) - 1) for second in (begin, end))
        if (begin, end) in seen.mute:
            found |= _within_reach(seen, a, b, end - begin)
        elif not _kept_shut(seen, begin, end) and (stood := _stands(seen, a, b)):
            found |= _served_from(seen, a, b, stood)
    return found


def _kept_shut(seen: Observed, begin: float, end: float) -> bool:
    told = seen.fitting.door and "door" not in seen.broken
    return bool(told and not seen.signals.door_open[int(begin) : int(end) + 1].any())


def _stands(seen: Observed, a: int, b: int) -> list[float]:
    """Metres that it had driven since the begin of a span wherever it stood for long enough within it."""
    driven_m, still = seen.signals.driven_m, seen.signals.speed_mps[a : b + 1] <= MOVING_MPS
    return [float(driven_m[a + begin] - driven_m[a]) for begin, end in spans_of(still) if end - begin >= SERVICE_S]


def _served_from(seen: Observed, a: int, b: int, stood: list[float]) -> set[str]:
    """Stops where it may have been after some of these metres of a span, by what it drove before and after."""
    driven_m = float(seen.signals.driven_m[b] - seen.signals.driven_m[a])
    ways = list(_ways(seen, a, b))
    return {stop for come_m in stood for stop, there_m, back_m in ways if there_m <= come_m and back_m <= driven_m - come_m}


def _within_reach(seen: Observed, a: int, b: int, seconds: float) -> set[str]:
    """Stops to which it may have gone and on, by all that it drove in a span."""
    driven_m = float(seen.signals.driven_m[b] - seen.signals.driven_m[a])
    found = set()
    for stop, there_m, back_m in _ways(seen, a, b):
        way_m = there_m + back_m
        if way_m <= driven_m and seconds >= max(way_m, 0.0) / HURRY_MPS + SERVICE_S:
            found.add(stop)
    return found


def _ways(seen: Observed, a: int, b: int) -> Iterator[tuple[str, float, float]]:
    """Each stop with the metres of the shortest ways there from the begin of a span, and from there to its end."""
    network, signals = seen.planned.town.network, seen.signals
    start, start_m = _node_by(network, float(signals.x_m[a]), float(signals.y_m[a]))
    goal, goal_m = _node_by(network, float(signals.x_m[b]), float(signals.y_m[b]))
    there_m = _metres_from(network, start)
    for stop, place in zip(seen.planned.trip.stops, seen.planned.outlets, strict=True):
        # It may stand anywhere in the circle, and the ends of the span may lie between two nodes.
        spare_m = place.radius_m + start_m, place.radius_m + goal_m
        yield stop.stop_id, there_m[place.node] - spare_m[0], _metres_from(network, place.node)[goal] - spare_m[1]


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
