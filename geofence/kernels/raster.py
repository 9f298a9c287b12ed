"""Which cells a zone is held by: wholly inside ones as large as can be, boundary ones of one level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_edit import ADDED, NO_ROOM, put_entry, take_entry
from geofence.kernels.cells import (
    ALL_TOUCHED,
    DEEPEST,
    ENTRY_AT,
    FAN,
    FAN_BITS,
    LEFT,
    MOST_PIECE_EDGES,
    ROOT_SHIFT,
)
from geofence.kernels.circle_cells import BOUNDARY, OUTSIDE, WITHIN, circle_in_cell, circle_level, circle_touched
from geofence.kernels.compiler import inlined, kernel, making_kernel
from geofence.kernels.discs import write_disc
from geofence.kernels.outline_cells import (
    any_capsule_holds_cell,
    corridor_margin_deg,
    distinct_edges,
    edges_near_cell,
    outline_level,
    padding_quanta,
    quantum_box,
    quantum_is_inside,
)
from geofence.kernels.parts import parts_touched, write_area_parts, write_corridor_parts
from geofence.kernels.pieces import EDGES, give_back_piece, reference_place, take_piece, write_area, write_corridor
from geofence.kernels.zone_arrays import AREA, CIRCLE, CORRIDOR, EAST, EDGE_COUNT, FREE, INSIDE, NORTH, REACH, ZoneArrays

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]

_WIDEST_DEG = 90.0  # wider outlines have no quick pieces, as quanta east are compared the short way round


@making_kernel
def entry_touched(zones: ZoneArrays, entry: int, u: int, v: int, size: int) -> int:
    """Which pairs of parts of its cell an entry touches."""
    left = entry & LEFT
    if left == INSIDE:
        return ALL_TOUCHED
    if left == CIRCLE:
        return circle_touched(zones.circle, entry >> ENTRY_AT, u, v, size)
    return parts_touched(zones.pieces, entry >> ENTRY_AT)


@making_kernel
def put_held(zones: ZoneArrays, used: Longs, u: int, v: int, level: int, entry: int) -> bool:
    """Put an entry into a cell; False if there is no room."""
    touched = entry_touched(zones, entry, u, v, 1 << (ROOT_SHIFT - FAN_BITS * level))
    done = put_entry(zones.root, zones.nodes, zones.lists, zones.pieces, used, u, v, level, entry, touched)
    if done != ADDED and entry & LEFT >= AREA:
        give_back_piece(zones.pieces, used, entry >> ENTRY_AT)
    return done != NO_ROOM


@making_kernel
def take_held(zones: ZoneArrays, used: Longs, u: int, v: int, level: int, number: int, left: int) -> None:
    """Take the entry of a zone out of a cell, and its piece out of the pool."""
    entry = take_entry(zones.root, zones.nodes, zones.lists, zones.pieces, used, u, v, level, number, left)
    if entry >= 0 and left >= AREA:
        give_back_piece(zones.pieces, used, entry >> ENTRY_AT)


@making_kernel
def make_piece(zones: ZoneArrays, used: Longs, number: int, quanta: Floats, near: Integers, u: int, v: int, size: int) -> int:
    """Head of the piece of an outline in a boundary cell that has the edges `near` near it; -1 if there is no room."""
    pieces, box = zones.pieces, zones.box
    edges = len(near) if len(near) <= MOST_PIECE_EDGES and box[number, 2] - box[number, 0] <= _WIDEST_DEG else 0
    head = take_piece(pieces, used, number, edges)
    if head < 0 or edges == 0:
        return head
    if zones.shape[number] == CORRIDOR:
        if write_corridor(pieces, head, quanta, near, u, v, size, zones.circle[number, REACH]):
            write_corridor_parts(pieces, head, size)
            return head
    else:
        at_u, at_v = write_area(pieces, head, quanta, near, u, v, size)
        if at_v >= 0:
            if quantum_is_inside(zones.edges, zones.slab_first, zones.span, zones.slab, box, number, at_u, at_v):
                pieces[head, EDGES] |= 1
            write_area_parts(zones, number, head, quanta, near, u, v, size)
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


@making_kernel
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
            verdict = circle_in_cell(circle, number, u, v, size, size)
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


@making_kernel
def hold_zone(zones: ZoneArrays, used: Longs, number: int, putting: bool) -> bool:
    """Put a zone into its cells or take it out of them; False, to be done again, if there is no room."""
    reach_m = zones.circle[number, REACH]
    margin_deg = corridor_margin_deg(reach_m)
    quanta = np.empty((zones.span[number, EDGE_COUNT], 4))
    count = distinct_edges(zones.edges, zones.slab_first, zones.span, zones.slab, number, margin_deg, quanta)
    _, pad_v = padding_quanta(zones.box, number, margin_deg)
    west, south, east, north = quantum_box(zones.box, number)
    if zones.shape[number] == CIRCLE:
        target = circle_level(reach_m, east - west, north - south)
    else:
        target = outline_level(quanta, count, pad_v)
    # The edges near a cell of level n are row n + 1: no other cell of its level is looked at before those within it are done.
    near = np.empty((DEEPEST + 2, count), dtype=np.int32)
    counts = np.zeros(DEEPEST + 2, dtype=np.int32)
    counts[0] = count
    for row in range(count):
        near[0, row] = row
    stack = np.empty((FAN * FAN * DEEPEST + 1, 3), dtype=np.int64)
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
