"""From one place to many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel
from geofence.kernels.ground import metres


@kernel
def metres_to_each(places: NDArray[np.float64], longitude_e7: float, latitude_e7: float) -> NDArray[np.float64]:
    """Metres, shape (n,), from a place to each of `places`, shape (n, 2): longitude and latitude in 1e-7 degree."""
    apart = np.empty(len(places))
    for k in range(len(places)):
        apart[k] = metres(longitude_e7, latitude_e7, places[k, 0], places[k, 1])
    return apart


@kernel
def nearest_of(places: NDArray[np.float64], longitude_e7: float, latitude_e7: float) -> tuple[int, float]:
    """Which of `places` is the nearest (the first of those as near; -1 of none), and its metres."""
    nearest, least = -1, np.inf
    for k in range(len(places)):
        apart = metres(longitude_e7, latitude_e7, places[k, 0], places[k, 1])
        if apart < least:
            nearest, least = k, apart
    return nearest, least
