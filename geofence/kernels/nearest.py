"""The zones around places, nearest first, as they are at a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel, kernel
from geofence.kernels.containment import is_open, signed_distance_m
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_lookup import zones_near

_FIRST_REACH_M = 100.0
_FURTHER = 3.0


@kernel
def nearest_zones(
    index: ZoneArrays, scratch: Scratch, fixes: NDArray[np.int64], reach_m: float, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The at most `most` zones that hold at each fix and lie within reach of it, nearest first.

    `fixes`, shape (n, 3): microseconds, longitude and latitude in 1e-7 degree. Returns zone numbers, shape (n, most), -1 where
    there are fewer, and signed metres to their boundaries, of the same shape, those inside cut at `-reach_m`.
    """
    numbers, apart = np.full((len(fixes), most), -1, np.int64), np.zeros((len(fixes), most))
    for i in range(len(fixes)):
        lon, lat, near_m, found = 1e-7 * fixes[i, 1], 1e-7 * fixes[i, 2], min(_FIRST_REACH_M, reach_m), 0
        while True:
            count = zones_near(index, lon, lat, near_m, scratch)
            _measure_inside(index, scratch, count, lon, lat, near_m, reach_m)
            found = _keep_nearest(index, scratch, count, fixes[i, 0], numbers[i], apart[i])
            if found == most or near_m == reach_m:
                break
            near_m = min(_FURTHER * near_m, reach_m)
    return numbers, apart


@inner_kernel
def _measure_inside(
    index: ZoneArrays, scratch: Scratch, count: int, lon: float, lat: float, near_m: float, reach_m: float
) -> None:
    """Put those first that hold the place deeper than `near_m`, where their distances were cut, in their order."""
    for k in range(count):
        if scratch.distance_m[k] > -near_m:
            return
        number = scratch.zones[k]
        distance_m = max(signed_distance_m(index, number, lon, lat, 1.001 * reach_m + 1.0), -reach_m)
        hole = k
        while hole > 0 and (
            scratch.distance_m[hole - 1] > distance_m
            or (scratch.distance_m[hole - 1] == distance_m and scratch.zones[hole - 1] > number)
        ):
            scratch.zones[hole], scratch.distance_m[hole] = scratch.zones[hole - 1], scratch.distance_m[hole - 1]
            hole -= 1
        scratch.zones[hole], scratch.distance_m[hole] = number, distance_m


@inner_kernel
def _keep_nearest(
    index: ZoneArrays, scratch: Scratch, count: int, at_us: int, numbers: NDArray[np.int64], apart: NDArray[np.float64]
) -> int:
    """Write the first of the zones found, which lie by distance, that hold at a moment; how many."""
    found = 0
    for k in range(count):
        if found < len(numbers) and is_open(index, scratch.zones[k], at_us):
            numbers[found], apart[found] = scratch.zones[k], scratch.distance_m[k]
            found += 1
    return found
