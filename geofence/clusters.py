"""Places that return: density-based clusters of points on the ground, within a span of time of each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NOISE = -1
_METRES_A_DEGREE = 111_194.9  # on a sphere of 6,371 km


def cluster(
    longitude_deg: Sequence[float],
    latitude_deg: Sequence[float],
    at_us: Sequence[int],
    *,
    within_m: float,
    within_us: int,
    least_points: int,
) -> NDArray[np.int64]:
    """DBSCAN -> for each point, shape (n,), the number of its cluster, or NOISE.

    Two points are neighbours within `within_m` metres and `within_us` microseconds of each other; one with `least_points`
    neighbours, itself among them, is a core. Clusters are numbered by their first point, and a border point between two
    belongs to the earlier one, so that the same points in the same order always give the same.

    M. Ester et al., A density-based algorithm for discovering clusters in large spatial databases with noise, KDD 1996.
    """
    neighbours = _neighbours(longitude_deg, latitude_deg, at_us, within_m, within_us)
    labels = np.full(len(at_us), NOISE, np.int64)
    count = 0
    for point in range(len(at_us)):
        if labels[point] == NOISE and len(neighbours[point]) >= least_points:
            _grow(point, count, neighbours, labels, least_points)
            count += 1
    return labels


def _grow(seed: int, number: int, neighbours: list[list[int]], labels: NDArray[np.int64], least_points: int) -> None:
    labels[seed] = number
    waiting = deque([seed])
    while waiting:
        point = waiting.popleft()
        if len(neighbours[point]) < least_points:
            continue
        for other in neighbours[point]:
            if labels[other] == NOISE:
                labels[other] = number
                waiting.append(other)


def _neighbours(
    longitude_deg: Sequence[float], latitude_deg: Sequence[float], at_us: Sequence[int], within_m: float, within_us: int
) -> list[list[int]]:
    """Of every point, itself and the points near it, in order; looked for in a band of latitude."""
    longitude, latitude, moment = np.array(longitude_deg), np.array(latitude_deg), np.array(at_us, np.int64)
    order = np.argsort(latitude, kind="stable")
    band_deg = 1.01 * within_m / _METRES_A_DEGREE
    first = np.searchsorted(latitude[order], latitude - band_deg)
    last = np.searchsorted(latitude[order], latitude + band_deg, side="right")
    found = []
    for point in range(len(moment)):
        near = order[first[point] : last[point]]
        near = near[np.abs(moment[near] - moment[point]) <= within_us]
        apart_m = _apart_m(longitude[near], latitude[near], float(longitude[point]), float(latitude[point]))
        found.append(sorted(near[apart_m <= within_m].tolist()))
    return found


def _apart_m(
    longitude_deg: NDArray[np.float64], latitude_deg: NDArray[np.float64], to_longitude_deg: float, to_latitude_deg: float
) -> NDArray[np.float64]:
    """Metres on the sphere; over a hundred metres that is exact to a third of a percent."""
    east_deg = (longitude_deg - to_longitude_deg + 180.0) % 360.0 - 180.0
    x = east_deg * np.cos(np.radians(0.5 * (latitude_deg + to_latitude_deg)))
    apart: NDArray[np.float64] = _METRES_A_DEGREE * np.hypot(x, latitude_deg - to_latitude_deg)
    return apart
