"""Places in the order of their cells, so that those of one neighbourhood find its zones in the cache, and back again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import FAN_BITS, ROOT_SHIFT, cell_of
from geofence.kernels.compiler import inner_kernel

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

_SHIFT = ROOT_SHIFT - 2 * FAN_BITS  # cells of 1.2 km
_SIDE_BITS = 6  # 64 by 64 of them, and those of the next 80 km on top of them
_SIDE = (1 << _SIDE_BITS) - 1


@inner_kernel
def order_by_cell(longitude_deg: Floats, latitude_deg: Floats) -> Integers:
    """Rows of the places, those of one cell one after another; places that are nowhere are among them."""
    count = len(longitude_deg)
    cell = np.zeros(count, dtype=np.uint16)
    ends = np.zeros((1 << 2 * _SIDE_BITS) + 1, dtype=np.int32)
    for row in range(count):
        x, y = longitude_deg[row], latitude_deg[row]
        if abs(x) <= 180.0 and abs(y) <= 90.0:
            u, v = cell_of(x, y)
            cell[row] = (((v >> _SHIFT) & _SIDE) << _SIDE_BITS) | ((u >> _SHIFT) & _SIDE)
        ends[cell[row] + 1] += 1
    for key in range(len(ends) - 1):
        ends[key + 1] += ends[key]
    order = np.empty(count, dtype=np.int32)
    for row in range(count):
        order[ends[cell[row]]] = row
        ends[cell[row]] += 1
    return order


@inner_kernel
def by_places(points: Longs, numbers: Integers, count: int) -> tuple[Longs, Integers]:
    """Pairs (place below `count`, zone) by place."""
    ends = np.zeros(count + 1, dtype=np.int32)
    for row in range(len(points)):
        ends[points[row] + 1] += 1
    for place in range(count):
        ends[place + 1] += ends[place]
    sorted_points = np.empty(len(points), dtype=np.int64)
    sorted_numbers = np.empty(len(points), dtype=np.int32)
    for row in range(len(points)):
        place = points[row]
        sorted_points[ends[place]], sorted_numbers[ends[place]] = place, numbers[row]
        ends[place] += 1
    return sorted_points, sorted_numbers


@inner_kernel
def sort_within_places(points: Longs, numbers: Integers) -> None:
    """Sort pairs that are by place by zone, too."""
    for row in range(1, len(points)):
        place, number, hole = points[row], numbers[row], row
        while hole > 0 and points[hole - 1] == place and numbers[hole - 1] > number:
            numbers[hole] = numbers[hole - 1]
            hole -= 1
        numbers[hole] = number
