"""Cutting outlines into slabs of latitude (see `outline`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel, making_kernel
from geofence.kernels.outline import slab_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]

_EDGES_PER_SLAB = 4
_MOST_COPIES = 4


@making_kernel
def slab_range(edge: Floats, margin_deg: float, south_deg: float, slabs_per_degree: float, count: int) -> tuple[int, int]:
    """First and last slab that an edge, widened by a margin, reaches."""
    low, high = min(edge[1], edge[3]) - margin_deg, max(edge[1], edge[3]) + margin_deg
    return slab_of(low, south_deg, slabs_per_degree, count), slab_of(high, south_deg, slabs_per_degree, count)


@making_kernel
def slab_density(south_deg: float, north_deg: float, count: int) -> float:
    """Slabs per degree for `count` slabs; 0 (one slab) where a zone has next to no height."""
    height = north_deg - south_deg
    return count / height if count > 1 and height > 1e-12 else 0.0


@making_kernel
def slab_count(edges: Floats, south_deg: float, north_deg: float, margin_deg: float) -> int:
    """How many slabs: about four edges each, fewer where edges are so tall that they would be copied too often."""
    count = max(1, len(edges) // _EDGES_PER_SLAB)
    while count > 1:
        density = slab_density(south_deg, north_deg, count)
        copies = 0
        for row in range(len(edges)):
            first, last = slab_range(edges[row], margin_deg, south_deg, density, count)
            copies += last - first + 1
        if copies <= _MOST_COPIES * len(edges):
            break
        count //= 2
    return count


@making_kernel
def cut_into_slabs(
    edges: Floats, count: int, south_deg: float, north_deg: float, margin_deg: float
) -> tuple[Integers, Floats, float]:
    """Offsets (count + 1,), edges slab by slab (copies, 4), slabs per degree."""
    density = slab_density(south_deg, north_deg, count)
    first_row = np.zeros(count + 1, dtype=np.int32)
    for row in range(len(edges)):
        first, last = slab_range(edges[row], margin_deg, south_deg, density, count)
        for slab in range(first, last + 1):
            first_row[slab + 1] += 1
    for slab in range(count):
        first_row[slab + 1] += first_row[slab]
    cut = np.empty((first_row[count], 4))
    written = first_row.copy()
    for row in range(len(edges)):
        first, last = slab_range(edges[row], margin_deg, south_deg, density, count)
        for slab in range(first, last + 1):
            cut[written[slab]] = edges[row]
            written[slab] += 1
    return first_row, cut, density


@kernel
def cut_outline(edges: Floats, south_deg: float, north_deg: float, margin_deg: float) -> tuple[Integers, Floats, float]:
    """`cut_into_slabs` into as many slabs as are worth it."""
    count = slab_count(edges, south_deg, north_deg, margin_deg)
    return cut_into_slabs(edges, count, south_deg, north_deg, margin_deg)
