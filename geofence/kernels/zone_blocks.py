"""Many places at once, in blocks that go through the same steps together.

A place alone waits for memory at each step: cell, list, zone. Step by step over a block the waits overlap, and the loops are
short enough that the processor does not guess wrong. The answer is that of `zone_lookup.zones_at` for each place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    ENTRY_AT,
    FAN_BITS,
    HELD,
    LEFT,
    LIST,
    LIST_AT,
    LIST_HEAD,
    NODE,
    NODE_AT,
    NODE_SLOTS,
    ONE,
    ONE_AT,
    ROOT_SHIFT,
    TAG,
    cell_of,
    child_slot,
    root_slot,
)
from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.containment import circle_covers, outline_covers
from geofence.kernels.zone_arrays import AREA, CIRCLE, EAST, INSIDE, LATITUDE, LONGITUDE, NORTH, REACH, ZoneArrays
from geofence.kernels.zone_lookup import on_earth

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

BLOCK = 512
KEY_SHIFT = 32
NUMBER = (1 << KEY_SHIFT) - 1


class Block(NamedTuple):
    """Room for one block on its way."""

    u: Longs  # (BLOCK,) quantum east
    v: Longs  # (BLOCK,) quantum north
    slot: Integers  # (BLOCK,) the slot reached; 0 when done
    active: Integers  # (BLOCK,) places in the block whose slot is a node
    point: Integers  # (candidates,) place in the block
    entry: Integers  # (candidates,)
    covers: NDArray[np.bool_]  # (candidates,)
    other: Integers  # (candidates,) rows of candidates that take longer to decide
    key: Longs  # (candidates,)
    spread: Longs  # (candidates,)


@inner_kernel
def room_for_block(candidates: int) -> Block:
    """A block with room for so many candidates."""
    return Block(
        np.empty(BLOCK, dtype=np.int64),
        np.empty(BLOCK, dtype=np.int64),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.bool_),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int64),
        np.empty(candidates, dtype=np.int64),
    )


@inner_kernel
def find_roots(root: Integers, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> int:
    """Take the places' root slots; how many of them are nodes."""
    count = 0
    for place in range(len(longitude_deg)):
        x, y = longitude_deg[place], latitude_deg[place]
        slot = np.int32(0)
        if on_earth(x, y):
            u, v = cell_of(x, y)
            block.u[place], block.v[place] = u, v
            slot = root[root_slot(u, v)]
        block.slot[place] = slot
        block.active[count] = place
        count += (slot & TAG) == NODE
    return count


@inner_kernel
def descend(nodes: Integers, block: Block, active: int, shift: int) -> int:
    """Go one level down from the nodes of the active places; how many are nodes again."""
    u, v, slots, actives = block.u, block.v, block.slot, block.active
    count = 0
    for row in range(active):
        place = actives[row]
        base = (slots[place] >> NODE_AT) * NODE_SLOTS
        slot = nodes[base + child_slot(u[place], v[place], shift)]
        slots[place] = slot
        actives[count] = place
        count += (slot & TAG) == NODE
    return count


@inlined
def note_slot(points: Integers, entries: Integers, lists: Integers, slot: int, place: int, count: int) -> int:
    """Append the entries of one slot to the candidates; the new count, or -1 if there is no room."""
    if slot & TAG == ONE:
        if count == len(points):
            return -1
        points[count] = place
        entries[count] = slot >> ONE_AT
        return count + 1
    if slot & TAG == LIST:
        start = (slot >> LIST_AT) + LIST_HEAD
        length = lists[start - LIST_HEAD]
        if count + length > len(points):
            return -1
        for index in range(length):
            points[count + index] = place
            entries[count + index] = lists[start + index]
        return int(count + length)
    return count


@inner_kernel
def note_slots(block: Block, lists: Integers, count: int, size: int) -> int:
    """Append the entries of the slots reached to the candidates, not by place; the new count, or -1 if there is no room."""
    slots, points, entries, actives, at, ends = block.slot, block.point, block.entry, block.active, block.u, block.v
    if count + size > len(points):
        return -1
    active = 0
    for place in range(size):
        slot = slots[place]
        tag = slot & TAG
        points[count], entries[count] = place, slot >> ONE_AT
        count += tag == ONE
        start = (slot >> LIST_AT) if tag == LIST else 0
        at[place] = start + LIST_HEAD
        ends[place] = start + LIST_HEAD + lists[start]
        actives[active] = place
        active += tag == LIST
    while active > 0:
        if count + active > len(points):
            return -1
        more = 0
        for row in range(active):
            place = actives[row]
            points[count + row], entries[count + row] = place, lists[at[place]]
            at[place] += 1
            actives[more] = place
            more += at[place] < ends[place]
        count += active
        active = more
    return count


