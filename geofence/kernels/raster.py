"""Which cells a zone is held by: wholly inside ones as large as can be, boundary ones of one level.

Conservative on purpose: an edge marks every cell it comes within a quantum of (9 mm), which is a thousand times more than
rounding can amount to, so that a cell called inside or left out has one answer for all of its places.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import DEEPEST, FAN, FAN_BITS, QUANTA_PER_DEGREE, ROOT_SHIFT, TOP, quanta_east, quanta_north
from geofence.kernels.compiler import kernel
from geofence.kernels.metres import LEAST_DEGREE_M, metres_between
from geofence.kernels.outline import edges_cover, edges_of_slab, nearest_on_edge, slab_at
from geofence.kernels.zone_arrays import (
    CIRCLE,
    CORRIDOR,
    EAST,
    EDGE_COUNT,
    INSIDE,
    LATITUDE,
    LONGITUDE,
    NORTH,
    REACH,
    SLAB_COUNT,
    ZoneArrays,
)

Cells = NDArray[np.int64]  # (k, 4): quantum east, quantum north, level, what is left to be tested
Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

_MARGIN = 2.0  # quanta
_OUTSIDE, _BOUNDARY, _WITHIN = 0, 1, 2


@kernel
def appended(cells: Cells, count: int, u: int, v: int, level: int, left: int) -> Cells:
    """`cells` with a row written at `count`, in a larger array if need be."""
    if count == len(cells):
        larger = np.empty((2 * count, 4), dtype=np.int64)
        larger[:count] = cells
        cells = larger
    cells[count, 0] = u
    cells[count, 1] = v
    cells[count, 2] = level
    cells[count, 3] = left
    return cells


@kernel
def quantum_box(box: Floats) -> tuple[float, float, float, float]:
    """West, south, east and north of a zone in quanta, with the margin."""
    return (
        quanta_east(box[0]) - _MARGIN,
        max(0.0, quanta_north(box[1]) - _MARGIN),
        quanta_east(box[2]) + _MARGIN,
        min(float(TOP), quanta_north(box[3]) + _MARGIN),
    )


@kernel
def circle_in_cell(circle: Floats, u: int, v: int, size: int) -> int:
    """Whether a cell is outside of, on the boundary of, or within a circle; unsure means boundary."""
    west = u / QUANTA_PER_DEGREE - 180.0 - circle[LONGITUDE]
    south = v / QUANTA_PER_DEGREE - 90.0 - circle[LATITUDE]
    side = size / QUANTA_PER_DEGREE
    reach_m = circle[REACH]
    if circle[EAST] == 0.0:
        middle = circle[LONGITUDE] + west + side / 2, circle[LATITUDE] + south + side / 2
        away_m = metres_between(circle[LONGITUDE], circle[LATITUDE], middle[0], middle[1])
        least_m, most_m = away_m - side * 80000.0, away_m + side * 80000.0
    else:
        scales = circle[EAST] + south * circle[EAST + 1], circle[EAST] + (south + side) * circle[EAST + 1]
        east = max(west, 0.0, -(west + side)) * min(scales[0], scales[1])
        north = max(south, 0.0, -(south + side)) * circle[NORTH]
        least_m = math.sqrt(east * east + north * north)
        east = max(abs(west), abs(west + side)) * max(scales[0], scales[1])
        north = max(abs(south), abs(south + side)) * circle[NORTH]
        most_m = math.sqrt(east * east + north * north)
    if least_m > reach_m * 1.001 + 0.1:
        return _OUTSIDE
    return _WITHIN if most_m < reach_m * 0.999 - 0.1 else _BOUNDARY


@kernel
def circle_level(reach_m: float) -> int:
    """The level of the cells along a circle's boundary: the deepest whose cells are not much smaller than the circle."""
    least_m = reach_m / 2.0 if reach_m < 5000.0 else reach_m / 8.0
    level = DEEPEST
    while level > 0 and (1 << (ROOT_SHIFT - FAN_BITS * level)) / QUANTA_PER_DEGREE * LEAST_DEGREE_M < least_m:
        level -= 1
    return level


