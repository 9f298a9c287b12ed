"""Which cells a zone is held by: wholly inside ones as large as can be, boundary ones of one level.

Conservative on purpose: an edge marks every cell it comes within a quantum of (9 mm), which is a thousand times more than
rounding can amount to, so that a cell called inside or left out has one answer for all of its places.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_edit import ADDED, NO_ROOM, put_entry, take_entry
from geofence.kernels.cells import (
    DEEPEST,
    ENTRY_AT,
    FAN,
    FAN_BITS,
    LEFT,
    MOST_PIECE_EDGES,
    QUANTA_PER_DEGREE,
    ROOT_SHIFT,
    ROUND,
    TOP,
    quanta_east,
    quanta_north,
)
from geofence.kernels.compiler import inlined, inner_kernel, kernel
from geofence.kernels.discs import write_disc
from geofence.kernels.metres import LEAST_DEGREE_M, metres_between
from geofence.kernels.outline import edges_cover, edges_of_slab, nearest_on_edge, slab_at
from geofence.kernels.pieces import (
    EDGES,
    give_back_piece,
    reference_place,
    take_piece,
    write_area,
    write_corridor,
)
from geofence.kernels.zone_arrays import (
    AREA,
    CIRCLE,
    CORRIDOR,
    EAST,
    EDGE_COUNT,
    FREE,
    INSIDE,
    LATITUDE,
    LONGITUDE,
    NORTH,
    REACH,
    SLAB_COUNT,
    ZoneArrays,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]

MARGIN = 3.0  # quanta; pieces look two beyond their cells
_CELLS_PER_EDGE = 2.0
_CELLS_PER_CORRIDOR_EDGE = 4.0  # several abreast
_WIDEST_DEG = 90.0  # wider outlines have no quick pieces, as quanta east are compared the short way round
_HALF_DIAGONAL_M = 80000.0  # of a cell one degree wide: more than half its diagonal in metres, anywhere
OUTSIDE, BOUNDARY, WITHIN = 0, 1, 2


@inner_kernel
def circle_in_cell(circle: Floats, number: int, u: int, v: int, size: int) -> int:
    """Whether a cell is outside of, on the boundary of, or within a circle; unsure means boundary."""
    west = u / QUANTA_PER_DEGREE - 180.0 - circle[number, LONGITUDE]
    south = v / QUANTA_PER_DEGREE - 90.0 - circle[number, LATITUDE]
    side = size / QUANTA_PER_DEGREE
    reach_m, east_m, north_m = circle[number, REACH], circle[number, EAST], circle[number, NORTH]
    if east_m == 0.0:
        x, y = circle[number, LONGITUDE], circle[number, LATITUDE]
        away_m = metres_between(x, y, x + west + side / 2, y + south + side / 2)
        least_m, most_m = away_m - side * _HALF_DIAGONAL_M, away_m + side * _HALF_DIAGONAL_M
    else:
        slope = circle[number, EAST + 1]
        scale_south, scale_north = east_m + south * slope, east_m + (south + side) * slope
        east = max(west, 0.0, -(west + side)) * min(scale_south, scale_north)
        north = max(south, 0.0, -(south + side)) * north_m
        least_m = math.sqrt(east * east + north * north)
        east = max(abs(west), abs(west + side)) * max(scale_south, scale_north)
        north = max(abs(south), abs(south + side)) * north_m
        most_m = math.sqrt(east * east + north * north)
    if least_m > reach_m * 1.001 + 0.1:
        return OUTSIDE
    return WITHIN if most_m < reach_m * 0.999 - 0.1 else BOUNDARY


@inner_kernel
def circle_level(reach_m: float) -> int:
    """The level of the cells along a circle's boundary: the deepest whose cells are not much smaller than the circle."""
    least_m = reach_m / 2.0 if reach_m < 5000.0 else reach_m / 8.0
    level = DEEPEST
    while level > 0 and (1 << (ROOT_SHIFT - FAN_BITS * level)) / QUANTA_PER_DEGREE * LEAST_DEGREE_M < least_m:
        level -= 1
    return level


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


@kernel
def corridor_margin_deg(reach_m: float) -> float:
    """Degrees of latitude within which a corridor's edge can reach a place; 0 for an area."""
    return 1.001 * reach_m / LEAST_DEGREE_M


@inner_kernel
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


@inner_kernel
def outline_level(quanta: Floats, count: int, pad_v: float) -> int:
    """The level of the cells along an outline: the deepest that takes no more than a few cells an edge."""
    most = (_CELLS_PER_CORRIDOR_EDGE if pad_v > MARGIN else _CELLS_PER_EDGE) * count
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


