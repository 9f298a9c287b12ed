"""The multi-level grid: from a place to the few zones that may hold it.

The Earth is 2**32 quanta around and 2**31 from pole to pole. A root of 512 by 256 cells (0.7 degrees, some 80 km) is split
into 8 by 8, four levels deep (10 km, 1.2 km, 150 m, 20 m), wherever a zone has its cells. A zone is held by the largest
cells wholly inside it and by cells of one level along its boundary, so that the structure is a function of the set of zones
and not of the order they came in. After the adaptive cell trie of Kipf et al., "Adaptive Main-Memory Indexing for
High-Performance Point-Polygon Joins", EDBT 2020, but with entries kept at inner nodes too, which makes updates local.

A slot is two int32. The first leads to nothing; a node (whose slot 0 holds what covers all of its cells); one entry; or a list
of entries. An entry says what is left to be tested (`zone_arrays.INSIDE` and so on) and of what: the number of a zone that
holds the whole cell or is a circle, else the piece of an outline that lies in the cell (see `pieces`). The second says which
parts of the cell any of them touches, so that most places in no zone are done with once they have found their slot: the
64 parts of a cell are those that would be its cells one level deeper, and each bit stands for two of them, side by side.
A list says the same for each of its entries, and keeps them by zone. Root cells with much in them have a page, which leads
straight to what their 64 by 64 cells two levels down lead to (see `cell_pages`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inlined
from geofence.kernels.zone_arrays import AREA

Integers = NDArray[np.int32]

QUANTA_PER_DEGREE = 2.0**32 / 360.0
ROUND = 1 << 32
TOP = (1 << 31) - 1

ROOT_SHIFT = 23
ROOT_COLUMNS = 512
ROOT_ROWS = 256
FAN_BITS = 3
FAN = 8
NODE_SLOTS = 65
ENTRY_AT = 2  # an entry is the number of a zone or a piece shifted by this, and what is left to be tested
LEFT = 3
DEEPEST = 4

LEADS_TO, TOUCHED = 0, 1  # of a slot, and of an entry in a list
PAGE = 1  # of a root slot that leads to a node: its page, 0 for none
ALL_TOUCHED = -1
EMPTY, NODE, ONE, LIST = 0, 1, 2, 3
TAG = 3
HELD = 4  # set on a slot that leads to a node whose slot 0 is not empty
NODE_AT = 3
ONE_AT = 2
LIST_AT = 2

# Places in the pool's `used`: nodes, slots of lists, rows of pieces; heads of the chains of freed nodes, of freed lists by
# capacity, of freed pieces by edges.
NODES_USED, LISTS_USED, PIECES_USED, FREE_NODE, FREE_LIST = 0, 1, 2, 3, 4
CAPACITIES = 28
FREE_PIECE = FREE_LIST + CAPACITIES
MOST_PIECE_EDGES = 63
USED_SIZE = FREE_PIECE + MOST_PIECE_EDGES + 1
LIST_HEAD = 1  # row with the number of entries and the size class
AHEAD = 3  # lists have room for so many entries at least, and are read that far beyond their end too


@inlined
def quanta_east(longitude_deg: float) -> float:
    """Quanta east of the anti-meridian, not rounded down; monotone."""
    return (longitude_deg + 180.0) * QUANTA_PER_DEGREE


@inlined
def quanta_north(latitude_deg: float) -> float:
    """Quanta north of the south pole, not rounded down; monotone."""
    return (latitude_deg + 90.0) * QUANTA_PER_DEGREE


@inlined
def cell_of(longitude_deg: float, latitude_deg: float) -> tuple[int, int]:
    """The quantum east and north that holds a place; longitude within [-180, 180], latitude within [-90, 90]."""
    return int(quanta_east(longitude_deg)) & (ROUND - 1), min(int(quanta_north(latitude_deg)), TOP)


@inlined
def root_slot(u: int, v: int) -> int:
    """Index into `root` of the cell that holds a quantum."""
    return (v >> ROOT_SHIFT) * ROOT_COLUMNS + ((u >> ROOT_SHIFT) & (ROOT_COLUMNS - 1))


@inlined
def part_of(u: int, v: int, shift: int) -> int:
    """Which of the 64 parts, `1 << shift` quanta wide, of its cell holds a quantum."""
    return ((v >> shift) & (FAN - 1)) * FAN + ((u >> shift) & (FAN - 1))


@inlined
def child_slot(u: int, v: int, shift: int) -> int:
    """Index within a node of the cell `1 << shift` quanta wide that holds a quantum; 0 is the node's own."""
    return 1 + part_of(u, v, shift)


@inlined
def signed_bits(bits: int) -> int:
    """32 bits as the int32 that has them."""
    return bits - (1 << 32) if bits >= 1 << 31 else bits


@inlined
def zone_of(entry: int, pieces: Integers) -> int:
    """Number of the zone that an entry stands for."""
    return pieces[entry >> ENTRY_AT, 0] if entry & LEFT >= AREA else entry >> ENTRY_AT