@kernel
def root_cells(box: Floats) -> tuple[int, int, int, int]:
    """First and last column and row of root cells under a box, columns not yet wrapped round the Earth."""
    west, south, east, north = quantum_box(box)
    return int(west // (1 << ROOT_SHIFT)), int(south) >> ROOT_SHIFT, int(east) >> ROOT_SHIFT, int(north) >> ROOT_SHIFT


@kernel
def cells_of_circle(circle: Floats, box: Floats) -> tuple[Cells, int]:
    """Cells of a circle and how many of the rows are used."""
    target = circle_level(circle[REACH])
    limits = quantum_box(box)
    cells = np.empty((16, 4), dtype=np.int64)
    stack = np.empty((64, 4), dtype=np.int64)
    count = depth = 0
    columns_rows = root_cells(box)
    for row in range(columns_rows[1], columns_rows[3] + 1):
        for column in range(columns_rows[0], columns_rows[2] + 1):
            stack = appended(stack, depth, column << ROOT_SHIFT, row << ROOT_SHIFT, 0, 0)
            depth += 1
    while depth > 0:
        depth -= 1
        u, v, level = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        size = 1 << (ROOT_SHIFT - FAN_BITS * level)
        if u > limits[2] or u + size <= limits[0] or v > limits[3] or v + size <= limits[1]:
            continue
        answer = circle_in_cell(circle, u, v, size)
        if answer == _WITHIN or (answer == _BOUNDARY and level == target):
            cells = appended(cells, count, u, v, level, INSIDE if answer == _WITHIN else CIRCLE)
            count += 1
        elif answer == _BOUNDARY:
            for child in range(FAN * FAN):
                stack = appended(
                    stack, depth, u + (child % FAN) * (size // FAN), v + (child // FAN) * (size // FAN), level + 1, 0
                )
                depth += 1
    return cells, count


@kernel
def edge_in_cell(edge: Floats, middle_u: float, middle_v: float, half_u: float, half_v: float) -> bool:
    """Whether an edge in quanta touches a box, by separating axes."""
    if min(edge[0], edge[2]) > middle_u + half_u or max(edge[0], edge[2]) < middle_u - half_u:
        return False
    if min(edge[1], edge[3]) > middle_v + half_v or max(edge[1], edge[3]) < middle_v - half_v:
        return False
    du, dv = edge[2] - edge[0], edge[3] - edge[1]
    return bool(abs(du * (middle_v - edge[1]) - dv * (middle_u - edge[0])) <= abs(du) * half_v + abs(dv) * half_u)


@kernel
def distinct_edges(zones: ZoneArrays, number: int) -> Floats:
    """The edges of a zone, each once, in quanta: (m, 4)."""
    span, slab = zones.span, zones.slab
    edges = np.empty((span[number, EDGE_COUNT], 4))
    margin = corridor_margin_deg(zones.circle[number, REACH])
    count = 0
    for slab_number in range(span[number, SLAB_COUNT]):
        start, stop = edges_of_slab(span, zones.slab_first, number, slab_number)
        for row in range(start, stop):
            south = min(zones.edges[row, 1], zones.edges[row, 3]) - margin
            if slab_at(span, slab, number, south) == slab_number:
                edges[count, 0] = quanta_east(zones.edges[row, 0])
                edges[count, 1] = quanta_north(zones.edges[row, 1])
                edges[count, 2] = quanta_east(zones.edges[row, 2])
                edges[count, 3] = quanta_north(zones.edges[row, 3])
                count += 1
    return edges[:count]


@kernel
def corridor_margin_deg(reach_m: float) -> float:
    """Degrees of latitude within which a corridor's edge can reach a place; 0 for an area."""
    return 1.001 * reach_m / LEAST_DEGREE_M


@kernel
def outline_level(edges: Floats, pad_v: float) -> int:
    """The level of the cells along an outline: the deepest that takes no more than four cells an edge."""
    length = 0.0
    for row in range(len(edges)):
        length += abs(edges[row, 2] - edges[row, 0]) + abs(edges[row, 3] - edges[row, 1])
    level = DEEPEST
    while level > 0:
        size = float(1 << (ROOT_SHIFT - FAN_BITS * level))
        if (length / size + 1.0) * (1.0 + 2.0 * pad_v / size) <= 4.0 * len(edges):
            break
        level -= 1
    return level


@kernel
def capsule_holds_cell(zones: ZoneArrays, number: int, edge: Floats, u: int, v: int, size: int) -> bool:
    """Whether all four corners of a cell, and so the cell, are within the reach of one edge of a corridor."""
    reach_m = zones.circle[number, REACH] * 0.999 - 0.1
    x1, y1 = edge[0] / QUANTA_PER_DEGREE - 180.0, edge[1] / QUANTA_PER_DEGREE - 90.0
    x2, y2 = edge[2] / QUANTA_PER_DEGREE - 180.0, edge[3] / QUANTA_PER_DEGREE - 90.0
    east_m, north_m = zones.circle[number, EAST], zones.circle[number, NORTH]
    for corner in range(4):
        x = (u + (corner & 1) * size) / QUANTA_PER_DEGREE - 180.0
        y = (v + (corner >> 1) * size) / QUANTA_PER_DEGREE - 90.0
        east, north = nearest_on_edge(x1, y1, x2, y2, x, y, east_m, north_m)
        if metres_between(x, y, x + east, y + north) > reach_m:
            return False
    return True


@kernel
def cell_is_within(zones: ZoneArrays, number: int, edges: Floats, near: Integers, u: int, v: int, size: int) -> bool:
    """Whether a cell that `edges[near]` come close to is wholly inside."""
    if zones.shape[number] == CORRIDOR:
        for row in near:
            if capsule_holds_cell(zones, number, edges[row], u, v, size):
                return True
        return False
    if len(near) > 0:
        return False
    x, y = (u + size // 2) / QUANTA_PER_DEGREE - 180.0, (v + size // 2) / QUANTA_PER_DEGREE - 90.0
    west, south, east, north = zones.box[number, 0], zones.box[number, 1], zones.box[number, 2], zones.box[number, 3]
    if not (west <= x <= east and south <= y <= north):
        return False
    first, last = edges_of_slab(zones.span, zones.slab_first, number, slab_at(zones.span, zones.slab, number, y))
    return edges_cover(zones.edges, first, last, x, y)


@kernel
def edges_near_cell(
    edges: Floats, among: Integers, u: int, v: int, size: int, pad_u: float, pad_v: float, near: Integers
) -> int:
    """Write to `near` those of `edges[among]` that come within the padding of a cell; how many."""
    count = 0
    half = size / 2
    for row in among:
        if edge_in_cell(edges[row], u + half, v + half, half + pad_u, half + pad_v):
            near[count] = row
            count += 1
    return count


@kernel
def cells_of_outline(zones: ZoneArrays, number: int) -> tuple[Cells, int]:
    """Cells of an area or corridor and how many of the rows are used."""
    edges = distinct_edges(zones, number)
    box = zones.box[number]
    limits = quantum_box(box)
    pad_v = corridor_margin_deg(zones.circle[number, REACH]) * QUANTA_PER_DEGREE + _MARGIN
    furthest = min(89.0, max(abs(box[1]), abs(box[3])))
    pad_u = pad_v / math.cos(furthest * math.pi / 180.0) * 1.001
    target = outline_level(edges, pad_v)
    cells = np.empty((64, 4), dtype=np.int64)
    # Depth first: the edges near each waiting cell lie in `near` one cell after another, the uppermost cell's last.
    stack = np.empty((64, 4), dtype=np.int64)
    ends = np.empty((64, 4), dtype=np.int64)
    near = np.empty(max(1024, 2 * len(edges)), dtype=np.int32)
    near[: len(edges)] = np.arange(len(edges), dtype=np.int32)
    count = depth = 0
    columns_rows = root_cells(box)
    top = len(edges)
    for row in range(columns_rows[1], columns_rows[3] + 1):
        for column in range(columns_rows[0], columns_rows[2] + 1):
            stack = appended(stack, depth, column << ROOT_SHIFT, row << ROOT_SHIFT, 0, 0)
            ends = appended(ends, depth, 0, len(edges), len(edges), 0)
            depth += 1
    while depth > 0:
        depth -= 1
        u, v, level = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        start, stop, top = ends[depth, 0], ends[depth, 1], ends[depth, 2]
        size = 1 << (ROOT_SHIFT - FAN_BITS * level)
        if u > limits[2] or u + size <= limits[0] or v > limits[3] or v + size <= limits[1]:
            continue
        if top + stop - start > len(near):
            larger = np.empty(2 * (top + stop - start), dtype=np.int32)
            larger[:top] = near[:top]
            near = larger
        found = edges_near_cell(edges, near[start:stop], u, v, size, pad_u, pad_v, near[top:])
        if cell_is_within(zones, number, edges, near[top : top + found], u, v, size):
            cells = appended(cells, count, u, v, level, INSIDE)
            count += 1
        elif found > 0 and level == target:
            cells = appended(cells, count, u, v, level, zones.shape[number])
            count += 1
        elif found > 0:
            for child in range(FAN * FAN):
                stack = appended(
                    stack, depth, u + (child % FAN) * (size // FAN), v + (child // FAN) * (size // FAN), level + 1, 0
                )
                ends = appended(ends, depth, top, top + found, top + found, 0)
                depth += 1
    return cells, count


@kernel
def cells_of(zones: ZoneArrays, number: int) -> tuple[Cells, int]:
    """Cells of a zone and how many of the rows are used."""
    if zones.shape[number] == CIRCLE:
        return cells_of_circle(zones.circle[number], zones.box[number])
    return cells_of_outline(zones, number)