@inner_kernel
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


@inner_kernel
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


@inner_kernel
def quantum_is_inside(
    edges: Floats, slab_first: Integers, span: Integers, slab: Floats, box: Floats, number: int, u: int, v: int
) -> bool:
    """Whether a quantum that no edge comes near is inside an area."""
    x, y = u / QUANTA_PER_DEGREE - 180.0, v / QUANTA_PER_DEGREE - 90.0
    if x < box[number, 0] or x > box[number, 2] or y < box[number, 1] or y > box[number, 3]:
        return False
    first, last = edges_of_slab(span, slab_first, number, slab_at(span, slab, number, y))
    return edges_cover(edges, first, last, x, y)


@inner_kernel
def any_capsule_holds_cell(
    quanta: Floats, near: Integers, counts: Integers, row: int, reach: tuple[float, float, float], u: int, v: int, size: int
) -> bool:
    """Whether a cell is well within the reach (metres, and metres per degree east and north) of an edge of `near[row]`."""
    for place in range(counts[row]):
        if capsule_holds_cell(quanta, near[row, place], reach[0], reach[1], reach[2], u, v, size):
            return True
    return False


@inner_kernel
def put_held(zones: ZoneArrays, used: Longs, u: int, v: int, level: int, entry: int) -> bool:
    """Put an entry into a cell; False if there is no room."""
    done = put_entry(zones.root, zones.nodes, zones.lists, zones.pieces, used, u, v, level, entry)
    if done != ADDED and entry & LEFT >= AREA:
        give_back_piece(zones.pieces, used, entry >> ENTRY_AT)
    return done != NO_ROOM


@inner_kernel
def take_held(zones: ZoneArrays, used: Longs, u: int, v: int, level: int, number: int, left: int) -> None:
    """Take the entry of a zone out of a cell, and its piece out of the pool."""
    entry = take_entry(zones.root, zones.nodes, zones.lists, zones.pieces, used, u, v, level, number, left)
    if entry >= 0 and left >= AREA:
        give_back_piece(zones.pieces, used, entry >> ENTRY_AT)


@inner_kernel
def make_piece(zones: ZoneArrays, used: Longs, number: int, quanta: Floats, near: Integers, u: int, v: int, size: int) -> int:
    """Head of the piece of an outline in a boundary cell that has the edges `near` near it; -1 if there is no room."""
    pieces, box = zones.pieces, zones.box
    edges = len(near) if len(near) <= MOST_PIECE_EDGES and box[number, 2] - box[number, 0] <= _WIDEST_DEG else 0
    head = take_piece(pieces, used, number, edges)
    if head < 0 or edges == 0:
        return head
    if zones.shape[number] == CORRIDOR:
        done = write_corridor(pieces, head, quanta, near, u, v, size, zones.circle[number, REACH])
    else:
        at_u, at_v = write_area(pieces, head, quanta, near, u, v, size)
        done = at_v >= 0
        if done and quantum_is_inside(zones.edges, zones.slab_first, zones.span, zones.slab, box, number, at_u, at_v):
            pieces[head, EDGES] |= 1
    if done:
        return head
    give_back_piece(pieces, used, head)
    return take_piece(pieces, used, number, 0)


