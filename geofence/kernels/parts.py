"""The 64 parts of an outline's boundary cell: which are wholly inside, which are wholly outside, and which an edge comes near.

Only an eighth of a cell's width is near to an edge that goes through it, so most places of boundary cells are decided by one
look at two bits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import FAN, FAN_BITS, signed_bits
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.discs import RATIO
from geofence.kernels.outline_cells import MARGIN, quantum_is_inside
from geofence.kernels.pieces import (
    DOUBTED_PARTS,
    IN,
    INSIDE_PARTS,
    RATIO_AT,
    SURE,
    UNSURE,
    area_verdict,
    corridor_away,
    surely_out_of_reach,
)
from geofence.kernels.zone_arrays import ZoneArrays

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

_WORD_ROWS = 4  # of eight parts
_ROW = (1 << FAN) - 1


@inner_kernel
def parts_by_edges(quanta: Floats, near: Integers, u: int, south: float, north: float, step: int) -> int:
    """Bits of the parts, `step` quanta wide from `u` on, that edges come near between two latitudes."""
    bits = 0
    for place in range(len(near)):
        row = near[place]
        u1, v1, u2, v2 = quanta[row, 0], quanta[row, 1], quanta[row, 2], quanta[row, 3]
        if min(v1, v2) > north or max(v1, v2) < south:
            continue
        start, end = u1, u2
        if v1 != v2:
            start = u1 + (u2 - u1) * min(1.0, max(0.0, (south - v1) / (v2 - v1)))
            end = u1 + (u2 - u1) * min(1.0, max(0.0, (north - v1) / (v2 - v1)))
        first = max(0, math.floor((min(start, end) - MARGIN - u) / step))
        last = min(FAN - 1, math.floor((max(start, end) + MARGIN - u) / step))
        if first <= last:
            bits |= (2 << last) - (1 << first)
    return bits


@inner_kernel
def part_is_inside(zones: ZoneArrays, number: int, head: int, u: int, v: int) -> bool:
    """Whether a quantum of a part that no edge comes near is inside an area."""
    verdict = area_verdict(zones.pieces, head, u, v)
    if verdict != UNSURE:
        return verdict == IN
    return quantum_is_inside(zones.edges, zones.slab_first, zones.span, zones.slab, zones.box, number, u, v)


@inner_kernel
def write_row(pieces: Integers, head: int, row: int, inside: int, doubted: int) -> None:
    """Write the bits of the eight parts of a row, the rows below having been written."""
    word, at = row // _WORD_ROWS, FAN * (row % _WORD_ROWS)
    before_inside, before_doubted = 0, 0
    if at > 0:
        below = (1 << at) - 1
        before_inside = int(pieces[head + 1, INSIDE_PARTS + word]) & below
        before_doubted = int(pieces[head + 1, DOUBTED_PARTS + word]) & below
    pieces[head + 1, INSIDE_PARTS + word] = signed_bits(before_inside | (inside << at))
    pieces[head + 1, DOUBTED_PARTS + word] = signed_bits(before_doubted | (doubted << at))


@inner_kernel
def write_area_parts(
    zones: ZoneArrays, number: int, head: int, quanta: Floats, near: Integers, u: int, v: int, size: int
) -> None:
    """Write the parts of an area's piece that is complete otherwise.

    A part that no edge comes near is as its neighbour to the west or south, if no edge comes near that one either.
    """
    step = size >> FAN_BITS
    inside_below, known_below = 0, 0
    for row in range(FAN):
        south = v + row * step
        doubted = parts_by_edges(quanta, near, u, south - MARGIN, south + step + MARGIN, step)
        inside, known = 0, _ROW & ~doubted
        for column in range(FAN):
            bit = 1 << column
            if not known & bit:
                continue
            if known & (bit >> 1):
                is_inside = (inside & (bit >> 1)) != 0
            elif known_below & bit:
                is_inside = (inside_below & bit) != 0
            else:
                is_inside = part_is_inside(zones, number, head, u + column * step + step // 2, south + step // 2)
            inside |= bit if is_inside else 0
        write_row(zones.pieces, head, row, inside, doubted)
        inside_below, known_below = inside, known


@inner_kernel
def write_corridor_parts(pieces: Integers, head: int, size: int) -> None:
    """Write the parts of a corridor's piece that is complete otherwise; its reference is the cell's south-west corner."""
    step = size >> FAN_BITS
    ratio, sure = pieces[head + 2, RATIO_AT] / RATIO, int(pieces[head + 2, SURE])
    corner = step / 2 * math.sqrt(1.0 + ratio * ratio) + MARGIN
    within, beyond = max(0.0, sure - corner), surely_out_of_reach(sure) + corner
    for row in range(FAN):
        inside, doubted = 0, 0
        for column in range(FAN):
            away = corridor_away(pieces, head, column * step + step // 2, row * step + step // 2)
            if away < within * within:
                inside |= 1 << column
            elif away <= beyond * beyond:
                doubted |= 1 << column
        write_row(pieces, head, row, inside, doubted)


@inner_kernel
def parts_touched(pieces: Integers, head: int) -> int:
    """Which pairs of parts are inside the outline of a piece, or near to its edges."""
    bits = 0
    for word in range(2):
        parts = pieces[head + 1, INSIDE_PARTS + word] | pieces[head + 1, DOUBTED_PARTS + word]
        for pair in range(16):
            if (parts >> (2 * pair)) & 3:
                bits |= 1 << (16 * word + pair)
    return signed_bits(bits)
