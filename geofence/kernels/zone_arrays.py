"""The zone index as flat arrays that a kernel can be handed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import inlined

# Shape of a zone, and (1 to 3) what an entry of a cell asks to be tested; 0 in an entry: the cell is wholly inside.
FREE = 0
INSIDE = 0
CIRCLE = 1
AREA = 2
CORRIDOR = 3

# Columns of `circle`. A circle that is large or near a pole has scale 0 and is measured along the chord.
LONGITUDE = 0
LATITUDE = 1
EAST = 2  # to 4: metres per degree east and its slopes by latitude
NORTH = 5  # to 6: metres per degree north and its slope
REACH = 7  # radius of a circle, half-width of a corridor, in metres

# Columns of `span`.
FIRST_EDGE = 0
EDGE_COUNT = 1
FIRST_SLAB = 2
SLAB_COUNT = 3

FOREVER_US = np.iinfo(np.int64).max
SINCE_EVER_US = np.iinfo(np.int64).min


class ZoneArrays(NamedTuple):
    """Zones by number (the first axis where `n`), their edges and the cells that lead to them.

    Arrays are replaced when they have to grow, so take this anew from `ZoneIndex.arrays` after each change.
    """

    root: NDArray[np.int32]  # (512 * 256, 2) slots (see `cells`), row by row from the south-west
    nodes: NDArray[np.int32]  # (s, 2) 65 slots a node: what holds for all of it, then its 64 cells
    pages: NDArray[np.int32]  # (p, 4096) slots of cells two levels below a root cell (see `cell_pages`); the first has none
    page_root: NDArray[np.int32]  # (p,) root slot that has, or had, a page; -1 for none
    lists: NDArray[np.int32]  # (l, 2) blocks: number of entries and size class, then entries and what they touch
    pieces: NDArray[np.int32]  # (p, 4) per boundary cell of an outline a head and its edges there (see `pieces`)
    shape: NDArray[np.int8]  # (n,) FREE, CIRCLE, AREA or CORRIDOR
    box: NDArray[np.float64]  # (n, 4) west, south, east, north in degrees, west in [-180, 180), width included
    circle: NDArray[np.float64]  # (n, 8) columns above
    disc: NDArray[np.int32]  # (n, 4) of a circle, for quick decisions (see `discs`)
    span: NDArray[np.int32]  # (n, 4) columns above
    slab: NDArray[np.float64]  # (n, 2) south edge in degrees, slabs per degree
    slab_first: NDArray[np.int32]  # per zone SLAB_COUNT + 1 offsets from its FIRST_EDGE
    edges: NDArray[np.float64]  # (e, 4) longitude, latitude from and to in degrees, once for each slab they reach
    valid_us: NDArray[np.int64]  # (n, 2) from (inclusive), until (exclusive), microseconds since 1970
    schedule: NDArray[np.int32]  # (n,) row of `week`, -1 for always open
    week: NDArray[np.int64]  # (s, 4) first window, windows, first change of clock, changes of clock
    window_us: NDArray[np.int64]  # (w, 2) opening and closing, microseconds since Monday 00:00 local time
    clock_us: NDArray[np.int64]  # (c, 2) from when (UTC), local time minus UTC


class Scratch(NamedTuple):
    """Room for the answer about one place; reused from call to call, one per thread."""

    zones: NDArray[np.int32]  # (capacity,) zone numbers found
    distance_m: NDArray[np.float64]  # (capacity,) signed distance to each, where the call measures it
    seen: NDArray[np.bool_]  # (capacity,) all False between calls
    stack: NDArray[np.int64]  # (as deep as cells go, 3) cells still to be looked at: east, north, slot and size


@inlined
def on_earth(longitude_deg: float, latitude_deg: float) -> bool:
    """Whether a place is within range; not a number is not."""
    return abs(longitude_deg) <= 180.0 and abs(latitude_deg) <= 90.0