@inlined
def push_children(stack: Longs, depth: int, u: int, v: int, level: int, size: int) -> int:
    """Put the cells within a cell on the stack; the new depth."""
    for child in range(FAN * FAN):
        stack[depth + child, 0] = u + (child % FAN) * (size // FAN)
        stack[depth + child, 1] = v + (child // FAN) * (size // FAN)
        stack[depth + child, 2] = level + 1
    return depth + FAN * FAN


@inner_kernel
def padding_quanta(box: Floats, number: int, margin_deg: float) -> tuple[float, float]:
    """Quanta east and north that a margin is at most anywhere in a zone, and the least margin."""
    furthest = max(abs(box[number, 1]), abs(box[number, 3]))
    pad_v = margin_deg * QUANTA_PER_DEGREE + MARGIN
    return float(ROUND) if furthest > 89.0 else 1.001 * pad_v / math.cos(furthest * math.pi / 180.0), pad_v


@inner_kernel
def quantum_box(box: Floats, number: int) -> tuple[float, float, float, float]:
    """West, south, east and north of a zone in quanta, with the least margin."""
    return (
        quanta_east(box[number, 0]) - MARGIN,
        max(0.0, quanta_north(box[number, 1]) - MARGIN),
        quanta_east(box[number, 2]) + MARGIN,
        min(float(TOP), quanta_north(box[number, 3]) + MARGIN),
    )


@inner_kernel
def hold_under(
    zones: ZoneArrays,
    used: Longs,
    number: int,
    quanta: Floats,
    near: Integers,
    counts: Integers,
    stack: Longs,
    target: int,
    putting: bool,
) -> bool:
    """`hold_zone` under the one root cell that `stack` begins with."""
    edges, box, circle = zones.edges, zones.box, zones.circle
    span, slab, slab_first = zones.span, zones.slab, zones.slab_first
    shape = int(zones.shape[number])
    reach = circle[number, REACH], circle[number, EAST], circle[number, NORTH]
    pad_u, pad_v = padding_quanta(box, number, corridor_margin_deg(reach[0]))
    west, south, east, north = quantum_box(box, number)
    depth = 1
    while depth > 0:
        depth -= 1
        u, v, level = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        size = 1 << (ROOT_SHIFT - FAN_BITS * level)
        if u > east or u + size <= west or v > north or v + size <= south:
            continue
        if shape == CIRCLE:
            verdict = circle_in_cell(circle, number, u, v, size)
        elif edges_near_cell(quanta, near, counts, level, u, v, size, pad_u, pad_v) > 0:
            within = shape == CORRIDOR and any_capsule_holds_cell(quanta, near, counts, level + 1, reach, u, v, size)
            verdict = WITHIN if within else BOUNDARY
        else:
            middle_u, middle_v = reference_place(u, v, size, 4)
            inside = shape == AREA and quantum_is_inside(edges, slab_first, span, slab, box, number, middle_u, middle_v)
            verdict = WITHIN if inside else OUTSIDE
        if verdict == BOUNDARY and level < target:
            depth = push_children(stack, depth, u, v, level, size)
        elif verdict != OUTSIDE:
            left = INSIDE if verdict == WITHIN else shape
            if not putting:
                take_held(zones, used, u, v, level, number, left)
                continue
            held = number
            if left >= AREA:
                held = make_piece(zones, used, number, quanta, near[level + 1, : counts[level + 1]], u, v, size)
            if held < 0 or not put_held(zones, used, u, v, level, (held << ENTRY_AT) | left):
                return False
    return True


@inner_kernel
def hold_zone(zones: ZoneArrays, used: Longs, number: int, putting: bool) -> bool:
    """Put a zone into its cells or take it out of them; False, to be done again, if there is no room."""
    reach_m = zones.circle[number, REACH]
    margin_deg = corridor_margin_deg(reach_m)
    quanta = np.empty((zones.span[number, EDGE_COUNT], 4))
    count = distinct_edges(zones.edges, zones.slab_first, zones.span, zones.slab, number, margin_deg, quanta)
    _, pad_v = padding_quanta(zones.box, number, margin_deg)
    target = circle_level(reach_m) if zones.shape[number] == CIRCLE else outline_level(quanta, count, pad_v)
    # The edges near a cell of level n are row n + 1: no other cell of its level is looked at before those within it are done.
    near = np.empty((DEEPEST + 2, count), dtype=np.int32)
    counts = np.zeros(DEEPEST + 2, dtype=np.int32)
    counts[0] = count
    for row in range(count):
        near[0, row] = row
    stack = np.empty((FAN * FAN * DEEPEST + 1, 3), dtype=np.int64)
    west, south, east, north = quantum_box(zones.box, number)
    first_column, last_column = int(west // (1 << ROOT_SHIFT)), int(east // (1 << ROOT_SHIFT))
    for row in range(int(south) >> ROOT_SHIFT, (int(north) >> ROOT_SHIFT) + 1):
        for column in range(first_column, last_column + 1):
            stack[0, 0], stack[0, 1], stack[0, 2] = column << ROOT_SHIFT, row << ROOT_SHIFT, 0
            if not hold_under(zones, used, number, quanta, near, counts, stack, target, putting):
                return False
    return True


@kernel
def put_zones(zones: ZoneArrays, used: Longs, first: int, last: int) -> int:
    """Put zones `first` to `last - 1` into the cells; the first not done because a pool is full, else `last`."""
    for number in range(first, last):
        if zones.shape[number] == CIRCLE:
            write_disc(zones.circle, number, zones.disc)
        if zones.shape[number] != FREE and not hold_zone(zones, used, number, True):
            hold_zone(zones, used, number, False)
            return number
    return last


@kernel
def take_zone(zones: ZoneArrays, used: Longs, number: int) -> None:
    """Take one zone out of the cells."""
    hold_zone(zones, used, number, False)
