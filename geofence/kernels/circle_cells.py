"""Circles and cells: how deep the cells along a circle's boundary are, and what of them it touches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import DEEPEST, FAN, FAN_BITS, QUANTA_PER_DEGREE, ROOT_SHIFT, signed_bits
from geofence.kernels.compiler import making_kernel
from geofence.kernels.metres import LEAST_DEGREE_M, metres_between
from geofence.kernels.zone_arrays import EAST, LATITUDE, LONGITUDE, NORTH, REACH

Floats = NDArray[np.float64]

_HALF_DIAGONAL_M = 80000.0  # of a cell one degree wide: more than half its diagonal in metres, anywhere
_MOST_CELLS = 2048.0  # more than any circle takes that is not near a pole
OUTSIDE, BOUNDARY, WITHIN = 0, 1, 2


@making_kernel
def circle_in_cell(circle: Floats, number: int, u: int, v: int, width: int, height: int) -> int:
    """Whether a cell, or a part of one, is outside of, on the boundary of, or within a circle; unsure means boundary."""
    west = u / QUANTA_PER_DEGREE - 180.0 - circle[number, LONGITUDE]
    south = v / QUANTA_PER_DEGREE - 90.0 - circle[number, LATITUDE]
    wide, high = width / QUANTA_PER_DEGREE, height / QUANTA_PER_DEGREE
    reach_m, east_m, north_m = circle[number, REACH], circle[number, EAST], circle[number, NORTH]
    if east_m == 0.0:
        x, y = circle[number, LONGITUDE], circle[number, LATITUDE]
        away_m = metres_between(x, y, x + west + wide / 2, y + south + high / 2)
        around_m = max(wide, high) * _HALF_DIAGONAL_M
        least_m, most_m = away_m - around_m, away_m + around_m
    else:
        slope = circle[number, EAST + 1]
        scale_south, scale_north = east_m + south * slope, east_m + (south + high) * slope
        east = max(west, 0.0, -(west + wide)) * min(scale_south, scale_north)
        north = max(south, 0.0, -(south + high)) * north_m
        least_m = math.sqrt(east * east + north * north)
        east = max(abs(west), abs(west + wide)) * max(scale_south, scale_north)
        north = max(abs(south), abs(south + high)) * north_m
        most_m = math.sqrt(east * east + north * north)
    if least_m > reach_m * 1.001 + 0.1:
        return OUTSIDE
    return WITHIN if most_m < reach_m * 0.999 - 0.1 else BOUNDARY


@making_kernel
def circle_level(reach_m: float, width: float, height: float) -> int:
    """The level of the cells along a circle's boundary: the deepest whose cells are not much smaller than the circle.

    Near a pole, where cells are narrow, also not many more than its box of `width` by `height` quanta needs anywhere else.
    """
    least_m = reach_m / 2.0 if reach_m < 5000.0 else reach_m / 8.0
    level = DEEPEST
    while level > 0:
        size = float(1 << (ROOT_SHIFT - FAN_BITS * level))
        cells = (width / size + 1.0) * (height / size + 1.0)
        if size / QUANTA_PER_DEGREE * LEAST_DEGREE_M >= least_m and cells <= _MOST_CELLS:
            break
        level -= 1
    return level


@making_kernel
def circle_touched(circle: Floats, number: int, u: int, v: int, size: int) -> int:
    """Which pairs of parts of a cell a circle touches."""
    step = size >> FAN_BITS
    bits = 0
    for pair in range(FAN * FAN // 2):
        east, north = (pair % (FAN // 2)) * 2 * step, (pair // (FAN // 2)) * step
        if circle_in_cell(circle, number, u + east, v + north, 2 * step, step) != OUTSIDE:
            bits |= 1 << pair
    return signed_bits(bits)
