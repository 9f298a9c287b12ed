"""Outlines and cells: which edges come near a cell, what is inside, and how deep the cells along an outline are.

Conservative on purpose: an edge marks every cell it comes within a quantum of (9 mm), which is a thousand times more than
rounding can amount to, so that a cell called inside or left out has one answer for all of its places.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import DEEPEST, FAN_BITS, QUANTA_PER_DEGREE, ROOT_SHIFT, ROUND, TOP, quanta_east, quanta_north
from geofence.kernels.compiler import inlined, kernel, making_kernel
from geofence.kernels.metres import LEAST_DEGREE_M, metres_between
from geofence.kernels.outline import edges_cover, edges_of_slab, nearest_on_edge, slab_at
from geofence.kernels.zone_arrays import SLAB_COUNT

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

MARGIN = 3.0  # quanta; pieces look two beyond their cells
_CELLS_PER_EDGE = 2
_MORE_CELLS = 128  # and in long outlines, which else would take long to put in, so many more than edges
_CELLS_PER_CORRIDOR_EDGE = 4  # several abreast


@kernel
def corridor_margin_deg(reach_m: float) -> float:
    """Degrees of latitude within which a corridor's edge can reach a place; 0 for an area."""
    return 1.001 * reach_m / LEAST_DEGREE_M


@inlined
def edge_in_cell(edges: Floats, row: int, middle_u: float, middle_v: float, half_u: float, half_v: float) -> bool:
    """Whether an edge in quanta touches a box, by separating axes."""
    u1, v1, u2, v2 = edges[row, 0], edges[row, 1], edges[row, 2], edges[row, 3]
    if min(u1, u2) > middle_u + half_u or max(u1, u2) < middle_u - half_u:
        return False
    if min(v1, v2) > middle_v + half_v or max(v1, v2) < middle_v - half_v:
        return False
    du, dv = u2 - u1, v2 - v1
    return bool(abs(du * (middle_v - v1) - dv * (middle_u - u1)) <= abs(du) * half_v + abs(dv) * half_u)


@making_kernel
def distinct_edges(
    edges: Floats, slab_first: Integers, span: Integers, slab: Floats, number: int, margin_deg: float, quanta: Floats
) -> int:
    """Write the edges of a zone, each once, in quanta to `quanta`; how many."""
    count = 0
    for slab_number in range(span[number, SLAB_COUNT]):
        start, stop = edges_of_slab(span, slab_first, number, slab_number)
        for row in range(start, stop):
            south = min(edges[row, 1], edges[row, 3]) - margin_deg
            if slab_at(span, slab, number, south) == slab_number:
                quanta[count, 0], quanta[count, 1] = quanta_east(edges[row, 0]), quanta_north(edges[row, 1])
                quanta[count, 2], quanta[count, 3] = quanta_east(edges[row, 2]), quanta_north(edges[row, 3])
                count += 1
    return count


@making_kernel
def outline_level(quanta: Floats, count: int, pad_v: float) -> int:
    """The level of the cells along an outline: the deepest that takes no more than a few cells an edge."""
    most = min(_CELLS_PER_EDGE * count, count + _MORE_CELLS)
    if pad_v > MARGIN:
        most = _CELLS_PER_CORRIDOR_EDGE * count
    length = 0.0
    for row in range(count):
        length += abs(quanta[row, 2] - quanta[row, 0]) + abs(quanta[row, 3] - quanta[row, 1])
    level = DEEPEST
    while level > 0:
        size = float(1 << (ROOT_SHIFT - FAN_BITS * level))
        if (length / size + 1.0) * (1.0 + 2.0 * pad_v / size) <= most:
            break
        level -= 1
    return level


@making_kernel
def capsule_holds_cell(
    quanta: Floats, row: int, reach_m: float, east_m: float, north_m: float, u: int, v: int, size: int
) -> bool:
    """Whether all four corners of a cell, and so the cell, are well within the reach of one edge of a corridor."""
    x1, y1 = quanta[row, 0] / QUANTA_PER_DEGREE - 180.0, quanta[row, 1] / QUANTA_PER_DEGREE - 90.0
    x2, y2 = quanta[row, 2] / QUANTA_PER_DEGREE - 180.0, quanta[row, 3] / QUANTA_PER_DEGREE - 90.0
    for corner in range(4):
        x = (u + (corner & 1) * size) / QUANTA_PER_DEGREE - 180.0
        y = (v + (corner >> 1) * size) / QUANTA_PER_DEGREE - 90.0
        east, north = nearest_on_edge(x1, y1, x2, y2, x, y, east_m, north_m)
        if metres_between(x, y, x + east, y + north) > reach_m * 0.999 - 0.1:
            return False
    return True


@making_kernel
def any_capsule_holds_cell(
    quanta: Floats, near: Integers, counts: Integers, row: int, reach: tuple[float, float, float], u: int, v: int, size: int
) -> bool:
    """Whether a cell is well within the reach (metres, and metres per degree east and north) of an edge of `near[row]`."""
    for place in range(counts[row]):
        if capsule_holds_cell(quanta, near[row, place], reach[0], reach[1], reach[2], u, v, size):
            return True
    return False


@making_kernel
def edges_near_cell(
    quanta: Floats, near: Integers, counts: Integers, level: int, u: int, v: int, size: int, pad_u: float, pad_v: float
) -> int:
    """Of the edges near the cell above, write those near a cell of `level` to the row after; how many."""
    count = 0
    half = size / 2
    for place in range(counts[level]):
        row = near[level, place]
        if edge_in_cell(quanta, row, u + half, v + half, half + pad_u, half + pad_v):
            near[level + 1, count] = row
            count += 1
    counts[level + 1] = count
    return count


@making_kernel
def quantum_is_inside(
    edges: Floats, slab_first: Integers, span: Integers, slab: Floats, box: Floats, number: int, u: int, v: int
) -> bool:
    """Whether a quantum that no edge comes near is inside an area."""
    x, y = u / QUANTA_PER_DEGREE - 180.0, v / QUANTA_PER_DEGREE - 90.0
    if x < box[number, 0] or x > box[number, 2] or y < box[number, 1] or y > box[number, 3]:
        return False
    first, last = edges_of_slab(span, slab_first, number, slab_at(span, slab, number, y))
    return edges_cover(edges, first, last, x, y)


@making_kernel
def padding_quanta(box: Floats, number: int, margin_deg: float) -> tuple[float, float]:
    """Quanta east and north that a margin is at most anywhere in a zone, and the least margin."""
    furthest = max(abs(box[number, 1]), abs(box[number, 3]))
    pad_v = margin_deg * QUANTA_PER_DEGREE + MARGIN
    return float(ROUND) if furthest > 89.0 else 1.001 * pad_v / math.cos(furthest * math.pi / 180.0), pad_v


@making_kernel
def quantum_box(box: Floats, number: int) -> tuple[float, float, float, float]:
    """West, south, east and north of a zone in quanta, with the least margin."""
    return (
        quanta_east(box[number, 0]) - MARGIN,
        max(0.0, quanta_north(box[number, 1]) - MARGIN),
        quanta_east(box[number, 2]) + MARGIN,
        min(float(TOP), quanta_north(box[number, 3]) + MARGIN),
    )
