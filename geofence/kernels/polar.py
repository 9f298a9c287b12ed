"""Edges near a pole, where what is straight on the map is bent on the ground: the nearest place is looked for along them."""

from __future__ import annotations

import math

from geofence.kernels.compiler import inner_kernel
from geofence.kernels.metres import LEAST_DEGREE_M, far_metres

_STEPS = 32
_THIRDS = 50
_OUTER_THIRDS = 25


@inner_kernel
def polar_edge_metres(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """Distance to an edge, both ends included: by some of its places, then by thirds about the nearest of them."""
    best_m, nearest = math.inf, 0
    for step in range(_STEPS + 1):
        share = step / _STEPS
        metres = far_metres(x, y, x1 + share * (x2 - x1), y1 + share * (y2 - y1))
        if metres < best_m:
            best_m, nearest = metres, step
    low, high = max(0, nearest - 1) / _STEPS, min(_STEPS, nearest + 1) / _STEPS
    for _ in range(_THIRDS):
        first, second = low + (high - low) / 3.0, high - (high - low) / 3.0
        first_m = far_metres(x, y, x1 + first * (x2 - x1), y1 + first * (y2 - y1))
        second_m = far_metres(x, y, x1 + second * (x2 - x1), y1 + second * (y2 - y1))
        best_m = min(best_m, first_m, second_m)
        if first_m < second_m:
            high = second
        else:
            low = first
    return best_m


@inner_kernel
def polar_segment_metres(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float, limit_m: float
) -> float:
    """Distance between two segments that do not meet, or something above `limit_m` where it is more.

    By places of the first, as `polar_edge_metres` does by those of the second.
    """
    north_deg = max(0.0, min(cy, dy) - max(ay, by), min(ay, by) - max(cy, dy))
    if north_deg * LEAST_DEGREE_M > limit_m:
        return north_deg * LEAST_DEGREE_M
    best_m, nearest = math.inf, 0
    for step in range(_STEPS + 1):
        share = step / _STEPS
        metres = polar_edge_metres(cx, cy, dx, dy, ax + share * (bx - ax), ay + share * (by - ay))
        if metres < best_m:
            best_m, nearest = metres, step
    low, high = max(0, nearest - 1) / _STEPS, min(_STEPS, nearest + 1) / _STEPS
    for _ in range(_OUTER_THIRDS):
        first, second = low + (high - low) / 3.0, high - (high - low) / 3.0
        first_m = polar_edge_metres(cx, cy, dx, dy, ax + first * (bx - ax), ay + first * (by - ay))
        second_m = polar_edge_metres(cx, cy, dx, dy, ax + second * (bx - ax), ay + second * (by - ay))
        best_m = min(best_m, first_m, second_m)
        if first_m < second_m:
            high = second
        else:
            low = first
    return best_m
