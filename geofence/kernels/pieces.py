"""Outlines cell by cell: the few edges that come near a boundary cell decide nearly all of its places.

A piece is a head of three rows and a row for each edge. The head's first row holds the zone, twice the number of edges plus
whether the reference is inside an area, and the reference: a place of the cell, in whole quanta (east less 2**31, north). The
second says which of the cell's 64 parts are wholly inside, and which an edge comes near, 32 bits a word (see `parts`); in these
the edges decide. They are quanta east and north of the reference, of both ends. In an area a place is as the reference is, but
for the edges that the way between them crosses. In a corridor the nearest edge decides; the third row holds how many quanta
north a quantum east is long (times 2**24), and the distance within which places are surely covered.

What is so near to an edge, or whose way is so near to a corner, that the rounding to quanta might matter is left to the
outline's own edges (`containment.zone_covers`), and so are pieces without edges: those of zones that are too wide, too near to
a pole, or have too many edges in a cell.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import FREE_PIECE, PIECES_USED, QUANTA_PER_DEGREE
from geofence.kernels.compiler import inlined, making_kernel
from geofence.kernels.discs import HALF_ROUND, RATIO, ROUND_MASK, short_way
from geofence.kernels.metres import LEAST_DEGREE_M, POLEWARD_DEG, scale_at

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]

OUT, IN, UNSURE = 0, 1, 2
HEAD_ROWS = 3
LINE_ROWS = 4  # a cache line: pieces begin at one, so that head and first edge are read at once
ZONE, EDGES, REFERENCE_U, REFERENCE_V = 0, 1, 2, 3  # of the first row
INSIDE_PARTS, DOUBTED_PARTS = 0, 2  # of the second row, two words each
DOUBT = 0  # of an area's third row: logarithm of the cross product below which rounding may matter
RATIO_AT, SURE = 0, 1  # of a corridor's third row
_NOWHERE = -1
_ROUNDING_Q = 3.0
_BAND = 64  # the band between surely within and surely beyond a corridor's reach is this share of it
_MOST_REACH_M = 5000.0


@making_kernel
def take_piece(pieces: Integers, used: Longs, number: int, edges: int) -> int:
    """Head row of a piece with room for so many edges, or -1 if the pool is full."""
    head = used[FREE_PIECE + edges]
    if head != _NOWHERE:
        used[FREE_PIECE + edges] = pieces[head, EDGES]
    else:
        head, rows = used[PIECES_USED], -(-(HEAD_ROWS + edges) // LINE_ROWS) * LINE_ROWS
        if head + rows > len(pieces):
            return _NOWHERE
        used[PIECES_USED] = head + rows
    pieces[head, ZONE], pieces[head, EDGES] = number, 2 * edges
    pieces[head, REFERENCE_U], pieces[head, REFERENCE_V] = 0, 0
    for word in range(2):
        pieces[head + 1, INSIDE_PARTS + word], pieces[head + 1, DOUBTED_PARTS + word] = 0, -1
    pieces[head + 2] = 0
    return int(head)


@making_kernel
def give_back_piece(pieces: Integers, used: Longs, head: int) -> None:
    """Chain a piece to the free ones of its size."""
    edges = pieces[head, EDGES] >> 1
    pieces[head, EDGES] = used[FREE_PIECE + edges]
    used[FREE_PIECE + edges] = head


@making_kernel
def write_edges(pieces: Integers, head: int, quanta: Floats, near: Integers, u: int, v: int) -> None:
    """Write the edges `near` of an outline in quanta to a piece that has room for them; its reference is quantum (u, v)."""
    pieces[head, REFERENCE_U], pieces[head, REFERENCE_V] = (u & ROUND_MASK) - HALF_ROUND, v
    for place in range(len(near)):
        for end in range(0, 4, 2):
            pieces[head + HEAD_ROWS + place, end] = short_way(math.floor(quanta[near[place], end]) - u)
            pieces[head + HEAD_ROWS + place, end + 1] = math.floor(quanta[near[place], end + 1]) - v


@inlined
def cross(ax: int, ay: int, bx: int, by: int) -> int:
    """Twice the signed area between two vectors."""
    return ax * by - ay * bx


@making_kernel
def is_clear(pieces: Integers, head: int) -> bool:
    """Whether the side of each edge's line that the reference is on is beyond doubt."""
    doubt = 1 << pieces[head + 2, DOUBT]
    for row in range(head + HEAD_ROWS, head + HEAD_ROWS + (pieces[head, EDGES] >> 1)):
        ax, ay, bx, by = int(pieces[row, 0]), int(pieces[row, 1]), int(pieces[row, 2]), int(pieces[row, 3])
        if abs(cross(ax, ay, bx, by)) <= doubt:
            return False
    return True


@making_kernel
def doubt_bits(pieces: Integers, head: int, size: int) -> int:
    """Logarithm of the largest change of a cross product that rounding to quanta can make in a piece.

    Vectors between the reference, a place of the cell and an end of an edge are off by less than a quantum either way, their
    product so by less than the sum of their four parts and two.
    """
    longest = 0
    for row in range(head + HEAD_ROWS, head + HEAD_ROWS + (pieces[head, EDGES] >> 1)):
        for part in range(4):
            longest = max(longest, abs(int(pieces[row, part])))
    most, bits = 4 * (longest + size) + 2, 0
    while 1 << bits < most:
        bits += 1
    return bits


