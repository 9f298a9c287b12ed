"""Many places at once, in blocks that go through the same steps together.

A place alone waits for memory and for the outcome of each comparison. Over a block the waits overlap, and the loops are short
and have little for the processor to guess. The answer is that of `zone_lookup.zones_at` for each place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    AHEAD,
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
from geofence.kernels.containment import zone_covers
from geofence.kernels.discs import EAST_Q, HALF_ROUND, NORTH_Q, RATIO, RATIO_AT, SURE, short_way, surely_beyond
from geofence.kernels.pieces import IN, OUT, UNSURE, ZONE, area_verdict, corridor_verdict
from geofence.kernels.zone_arrays import AREA, CIRCLE, CORRIDOR, INSIDE, ZoneArrays
from geofence.kernels.zone_lookup import on_earth

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

BLOCK = 512
KEY_SHIFT = 32
NUMBER = (1 << KEY_SHIFT) - 1
# An index that is masked cannot be negative, and is not asked whether it is.
_INDEX = (1 << 30) - 1


class Block(NamedTuple):
    """Room for one block on its way."""

    u: Longs  # (BLOCK,) quantum east
    v: Longs  # (BLOCK,) quantum north
    point: Integers  # (candidates,) place in the block
    entry: Integers  # (candidates,)
    area: Integers  # (candidates,) rows of candidates that are boundaries of areas
    other: Integers  # (candidates,) rows of candidates that are boundaries of corridors, and circles that are in doubt
    key: Longs  # (candidates,) what covers: place in the block times 2**32 plus zone number


@inner_kernel
def room_for_block(candidates: int) -> Block:
    """A block with room for so many candidates."""
    return Block(
        np.empty(BLOCK, dtype=np.int64),
        np.empty(BLOCK, dtype=np.int64),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int64),
    )


@inlined
def note_slot(points: Integers, entries: Integers, lists: Integers, slot: int, place: int, count: int) -> int:
    """Append the entries of a slot that is no node to the candidates; the new count, or -1 if there is no room.

    Most slots have few entries, which are copied without asking how many.
    """
    tag = slot & TAG
    many, one = tag == LIST, tag == ONE
    first = ((slot >> LIST_AT) & _INDEX) * many + LIST_HEAD
    length = lists[first - LIST_HEAD]
    if count + length + 2 * AHEAD > len(points):
        return -1
    for ahead in range(AHEAD):
        points[count + ahead] = place
        entries[count + ahead] = lists[first + ahead]
    entries[count + (0 if one else AHEAD)] = slot >> ONE_AT
    for ahead in range(AHEAD, length):
        points[count + ahead] = place
        entries[count + ahead] = lists[first + ahead]
    return int(count + length + one)


@inner_kernel
def candidates(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> int:
    """Write the candidates of the places, by place; how many, or -1 if there is no room."""
    root, nodes, lists = zones.root, zones.nodes, zones.lists
    us, vs, points, entries = block.u, block.v, block.point, block.entry
    count = 0
    for place in range(len(longitude_deg)):
        x, y = longitude_deg[place], latitude_deg[place]
        if not on_earth(x, y):
            continue
        u, v = cell_of(x, y)
        us[place], vs[place] = u, v
        slot = root[root_slot(u, v) & _INDEX]
        shift = ROOT_SHIFT
        while slot & TAG == NODE:
            base = ((slot >> NODE_AT) & _INDEX) * NODE_SLOTS
            if slot & HELD:
                count = note_slot(points, entries, lists, nodes[base], place, count & _INDEX)
                if count < 0:
                    return -1
            shift -= FAN_BITS
            slot = nodes[base + child_slot(u, v, shift)]
        count = note_slot(points, entries, lists, slot, place, count & _INDEX)
        if count < 0:
            return -1
    return count


@inner_kernel
def test_plainly(disc: Integers, block: Block, count: int) -> tuple[int, int, int]:
    """Write the candidates that are wholly inside, or circles that cover, to `block.key`.

    Returns how many, and how many areas and others there are to be decided.
    """
    us, vs, points, entries, keys = block.u, block.v, block.point, block.entry, block.key
    areas, others = block.area, block.other
    kept = area_count = other_count = 0
    for row in range(count):
        entry, place = entries[row], points[row]
        left = entry & LEFT
        is_circle = left == CIRCLE
        number = (entry >> ENTRY_AT) & _INDEX
        at = number * is_circle  # what is decided already does not wait for memory
        ratio, sure = disc[at, RATIO_AT], int(disc[at, SURE])
        x = short_way(us[place] - HALF_ROUND - disc[at, EAST_Q]) * (ratio / RATIO)
        y = float(vs[place] - disc[at, NORTH_Q])
        away, beyond = x * x + y * y, float(surely_beyond(sure))
        within = away < float(sure) * sure
        keys[kept] = (np.int64(place) << KEY_SHIFT) | number
        kept += (left == INSIDE) | (is_circle & within)
        areas[area_count] = row
        area_count += left == AREA
        others[other_count] = row
        other_count += (left == CORRIDOR) | (is_circle & (not within) & ((away <= beyond * beyond) | (ratio == 0)))
    return kept, area_count, other_count


@inner_kernel
def test_areas(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block, area_count: int, kept: int) -> int:
    """Append those candidates of `block.area` that cover to `block.key`; the new count."""
    us, vs, points, entries, keys, areas = block.u, block.v, block.point, block.entry, block.key, block.area
    pieces = zones.pieces
    for index in range(area_count):
        row = areas[index]
        place, head = points[row], (entries[row] >> ENTRY_AT) & _INDEX
        number = pieces[head, ZONE]
        verdict = area_verdict(pieces, head, us[place], vs[place])
        if verdict == UNSURE:
            verdict = IN if zone_covers(zones, number, longitude_deg[place], latitude_deg[place]) else OUT
        keys[kept] = (np.int64(place) << KEY_SHIFT) | number
        kept += verdict
    return kept


@inner_kernel
def test_others(
    zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block, other_count: int, kept: int
) -> int:
    """Append those candidates of `block.other` that cover to `block.key`; the new count."""
    us, vs, points, entries, keys, others = block.u, block.v, block.point, block.entry, block.key, block.other
    pieces = zones.pieces
    for index in range(other_count):
        row = others[index]
        place, number = points[row], (entries[row] >> ENTRY_AT) & _INDEX
        verdict = UNSURE
        if entries[row] & LEFT == CORRIDOR:
            verdict = corridor_verdict(pieces, number, us[place], vs[place])
            number = pieces[number, ZONE]
        if verdict == UNSURE:
            verdict = IN if zone_covers(zones, number, longitude_deg[place], latitude_deg[place]) else OUT
        keys[kept] = (np.int64(place) << KEY_SHIFT) | number
        kept += verdict
    return kept


@inner_kernel
def covering_keys(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> tuple[int, bool]:
    """Write the zones that cover at most `BLOCK` places to `block.key`; how many, or -1 if it has no room; whether by place."""
    count = candidates(zones, longitude_deg, latitude_deg, block)
    if count < 0:
        return -1, True
    plain, area_count, other_count = test_plainly(zones.disc, block, count)
    kept = test_areas(zones, longitude_deg, latitude_deg, block, area_count, plain) if area_count > 0 else plain
    if other_count > 0:
        kept = test_others(zones, longitude_deg, latitude_deg, block, other_count, kept)
    return kept, kept == plain