@inner_kernel
def test_plainly(circle: Floats, longitude_deg: Floats, latitude_deg: Floats, block: Block, count: int) -> int:
    """Decide the candidates that are wholly inside or near circles; how many others there are, now in `block.other`."""
    points, entries, covers, others = block.point, block.entry, block.covers, block.other
    other_count = 0
    for row in range(count):
        entry, place = entries[row], points[row]
        left = entry & LEFT
        number = (entry >> ENTRY_AT) * (left == CIRCLE)  # what is decided already does not wait for memory
        east = longitude_deg[place] - circle[number, LONGITUDE]
        north = latitude_deg[place] - circle[number, LATITUDE]
        east_m = circle[number, EAST]
        x = east * (east_m + north * (circle[number, EAST + 1] + north * circle[number, EAST + 2]))
        y = north * (circle[number, NORTH] + north * circle[number, NORTH + 1])
        near = x * x + y * y <= circle[number, REACH] * circle[number, REACH]
        covers[row] = (left == INSIDE) | ((left == CIRCLE) & near)
        others[other_count] = row
        other_count += (left >= AREA) | ((left == CIRCLE) & ((east_m == 0.0) | (abs(east) > 180.0)))
    return other_count


@inner_kernel
def test_others(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block, other_count: int) -> None:
    """Decide the candidates in `block.other`: outlines, large circles, and circles seen across the anti-meridian."""
    points, entries, covers, others = block.point, block.entry, block.covers, block.other
    edges, slab_first, span, slab, box = zones.edges, zones.slab_first, zones.span, zones.slab, zones.box
    circle = zones.circle
    for index in range(other_count):
        row = others[index]
        entry, place = entries[row], points[row]
        number, left = entry >> ENTRY_AT, entry & LEFT
        x, y = longitude_deg[place], latitude_deg[place]
        if left == CIRCLE:
            covers[row] = circle_covers(circle, number, x, y)
        else:
            reach_m = 0.0 if left == AREA else circle[number, REACH]
            covers[row] = outline_covers(edges, slab_first, span, slab, box, number, reach_m, x, y)


@inner_kernel
def covered_keys(block: Block, count: int) -> int:
    """Write the covered candidates to `block.key` as place in the block times 2**32 plus zone number; how many."""
    points, entries, covers, keys = block.point, block.entry, block.covers, block.key
    kept = 0
    for row in range(count):
        keys[kept] = (np.int64(points[row]) << KEY_SHIFT) | (entries[row] >> ENTRY_AT)
        kept += covers[row]
    return kept


@inner_kernel
def sort_keys(block: Block, count: int, size: int) -> None:
    """Sort the keys: by counting those of each place, then among the few of a place."""
    keys, spread, ends = block.key, block.spread, block.u
    for place in range(size):
        ends[place] = 0
    for row in range(count):
        ends[keys[row] >> KEY_SHIFT] += 1
    total = np.int64(0)
    for place in range(size):
        total += ends[place]
        ends[place] = total - ends[place]
    for row in range(count):
        place = keys[row] >> KEY_SHIFT
        spread[ends[place]] = keys[row]
        ends[place] += 1
    for row in range(count):
        key, hole = spread[row], row
        while hole > 0 and keys[hole - 1] > key:
            keys[hole] = keys[hole - 1]
            hole -= 1
        keys[hole] = key


@inner_kernel
def note_held(nodes: Integers, lists: Integers, block: Block, active: int, count: int) -> int:
    """Append the entries that the nodes of the active places hold for all their cells; the new count, or -1."""
    slots, actives, points, entries = block.slot, block.active, block.point, block.entry
    for row in range(active):
        place = actives[row]
        slot = slots[place]
        if slot & HELD:
            count = note_slot(points, entries, lists, nodes[(slot >> NODE_AT) * NODE_SLOTS], place, count)
            if count < 0:
                return -1
    return count


@inner_kernel
def candidates(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> int:
    """Write the candidates of the places; how many, or -1 if there is no room."""
    active = find_roots(zones.root, longitude_deg, latitude_deg, block)
    shift = ROOT_SHIFT
    count = 0
    while active > 0:
        count = note_held(zones.nodes, zones.lists, block, active, count)
        if count < 0:
            return -1
        shift -= FAN_BITS
        active = descend(zones.nodes, block, active, shift)
    return note_slots(block, zones.lists, count, len(longitude_deg))


@inner_kernel
def covering_keys(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> tuple[Longs, bool]:
    """Keys (place * 2**32 + zone number, ascending) of the zones that cover the places; False if the block has no room.

    At most `BLOCK` places. The keys are good until the block is used again.
    """
    count = candidates(zones, longitude_deg, latitude_deg, block)
    if count < 0:
        return block.key[:0], False
    other_count = test_plainly(zones.circle, longitude_deg, latitude_deg, block, count)
    if other_count > 0:
        test_others(zones, longitude_deg, latitude_deg, block, other_count)
    kept = covered_keys(block, count)
    sort_keys(block, kept, len(longitude_deg))
    return block.key[:kept], True
