"""Jams: places where, for a while, every van crawls: several at once, and nobody's incident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.fleet.planning import Round
from simulators.streams import stream

QUEUE_M = 260.0
STEP_M = 22.0
NEAREST_M, FURTHEST_M = 350.0, 1500.0


Floats = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class Course:
    """What a van is about to drive: vertices (n,) with waits at them, limits (n - 1,) between."""

    x_m: Floats
    y_m: Floats
    limit_mps: Floats
    wait_s: Floats


def queue(course: Course, jams: tuple[Jam, ...], now_s: float, rng: np.random.Generator) -> Course:
    """The course with stop and go in the queues that it meets: a few metres on, every minute or so."""
    for jam in jams:
        inside = np.hypot(course.x_m - jam.x_m, course.y_m - jam.y_m) < QUEUE_M
        reached_s = now_s + np.concatenate([[0.0], np.cumsum(_gaps_m(course) / 8.0 + course.wait_s[1:])])
        first = int(np.argmax(inside))
        stuck_s = min(jam.until_s - float(reached_s[first]), jam.until_s - jam.from_s)
        if inside.any() and stuck_s > 60 and reached_s[first] > jam.from_s - 120:
            course = _stop_and_go(course, inside[:-1] & inside[1:], stuck_s, rng)
    return course


def _gaps_m(course: Course) -> Floats:
    return np.hypot(np.diff(course.x_m), np.diff(course.y_m))


def _stop_and_go(course: Course, queued: NDArray[np.bool_], stuck_s: float, rng: np.random.Generator) -> Course:
    """Cut the queued pieces into steps of a car or two, and share the time out over them."""
    parts = np.where(queued, np.maximum(1, np.ceil(_gaps_m(course) / STEP_M)), 1).astype(np.int64)
    piece = np.repeat(np.arange(len(parts)), parts)
    share = (np.arange(len(piece)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[piece]
    x_m = np.append(course.x_m[piece] + share * np.diff(course.x_m)[piece], course.x_m[-1])
    y_m = np.append(course.y_m[piece] + share * np.diff(course.y_m)[piece], course.y_m[-1])
    wait_s = np.append(np.where(share == 0, course.wait_s[piece], 0.0), course.wait_s[-1])
    stops = np.flatnonzero(queued[piece])
    stops = stops[stops > 0]
    if len(stops):
        wait_s[stops] += stuck_s * rng.dirichlet(np.full(len(stops), 3.0))
    return Course(x_m, y_m, course.limit_mps[piece], wait_s)
