"""The zones around places, nearest first, as they are at a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inner_kernel, kernel
from geofence.kernels.containment import is_open
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_lookup import zones_near


@kernel
def nearest_zones(
    index: ZoneArrays, scratch: Scratch, fixes: NDArray[np.int64], reach_m: float, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The at most `most` zones that hold at each fix and lie within reach of it, nearest first.

    `fixes`, shape (n, 3): microseconds, longitude and latitude in 1e-7 degree. Returns zone numbers, shape (n, most), -1 where
    there are fewer, and signed metres to their boundaries, of the same shape.
    """
    numbers, apart = np.full((len(fixes), most), -1, np.int64), np.zeros((len(fixes), most))
    for i in range(len(fixes)):
        count = zones_near(index, 1e-7 * fixes[i, 1], 1e-7 * fixes[i, 2], reach_m, scratch)
        _keep_nearest(index, scratch, count, fixes[i, 0], numbers[i], apart[i])
    return numbers, apart


@inner_kernel
def _keep_nearest(
    index: ZoneArrays, scratch: Scratch, count: int, at_us: int, numbers: NDArray[np.int64], apart: NDArray[np.float64]
) -> None:
    """The first of the zones found, which lie by distance, that hold at a moment."""
    found = 0
    for k in range(count):
        if found == len(numbers):
            return
        if is_open(index, scratch.zones[k], at_us):
            numbers[found], apart[found] = scratch.zones[k], scratch.distance_m[k]
            found += 1
