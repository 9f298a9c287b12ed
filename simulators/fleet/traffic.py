"""Jams: places where, for a while, every van crawls: several at once, and nobody's incident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.fleet.planning import Round
from simulators.streams import stream

QUEUE_M = 260.0
NEAREST_M, FURTHEST_M = 350.0, 1500.0


@dataclass(frozen=True, slots=True)
class Jam:
    """A queue that ends at a node, between two seconds of the day."""

    node: int
    x_m: float
    y_m: float
    from_s: float
    until_s: float


def draw_jams(rounds: list[Round], count: int, seed: int) -> tuple[Jam, ...]:
    """Jams of a town on one day, at nodes that several of its rounds pass within a few minutes of each other."""
    if not rounds or count == 0:
        return ()
    network, day = rounds[0].town.network, rounds[0].day
    rng = stream(seed, "jams", rounds[0].van.town, day)
    passes = _passes(rounds)
    jams = []
    for _ in range(count):
        busiest = sorted(passes, key=lambda node: (-_together(passes[node])[0], node))[:12]
        if not busiest:
            break
        node = busiest[int(rng.integers(len(busiest)))]
        from_s = _together(passes[node])[1]
        until_s = from_s + float(rng.uniform(15 * 60, 22 * 60))
        jams.append(Jam(node, float(network.x_m[node]), float(network.y_m[node]), from_s, until_s))
        passes.pop(node)
    return tuple(jams)


def _passes(rounds: list[Round]) -> dict[int, list[float]]:
    """When rounds are to pass nodes near the depot, by plan, in seconds of the day, on their way out."""
    passes: dict[int, list[float]] = {}
    for planned in rounds:
        network, depot = planned.town.network, planned.town.depot
        left_s = (planned.trip.planned_start - planned.day_start).total_seconds()
        leg = planned.legs[0]
        reached_s = left_s + np.cumsum(network.cost_s[leg])
        nodes = network.head[leg]
        apart_m = np.hypot(network.x_m[nodes] - depot.x_m, network.y_m[nodes] - depot.y_m)
        for node, at_s, away_m in zip(nodes.tolist(), reached_s.tolist(), apart_m.tolist(), strict=True):
            if NEAREST_M < away_m < FURTHEST_M:
                passes.setdefault(node, []).append(at_s)
    return passes


def _together(moments: list[float]) -> tuple[int, float]:
    """The most passes within eight minutes, and when the first of them is."""
    ordered = sorted(moments)
    counts = [sum(first <= other < first + 480 for other in ordered) for first in ordered]
    best = int(np.argmax(counts))
    return counts[best], ordered[best]


def waits_in_jams(
    jams: tuple[Jam, ...],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    reached_s: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Seconds that a van stands at each vertex of its course because of queues, by when it reaches it: stop and go."""
    wait_s = np.zeros(len(x_m))
    for jam in jams:
        queued = np.flatnonzero(np.hypot(x_m - jam.x_m, y_m - jam.y_m) < QUEUE_M)
        queued = queued[(queued > 0) & (queued < len(x_m) - 1)]
        if len(queued) == 0:
            continue
        stuck_s = min(jam.until_s - float(reached_s[queued[0]] + wait_s.sum()), jam.until_s - jam.from_s)
        if stuck_s > 20 and reached_s[queued[0]] > jam.from_s - 120:
            share = rng.dirichlet(np.full(len(queued), 0.6))
            wait_s[queued] += share * stuck_s
    return wait_s