@making_kernel
def write_area(pieces: Integers, head: int, quanta: Floats, near: Integers, u: int, v: int, size: int) -> tuple[int, int]:
    """Complete an area's piece but for whether its reference, the quantum returned, is inside; (0, -1) if none will do."""
    for place in range(5):
        at_u, at_v = reference_place(u, v, size, place)
        if at_v < HALF_ROUND:
            write_edges(pieces, head, quanta, near, at_u, at_v)
            pieces[head + 2, DOUBT] = doubt_bits(pieces, head, size)
            if is_clear(pieces, head):
                return at_u, at_v
    return 0, -1


@inlined
def reference_place(u: int, v: int, size: int, place: int) -> tuple[int, int]:
    """The quantum of a cell's corner 0 to 3, or of its middle, 4."""
    if place == 4:
        return u + size // 2, v + size // 2
    return u + (place & 1) * size, v + (place >> 1) * size


@making_kernel
def write_corridor(
    pieces: Integers, head: int, quanta: Floats, near: Integers, u: int, v: int, size: int, reach_m: float
) -> bool:
    """Complete a corridor's piece; False if its distances cannot be decided in quanta."""
    latitude_deg = (v + size / 2) / QUANTA_PER_DEGREE - 90.0
    if abs(latitude_deg) > POLEWARD_DEG or reach_m > _MOST_REACH_M:
        return False
    scale = scale_at(latitude_deg)
    around = (size / 2 / QUANTA_PER_DEGREE + 1.01 * reach_m / LEAST_DEGREE_M) * math.pi / 180.0
    error = 1.1 * around * (math.tan(abs(latitude_deg) * math.pi / 180.0) + 0.03) + around * around + 1e-5
    radius = reach_m / scale[3] * QUANTA_PER_DEGREE
    sure = int(max(0.0, radius * (1.0 - error) - _ROUNDING_Q))
    if radius * (1.0 + error) + _ROUNDING_Q > surely_out_of_reach(sure):
        return False
    write_edges(pieces, head, quanta, near, u, v)
    pieces[head + 2, RATIO_AT], pieces[head + 2, SURE] = int(scale[0] / scale[3] * RATIO), sure
    return True


@inlined
def surely_out_of_reach(sure: int) -> int:
    """Quanta beyond which no place is in a corridor, given those within which all are."""
    return sure + sure // _BAND + 16


@inlined
def area_verdict(pieces: Integers, head: int, u: int, v: int) -> int:
    """Whether the places of a quantum are out of an area, in it, or undecided; the quantum lies in the piece's cell."""
    edges = int(pieces[head, EDGES])
    x, y = short_way(u - HALF_ROUND - pieces[head, REFERENCE_U]), v - pieces[head, REFERENCE_V]
    doubt = 1 << pieces[head + 2, DOUBT]
    inside, sure = edges & 1, edges > 1
    for row in range(head + HEAD_ROWS, head + HEAD_ROWS + (edges >> 1)):
        ax, ay, bx, by = int(pieces[row, 0]), int(pieces[row, 1]), int(pieces[row, 2]), int(pieces[row, 3])
        there = cross(ax, ay, bx, by)
        a_side, b_side = cross(x, y, ax, ay), cross(x, y, bx, by)
        here = there + a_side - b_side
        sure = sure & (abs(here) > doubt) & (abs(a_side) > doubt) & (abs(b_side) > doubt)
        inside = inside ^ (((here ^ there) < 0) & ((a_side ^ b_side) < 0))
    return inside if sure else UNSURE


@inlined
def corridor_away(pieces: Integers, head: int, x: int, y: int) -> float:
    """Square of the quanta from a place, given in quanta from the reference, to the nearest edge of a corridor's piece."""
    ratio = pieces[head + 2, RATIO_AT] / RATIO
    least = math.inf
    for row in range(head + HEAD_ROWS, head + HEAD_ROWS + (pieces[head, EDGES] >> 1)):
        ax, ay = ratio * (pieces[row, 0] - x), float(pieces[row, 1] - y)
        along_x, along_y = ratio * (pieces[row, 2] - x) - ax, float(pieces[row, 3] - y) - ay
        share = -(ax * along_x + ay * along_y) / (along_x * along_x + along_y * along_y + 1e-9)
        share = min(1.0, max(0.0, share))
        from_x, from_y = ax + share * along_x, ay + share * along_y
        least = min(least, from_x * from_x + from_y * from_y)
    return least


@inlined
def corridor_verdict(pieces: Integers, head: int, u: int, v: int) -> int:
    """Whether the places of a quantum are out of a corridor, in it, or undecided; the quantum lies in the piece's cell."""
    if pieces[head, EDGES] < 2:
        return UNSURE
    away = corridor_away(pieces, head, short_way(u - HALF_ROUND - pieces[head, REFERENCE_U]), v - pieces[head, REFERENCE_V])
    sure = int(pieces[head + 2, SURE])
    beyond = surely_out_of_reach(sure)
    return IN if away < float(sure) * sure else (OUT if away > float(beyond) * beyond else UNSURE)


@inlined
def part_verdict(pieces: Integers, head: int, part: int) -> int:
    """Whether all places of a part of the piece's cell are out of the outline, in it, or differ."""
    word, bit = part >> 5, part & 31
    inside, doubted = pieces[head + 1, INSIDE_PARTS + word] >> bit, pieces[head + 1, DOUBTED_PARTS + word] >> bit
    return int((inside & IN) | ((doubted & 1) << 1))
