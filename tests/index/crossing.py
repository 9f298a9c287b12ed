"""Zones that movements touch, by the function that the engine's kernels ask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.index.zone_index import ZoneIndex
from geofence.kernels.compiler import kernel
from geofence.kernels.zone_arrays import Scratch, ZoneArrays
from geofence.kernels.zone_lookup import zones_crossed

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]


def crossed(
    index: ZoneIndex, longitude_deg: Floats, latitude_deg: Floats, to_longitude_deg: Floats, to_latitude_deg: Floats
) -> tuple[Longs, Integers]:
    """Pairs (movement, zone number) of zones that straight movements touch; by movement, then number."""
    ends = np.column_stack((longitude_deg, latitude_deg, to_longitude_deg, to_latitude_deg))
    touched = _touched(index.arrays, ends, index.scratch())
    moves, numbers = np.nonzero(touched)
    return moves, numbers.astype(np.int32)


@kernel
def _touched(zones: ZoneArrays, ends: Floats, scratch: Scratch) -> NDArray[np.bool_]:
    """Shape (movements, zone numbers)."""
    touched = np.zeros((len(ends), len(zones.shape)), np.bool_)
    for move in range(len(ends)):
        count = zones_crossed(zones, ends[move, 0], ends[move, 1], ends[move, 2], ends[move, 3], scratch)
        touched[move, scratch.zones[:count]] = True
    return touched
