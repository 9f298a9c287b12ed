"""Which stops a van could have served while nobody could see it: by the streets, and by what it really drove meanwhile.

The engine knows neither the streets nor the true metres. It reckons with straight lines and the tracker's odometer, and what it
allows on top is its own affair: this is the yardstick, and no copy of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from domain.trips import Proof
from simulators.fleet.observed import Observed
from simulators.fleet.signals import MOVING_MPS, Signals
from simulators.spans import spans_of
from simulators.town.network import Floats, Network
from simulators.town.search import quickest_tree

HURRY_MPS: Final = 60 / 3.6
SERVICE_S: Final = 45.0
HABIT: Final = 3  # who signs for so many in a span has signed for all that were served then
DOOR_M: Final = 60.0  # how far outside the circle a signature may be, and still is one at the door


def hideable(seen: Observed, proofs: Sequence[Proof]) -> set[str]:
    """Stops that the van could have driven to, served for 45 s and left again within one of the spans in which it was hidden.

    Where its rows went on, they tell of its wheels and its door: nothing is carried out of a closed van, if the door's contact
    works, nothing is served but where it stood for so long, and a stand in which others were signed for was for them.
    """
    found: set[str] = set()
    for begin, end in seen.hidden:
        a, b = (min(int(second), len(seen.signals.x_m) - 1) for second in (begin, end))
        if (begin, end) in seen.mute:
            known = _known(seen, a, b, proofs)
            reached = _within_reach(seen, known)
            found |= reached & _signed_in(seen, a, b, proofs) if len(known) >= HABIT + 2 else reached
        elif not _kept_shut(seen, begin, end):
            found |= _served_from(seen, a, b, proofs)
    return found


def _kept_shut(seen: Observed, begin: float, end: float) -> bool:
    told = seen.fitting.door and "door" not in seen.broken
    return bool(told and not seen.signals.door_open[int(begin) : int(end) + 1].any())


def _served_from(seen: Observed, a: int, b: int, proofs: Sequence[Proof]) -> set[str]:
    """Stops where it may have stood within a span, by what it drove before and after, and by what was signed for then."""
    driven_m = seen.signals.driven_m[a : b + 1] - seen.signals.driven_m[a]
    stood = [span for span in spans_of(seen.signals.speed_mps[a : b + 1] <= MOVING_MPS) if span[1] - span[0] >= SERVICE_S]
    ways = list(_ways(seen, a, b)) if stood else []
    found = set()
    for first, last in stood:
        come_m, go_m = float(driven_m[first]), float(driven_m[-1] - driven_m[first])
        signed = {proof.stop_id for proof in proofs if a + first <= _second(seen, proof) <= a + last}
        reached = {stop for stop, there_m, back_m in ways if there_m <= come_m and back_m <= go_m}
        found |= reached & signed if signed else reached
    return found


def _second(seen: Observed, proof: Proof) -> float:
    return (proof.captured_at - seen.planned.day_start) / timedelta(seconds=1)


def _known(seen: Observed, a: int, b: int, proofs: Sequence[Proof]) -> list[int]:
    """The seconds of a span at which it is known where it was: its ends, and where a shop was signed for at its own door."""
    place = {stop.stop_id: outlet for stop, outlet in zip(seen.planned.trip.stops, seen.planned.outlets, strict=True)}
    plane, known = seen.planned.town.network.plane, {a, b}
    for proof in proofs:
        if proof.longitude_deg is None or proof.latitude_deg is None:
            continue
        second, outlet = int(_second(seen, proof)), place[proof.stop_id]
        x_m, y_m = plane.to_metres(proof.longitude_deg, proof.latitude_deg)
        if a < second < b and np.hypot(x_m - outlet.x_m, y_m - outlet.y_m) <= outlet.radius_m + DOOR_M:
            known.add(second)
    return sorted(known)


def _signed_in(seen: Observed, a: int, b: int, proofs: Sequence[Proof]) -> set[str]:
    return {proof.stop_id for proof in proofs if a <= _second(seen, proof) <= b}


def _within_reach(seen: Observed, known: Sequence[int]) -> set[str]:
    """Stops to which it may have gone and on between two of some seconds, by all that it drove from the first to the last.

    To where it was at each of them it drove no less than the shortest way.
    """
    network, signals = seen.planned.town.network, seen.signals
    legs = list(pairwise(known))
    straight_m = [_shortest_m(network, signals, *leg) for leg in legs]
    spare_m = float(signals.driven_m[known[-1]] - signals.driven_m[known[0]]) - sum(straight_m)
    found = set()
    for leg, least_m in zip(legs, straight_m, strict=True):
        for stop, there_m, back_m in _ways(seen, *leg):
            way_m = there_m + back_m
            if way_m - least_m <= spare_m and leg[1] - leg[0] >= max(way_m, 0.0) / HURRY_MPS + SERVICE_S:
                found.add(stop)
    return found


def _shortest_m(network: Network, signals: Signals, a: int, b: int) -> float:
    """Metres of the shortest way between where it was at two seconds, less what lies between the nodes."""
    start, start_m = _node_by(network, float(signals.x_m[a]), float(signals.y_m[a]))
    goal, goal_m = _node_by(network, float(signals.x_m[b]), float(signals.y_m[b]))
    return max(0.0, float(_metres_from(network, start)[goal]) - start_m - goal_m)


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
