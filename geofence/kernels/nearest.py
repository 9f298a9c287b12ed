"""The zones around one place, nearest first, as they are at a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel
from geofence.kernels.containment import is_open
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_lookup import zones_near


@kernel
def nearest_zones(
    index: ZoneArrays, scratch: Scratch, longitude_deg: float, latitude_deg: float, reach_m: float, at_us: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers and signed metres, shape (n,), of at most `most` zones that hold at `at_us` within reach, nearest first."""
    numbers, apart = np.zeros(most, np.int64), np.zeros(most)
    found = 0
    count = zones_near(index, longitude_deg, latitude_deg, reach_m, scratch)
    for k in range(count):
        z, apart_m = scratch.zones[k], scratch.distance_m[k]
        if not is_open(index, z, at_us):
            continue
        place = found
        while place > 0 and (apart[place - 1] > apart_m or (apart[place - 1] == apart_m and numbers[place - 1] > z)):
            if place < most:
                numbers[place], apart[place] = numbers[place - 1], apart[place - 1]
            place -= 1
        if place < most:
            numbers[place], apart[place] = z, apart_m
            found = min(found + 1, most)
    return numbers[:found], apart[:found]
