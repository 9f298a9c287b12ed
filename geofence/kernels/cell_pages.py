"""Pages: from a crowded root cell straight to what its 64 by 64 cells two levels down lead to.

A page says again what the nodes say, so that a place in a city follows two slots and not four. An entry is the slot of a cell
that leads to a node and has nothing held above it below the root; 0 elsewhere, where the way from the root has to be gone. A
page whose root slot leads to it no more is free. Pages are made where the nodes they lead to take at least as much room.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    FAN_BITS,
    HELD,
    LEADS_TO,
    NODE,
    NODE_AT,
    NODE_SLOTS,
    PAGE,
    ROOT_SHIFT,
    ROUND,
    TAG,
    child_slot,
    root_slot,
)
from geofence.kernels.compiler import inlined, kernel, making_kernel
from geofence.kernels.outline_cells import quantum_box
from geofence.kernels.zone_arrays import ZoneArrays

Integers = NDArray[np.int32]
Flags = NDArray[np.bool_]

PAGE_LEVEL = 2
PAGE_FAN = 1 << (PAGE_LEVEL * FAN_BITS)
PAGE_SHIFT = ROOT_SHIFT - PAGE_LEVEL * FAN_BITS
_BLOCK_SHIFT = ROOT_SHIFT - FAN_BITS  # what is held by a cell of one level down decides about all cells in it
_LEAST_NODES = PAGE_FAN * PAGE_FAN // NODE_SLOTS // 2  # a node's slot takes twice the room of a page's


@inlined
def page_cell(u: int, v: int) -> int:
    """Index within a page of the cell that holds a quantum."""
    return ((v >> PAGE_SHIFT) & (PAGE_FAN - 1)) * PAGE_FAN + ((u >> PAGE_SHIFT) & (PAGE_FAN - 1))


@making_kernel
def slot_below(root: Integers, nodes: Integers, u: int, v: int) -> int:
    """What a page has for the cell that holds a quantum."""
    slot, shift = root[root_slot(u, v), LEADS_TO], ROOT_SHIFT
    for level in range(PAGE_LEVEL):
        if slot & TAG != NODE or (level > 0 and slot & HELD):
            return 0
        shift -= FAN_BITS
        slot = nodes[(slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift), LEADS_TO]
    return int(slot) if slot & TAG == NODE else 0


@making_kernel
def is_crowded(nodes: Integers, slot: int) -> bool:
    """Whether enough nodes lie two levels below a root slot that leads to one."""
    count = 0
    for above in range((slot >> NODE_AT) * NODE_SLOTS + 1, ((slot >> NODE_AT) + 1) * NODE_SLOTS):
        below = nodes[above, LEADS_TO]
        if below & TAG == NODE and not below & HELD:
            base = (below >> NODE_AT) * NODE_SLOTS
            for place in range(base + 1, base + NODE_SLOTS):
                count += nodes[place, LEADS_TO] & TAG == NODE
    return count >= _LEAST_NODES


@making_kernel
def write_page(zones: ZoneArrays, page: int, u: int, v: int, width: int, height: int) -> None:
    """Write a page's entries of the cells between quanta of one root cell."""
    for y in range(v, v + height, 1 << PAGE_SHIFT):
        for x in range(u, u + width, 1 << PAGE_SHIFT):
            zones.pages[page, page_cell(x, y)] = slot_below(zones.root, zones.nodes, x, y)


@making_kernel
def free_page(zones: ZoneArrays) -> int:
    """A page that no root slot leads to, or -1 if there is none."""
    for page in range(1, len(zones.pages)):
        at = zones.page_root[page]
        if at < 0 or zones.root[at, LEADS_TO] & TAG != NODE or zones.root[at, PAGE] != page:
            return page
    return -1


@making_kernel
def try_page(zones: ZoneArrays, u: int, v: int) -> bool:
    """Give the root cell of a quantum a page if it is crowded enough; False if there is none left."""
    at = root_slot(u, v)
    if not is_crowded(zones.nodes, zones.root[at, LEADS_TO]):
        return True
    page = free_page(zones)
    if page < 0:
        return False
    write_page(zones, page, u, v, 1 << ROOT_SHIFT, 1 << ROOT_SHIFT)
    zones.root[at, PAGE], zones.page_root[page] = page, at
    return True


@inlined
def stretch(low: float, high: float, start: int) -> tuple[int, int]:
    """Where the cells one level below a root cell, that begins at `start`, begin and end that hold quanta from low to high."""
    first = max(start, (int(low) >> _BLOCK_SHIFT) << _BLOCK_SHIFT)
    last = min(start + (1 << ROOT_SHIFT), ((int(high) >> _BLOCK_SHIFT) + 1) << _BLOCK_SHIFT)
    return first, last - first


@making_kernel
def renew_pages_of(zones: ZoneArrays, number: int, seen: Flags) -> bool:
    """`renew_pages` for one zone; root cells that were looked at are `seen`."""
    west, south, east, north = quantum_box(zones.box, number)
    first_column, last_column = int(west // (1 << ROOT_SHIFT)), int(east // (1 << ROOT_SHIFT))
    for row in range(int(south) >> ROOT_SHIFT, (int(north) >> ROOT_SHIFT) + 1):
        for column in range(first_column, last_column + 1):
            u, v = column << ROOT_SHIFT, row << ROOT_SHIFT
            at = root_slot(u, v)
            if zones.root[at, LEADS_TO] & TAG != NODE or seen[at]:
                continue
            page = zones.root[at, PAGE]
            if page != 0:
                x, width = stretch(west, east, u)
                y, height = stretch(south, north, v)
                write_page(zones, page, x & (ROUND - 1), y, width, height)
            elif not try_page(zones, u & (ROUND - 1), v):
                return False
            else:
                seen[at] = True
    return True


@kernel
def renew_pages(zones: ZoneArrays, numbers: NDArray[np.int64]) -> bool:
    """Make pages say what zones' cells lead to since they were put or taken; False, to be done again, if none is left."""
    seen = np.zeros(len(zones.root), dtype=np.bool_)
    for number in numbers:
        if not renew_pages_of(zones, number, seen):
            return False
    return True
