"""Circles in whole quanta, 16 bytes each: enough to decide all places but those next to the boundary.

A row holds the centre (quanta east less 2**31, quanta north), how many quanta north one quantum east is long (times 2**24; 0:
no quick decision), and the radius within which places are surely covered. Places further than `surely_beyond` of it surely are
not. Between, some centimetres and 0.4 % of the radius, `containment.circle_covers` decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import QUANTA_PER_DEGREE, cell_of
from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.metres import LEAST_DEGREE_M
from geofence.kernels.zone_arrays import EAST, LATITUDE, LONGITUDE, NORTH, REACH

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

HALF_ROUND = 1 << 31
ROUND_MASK = (1 << 32) - 1
RATIO = 2.0**24
EAST_Q, NORTH_Q, RATIO_AT, SURE = 0, 1, 2, 3
_ROUNDING_Q = 1.6  # two places, each less than a quantum off in either direction
_BAND = 256  # the band between surely covered and surely not is this share of the radius
_CELLS_M = 30.0  # boundary cells reach this much, and ten radii, from the centre (raster.circle_level)


@inlined
def short_way(quanta_east: int) -> int:
    """A difference of quanta east the short way round the Earth."""
    return ((quanta_east + HALF_ROUND) & ROUND_MASK) - HALF_ROUND


@inlined
def surely_beyond(sure: int) -> int:
    """Quanta from the centre beyond which no place is covered, given those within which all are."""
    return sure + sure // _BAND + 4


@inner_kernel
def write_disc(circle: Floats, number: int, disc: Integers) -> None:
    """Write the row of circle `number`."""
    east_m, north_m, reach_m = circle[number, EAST], circle[number, NORTH], circle[number, REACH]
    disc[number] = 0
    if east_m == 0.0:
        return
    u, v = cell_of(circle[number, LONGITUDE], circle[number, LATITUDE])
    north = (10.0 * reach_m + _CELLS_M) / LEAST_DEGREE_M
    slopes = abs(circle[number, EAST + 1]) + abs(circle[number, EAST + 2]) * north
    error = 1e-6 + slopes / east_m * north + abs(circle[number, NORTH + 1]) / north_m * north
    radius = reach_m / north_m * QUANTA_PER_DEGREE
    sure = int(max(0.0, radius * (1.0 - error) - _ROUNDING_Q))
    if radius * (1.0 + error) + _ROUNDING_Q > surely_beyond(sure):
        return
    disc[number, EAST_Q], disc[number, NORTH_Q] = u - HALF_ROUND, v
    disc[number, RATIO_AT], disc[number, SURE] = int(east_m / north_m * RATIO), sure
