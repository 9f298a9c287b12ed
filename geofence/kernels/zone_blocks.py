"""Many places at once, in blocks that go through the same steps together.

A place alone waits for memory and for the outcome of each comparison. Over a block the waits overlap, and the loops are short
and have little for the processor to guess: find the slots that places lead to, list the entries of those whose part of the cell
is touched at all, decide circles and outlines one kind after the other, and write what covers, by place and then by zone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_pages import PAGE_SHIFT, page_cell
from geofence.kernels.cell_pools import COUNT
from geofence.kernels.cells import (
    AHEAD,
    DEEPEST,
    ENTRY_AT,
    FAN_BITS,
    HELD,
    LEADS_TO,
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
    TOUCHED,
    cell_of,
    child_slot,
    part_of,
    root_slot,
)
from geofence.kernels.compiler import making_kernel, prefetch
from geofence.kernels.containment import circle_covers, zone_covers
from geofence.kernels.discs import EAST_Q, HALF_ROUND, NORTH_Q, RATIO, RATIO_AT, SURE, short_way, surely_beyond
from geofence.kernels.pieces import IN, LINE_ROWS, OUT, ZONE, area_verdict, corridor_verdict, part_verdict
from geofence.kernels.zone_arrays import AREA, CIRCLE, CORRIDOR, ZoneArrays, on_earth

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

BLOCK = 512
PART_BITS = 2 * FAN_BITS
_PART = (1 << PART_BITS) - 1
# An index that is masked cannot be negative, and is not asked whether it is.
_INDEX = (1 << 30) - 1


class Block(NamedTuple):
    """Room for one block on its way."""

    u: Longs  # (BLOCK,) quantum east, less half a round
    v: Longs  # (BLOCK,) quantum north
    valid: Integers  # (BLOCK,) 1 where a place is on Earth
    start: Integers  # (BLOCK,) slot from which to go deeper
    touched: Integers  # (BLOCK,) what it touches if it leads to no node
    shift: Integers  # (BLOCK,) logarithm of the width of its cells' parts
    slot: Integers  # (DEEPEST + 1 of BLOCK,) what the slots lead to that have something for a place
    slot_place: Integers  # as many: place in the block, and its part of the cell in the lowest bits
    place: Integers  # (candidates,) the same for each candidate, by place
    entry: Integers  # (candidates,)
    zone: Integers  # (candidates,) zone number
    verdict: Integers  # (candidates,) OUT, IN or UNSURE
    circle: Integers  # (candidates,) rows of candidates that are circles
    row: Integers  # (candidates,) rows of candidates that are outlines and in doubt
    corridor: Integers  # (candidates,) those of them that are corridors


@making_kernel
def room_for_block(candidates: int) -> Block:
    """A block with room for so many candidates."""
    slots = (DEEPEST + 1) * BLOCK
    return Block(
        np.empty(BLOCK, dtype=np.int64),
        np.empty(BLOCK, dtype=np.int64),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(BLOCK, dtype=np.int32),
        np.empty(slots, dtype=np.int32),
        np.empty(slots, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
        np.empty(candidates, dtype=np.int32),
    )


@making_kernel
def locate(longitude_deg: Floats, latitude_deg: Floats, us: Longs, vs: Longs, valid: Integers) -> None:
    """Write the quanta of places; those of places that are nowhere make no sense but do no harm."""
    for place in range(len(longitude_deg)):
        x, y = longitude_deg[place], latitude_deg[place]
        is_valid = on_earth(x, y)
        valid[place] = is_valid
        u, v = cell_of(x if is_valid else 0.0, y if is_valid else 0.0)
        us[place], vs[place] = u - HALF_ROUND, v


@making_kernel
def find_starts(zones: ZoneArrays, block: Block, places: int) -> None:
    """Write what the root or a page has for places, and have fetched what it leads to."""
    root, nodes, pages = zones.root, zones.nodes, zones.pages
    us, vs, slots, touches, shifts = block.u, block.v, block.start, block.touched, block.shift
    for place in range(places):
        u, v = us[place], vs[place]
        at = root_slot(u + HALF_ROUND, v) & _INDEX
        slot, touched = root[at, LEADS_TO], root[at, TOUCHED]
        has_page = slot & (TAG | HELD) == NODE
        below = pages[(touched * has_page) & _INDEX, page_cell(u, v)]
        shift = PAGE_SHIFT - FAN_BITS if below else ROOT_SHIFT - FAN_BITS
        slot = below or slot
        slots[place], touches[place], shifts[place] = slot, touched, shift
        prefetch(nodes, ((slot >> NODE_AT) & _INDEX) * NODE_SLOTS + child_slot(u, v, shift))


@making_kernel
def find_slots(zones: ZoneArrays, block: Block, places: int) -> int:
    """Write the slots that have something for the part of the cell that a place is in; how many."""
    nodes, lists = zones.nodes, zones.lists
    us, vs, valid, slots, slot_places = block.u, block.v, block.valid, block.slot, block.slot_place
    starts, touches, shifts = block.start, block.touched, block.shift
    count = 0
    for place in range(places):
        u, v = us[place], vs[place]
        slot, touched, shift = starts[place], touches[place], shifts[place]
        part = part_of(u, v, shift)
        while slot & TAG == NODE:
            at = ((slot >> NODE_AT) & _INDEX) * NODE_SLOTS
            if slot & HELD:
                slots[count], slot_places[count] = nodes[at, LEADS_TO], (place << PART_BITS) | part
                count += (nodes[at, TOUCHED] >> (part >> 1)) & valid[place]
            at += 1 + part
            slot, touched = nodes[at, LEADS_TO], nodes[at, TOUCHED]
            shift -= FAN_BITS
            part = part_of(u, v, shift)
        slots[count], slot_places[count] = slot, (place << PART_BITS) | part
        prefetch(lists, slot >> LIST_AT)
        count += (touched >> (part >> 1)) & valid[place]
    return count


@making_kernel
def list_candidates(lists: Integers, block: Block, slot_count: int) -> int:
    """Write the entries of the slots found that touch the places' parts, by place; how many, or -1 if there is no room.

    Most slots have few entries, which are looked at without asking how many.
    """
    slots, slot_places, places, entries = block.slot, block.slot_place, block.place, block.entry
    count = 0
    for row in range(slot_count):
        slot, place = slots[row], slot_places[row]
        pair = (place & _PART) >> 1
        many, one = slot & TAG == LIST, slot & TAG == ONE
        first = ((slot >> LIST_AT) & _INDEX) * many + LIST_HEAD
        length = lists[first - LIST_HEAD, COUNT]
        if count + length + AHEAD + 2 > len(places):
            return -1
        places[count], entries[count] = place, slot >> ONE_AT
        count += one
        for ahead in range(AHEAD):
            places[count], entries[count] = place, lists[first + ahead, LEADS_TO]
            count += (lists[first + ahead, TOUCHED] >> pair) & 1
        for ahead in range(AHEAD, length):
            places[count], entries[count] = place, lists[first + ahead, LEADS_TO]
            count += (lists[first + ahead, TOUCHED] >> pair) & 1
    return count


@making_kernel
def tell_apart(zones: ZoneArrays, block: Block, count: int) -> tuple[int, int]:
    """Write which candidates are circles and which outlines, and have fetched what decides them; how many of each.

    The others are wholly inside.
    """
    disc, pieces = zones.disc, zones.pieces
    entries, numbers, verdicts, circles, outlines = block.entry, block.zone, block.verdict, block.circle, block.row
    circle_count = outline_count = 0
    for row in range(count):
        left, number = entries[row] & LEFT, entries[row] >> ENTRY_AT
        numbers[row], verdicts[row] = number, IN
        circles[circle_count] = outlines[outline_count] = row
        circle_count += left == CIRCLE
        outline_count += left >= AREA
        prefetch(disc, number * (left == CIRCLE))
        prefetch(pieces, number * (left >= AREA))
    return circle_count, outline_count


@making_kernel
def decide_circles(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block, count: int) -> None:
    """Decide circles; nothing waits for a comparison but next to a boundary."""
    disc, circle = zones.disc, zones.circle
    us, vs, places, numbers, verdicts, rows = block.u, block.v, block.place, block.zone, block.verdict, block.circle
    doubted = 0
    for index in range(count):
        row = rows[index] & _INDEX
        place, at = (places[row] >> PART_BITS) & _INDEX, numbers[row] & _INDEX
        ratio, sure = disc[at, RATIO_AT], int(disc[at, SURE])
        x = short_way(us[place] - disc[at, EAST_Q]) * (ratio / RATIO)
        y = float(vs[place] - disc[at, NORTH_Q])
        away, within, beyond = x * x + y * y, float(sure), float(surely_beyond(sure))
        inside = away < within * within
        outside = (away > beyond * beyond) & (ratio != 0)
        verdicts[row] = inside
        rows[doubted] = row
        doubted += not (inside | outside)
    for index in range(doubted):
        row = rows[index]
        place = places[row] >> PART_BITS
        verdicts[row] = circle_covers(circle, numbers[row], longitude_deg[place], latitude_deg[place])


@making_kernel
def decide_by_parts(pieces: Integers, block: Block, count: int) -> int:
    """Decide outlines by the parts of their cells; how many are in doubt then, with their rows."""
    places, numbers, verdicts, rows = block.place, block.zone, block.verdict, block.row
    doubted = 0
    for index in range(count):
        row = rows[index] & _INDEX
        head = numbers[row] & _INDEX
        verdicts[row] = part_verdict(pieces, head, places[row] & _PART)
        numbers[row] = pieces[head, ZONE]
        prefetch(pieces, head + LINE_ROWS)
        rows[doubted] = row
        doubted += verdicts[row] >> 1
    return doubted


@making_kernel
def decide_by_edges(pieces: Integers, block: Block, count: int) -> int:
    """Decide outlines by the edges near their cells, areas before corridors; how many are in doubt then, with their rows."""
    us, vs, places, entries, verdicts = block.u, block.v, block.place, block.entry, block.verdict
    rows, corridors = block.row, block.corridor
    others = corridor_count = doubted = 0
    for index in range(count):
        row = rows[index]
        is_corridor = entries[row] & LEFT == CORRIDOR
        corridors[corridor_count], rows[others] = row, row
        corridor_count += is_corridor
        others += not is_corridor
    for index in range(others):
        row = rows[index]
        place = places[row] >> PART_BITS
        if entries[row] & LEFT == AREA:
            verdicts[row] = area_verdict(pieces, (entries[row] >> ENTRY_AT) & _INDEX, us[place] + HALF_ROUND, vs[place])
        rows[doubted] = row
        doubted += verdicts[row] >> 1
    for index in range(corridor_count):
        row = corridors[index]
        place = places[row] >> PART_BITS
        verdicts[row] = corridor_verdict(pieces, (entries[row] >> ENTRY_AT) & _INDEX, us[place] + HALF_ROUND, vs[place])
        rows[doubted] = row
        doubted += verdicts[row] >> 1
    return doubted


@making_kernel
def find_candidates(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block) -> int:
    """Write what may cover at most `BLOCK` places to the block; how many, or -1 if it has no room."""
    locate(longitude_deg, latitude_deg, block.u, block.v, block.valid)
    find_starts(zones, block, len(longitude_deg))
    return list_candidates(zones.lists, block, find_slots(zones, block, len(longitude_deg)))


@making_kernel
def judge_candidates(zones: ZoneArrays, longitude_deg: Floats, latitude_deg: Floats, block: Block, count: int) -> None:
    """Decide all candidates."""
    circles, outlines = tell_apart(zones, block, count)
    decide_circles(zones, longitude_deg, latitude_deg, block, circles)
    doubted = decide_by_edges(zones.pieces, block, decide_by_parts(zones.pieces, block, outlines))
    for index in range(doubted):
        row = block.row[index]
        place = block.place[row] >> PART_BITS
        block.verdict[row] = IN if zone_covers(zones, block.zone[row], longitude_deg[place], latitude_deg[place]) else OUT


@making_kernel
def write_covering(block: Block, count: int, first: int, points: Longs, numbers: Integers) -> int:
    """Write the pairs of a block whose first place is `first`, by place and then zone; how many."""
    places, zones, verdicts = block.place, block.zone, block.verdict
    kept = 0
    for row in range(count):
        points[kept], numbers[kept] = first + (places[row] >> PART_BITS), zones[row]
        kept += verdicts[row]
    for row in range(1, kept):
        place, number, hole = points[row], numbers[row], row
        while hole > 0 and points[hole - 1] == place and numbers[hole - 1] > number:
            numbers[hole] = numbers[hole - 1]
            hole -= 1
        numbers[hole] = number
    return kept
