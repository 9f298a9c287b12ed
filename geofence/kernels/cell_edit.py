"""Putting entries into the cells and taking them out, one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_pools import (
    COUNT,
    NOWHERE,
    SIZE_CLASS,
    give_back_list,
    give_back_node,
    list_room,
    take_list,
    take_node,
)
from geofence.kernels.cells import (
    DEEPEST,
    EMPTY,
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
    NODES_USED,
    ONE,
    ONE_AT,
    ROOT_SHIFT,
    TAG,
    TOUCHED,
    child_slot,
    root_slot,
    zone_of,
)
from geofence.kernels.compiler import inlined, making_kernel

Integers = NDArray[np.int32]
Counters = NDArray[np.int64]

NO_ROOM, ADDED, THERE_ALREADY = 0, 1, 2


@inlined
def stands_for(entry: int, pieces: Integers, number: int, left: int) -> bool:
    """Whether an entry is that of a zone, with `left` to be tested."""
    return (entry & LEFT) == left and zone_of(entry, pieces) == number


@making_kernel
def place_in_list(lists: Integers, pieces: Integers, start: int, number: int, left: int) -> int:
    """Where in `lists` a block has the entry of a zone; -1 if it has none."""
    for place in range(start + LIST_HEAD, start + LIST_HEAD + lists[start, COUNT]):
        if stands_for(lists[place, LEADS_TO], pieces, number, left):
            return int(place)
    return NOWHERE


@making_kernel
def larger_list(lists: Integers, used: Counters, start: int) -> int:
    """Start of the block of the next size that now has the entries of a full one, or -1 if the pool is full."""
    larger = take_list(lists, used, lists[start, SIZE_CLASS] + 1)
    if larger != NOWHERE:
        count = lists[start, COUNT]
        lists[larger, COUNT] = count
        for place in range(LIST_HEAD, LIST_HEAD + count):
            lists[larger + place] = lists[start + place]
        give_back_list(lists, used, start)
    return larger


@making_kernel
def insert_in_list(lists: Integers, pieces: Integers, used: Counters, start: int, entry: int, touched: int) -> int:
    """Start of the block that now has `entry` too, by zone, or -1 if the pool is full."""
    if lists[start, COUNT] == list_room(lists[start, SIZE_CLASS]):
        start = larger_list(lists, used, start)
        if start == NOWHERE:
            return NOWHERE
    hole, number = start + LIST_HEAD + lists[start, COUNT], zone_of(entry, pieces)
    while hole > start + LIST_HEAD and zone_of(lists[hole - 1, LEADS_TO], pieces) > number:
        lists[hole] = lists[hole - 1]
        hole -= 1
    lists[hole, LEADS_TO], lists[hole, TOUCHED] = entry, touched
    lists[start, COUNT] += 1
    return start


@making_kernel
def add_to_slot(
    holder: Integers, index: int, lists: Integers, pieces: Integers, used: Counters, entry: int, touched: int
) -> int:
    """Add an entry to a slot that is no node -> ADDED, THERE_ALREADY (a zone is held once) or NO_ROOM."""
    slot = holder[index, LEADS_TO]
    number, left = zone_of(entry, pieces), entry & LEFT
    if slot == EMPTY:
        holder[index, LEADS_TO], holder[index, TOUCHED] = (entry << ONE_AT) | ONE, touched
        return ADDED
    if slot & TAG == ONE:
        if stands_for(slot >> ONE_AT, pieces, number, left):
            return THERE_ALREADY
        start = take_list(lists, used, 0)
        if start == NOWHERE:
            return NO_ROOM
        lists[start, COUNT] = 1
        lists[start + LIST_HEAD, LEADS_TO], lists[start + LIST_HEAD, TOUCHED] = slot >> ONE_AT, holder[index, TOUCHED]
    else:
        start = slot >> LIST_AT
        if place_in_list(lists, pieces, start, number, left) != NOWHERE:
            return THERE_ALREADY
    start = insert_in_list(lists, pieces, used, start, entry, touched)
    if start == NOWHERE:
        return NO_ROOM
    holder[index, LEADS_TO] = (start << LIST_AT) | LIST
    holder[index, TOUCHED] |= touched
    return ADDED


@making_kernel
def delete_from_list(lists: Integers, start: int, place: int) -> int:
    """Take the entry at a place out of a block; what the others touch."""
    last = start + LIST_HEAD + lists[start, COUNT] - 1
    for later in range(place, last):
        lists[later] = lists[later + 1]
    lists[last] = 0
    lists[start, COUNT] -= 1
    touched = 0
    for other in range(start + LIST_HEAD, last):
        touched |= lists[other, TOUCHED]
    return touched


@making_kernel
def remove_from_slot(
    holder: Integers, index: int, lists: Integers, pieces: Integers, used: Counters, number: int, left: int
) -> int:
    """Take the entry of a zone out of a slot that is no node; the entry, or -1 if it is not there."""
    slot = holder[index, LEADS_TO]
    if slot & TAG == ONE and stands_for(slot >> ONE_AT, pieces, number, left):
        holder[index, LEADS_TO], holder[index, TOUCHED] = EMPTY, 0
        return int(slot >> ONE_AT)
    if slot & TAG != LIST:
        return NOWHERE
    start = slot >> LIST_AT
    place = place_in_list(lists, pieces, start, number, left)
    if place == NOWHERE:
        return NOWHERE
    entry = lists[place, LEADS_TO]
    holder[index, TOUCHED] = delete_from_list(lists, start, place)
    if lists[start, COUNT] == 1:
        holder[index, LEADS_TO] = (lists[start + LIST_HEAD, LEADS_TO] << ONE_AT) | ONE
        give_back_list(lists, used, start)
    return int(entry)


@making_kernel
def put_entry(
    root: Integers,
    nodes: Integers,
    lists: Integers,
    pieces: Integers,
    used: Counters,
    u: int,
    v: int,
    level: int,
    entry: int,
    touched: int,
) -> int:
    """Hold `entry`, which touches some parts, in the cell of `level` that has quantum (u, v).

    Returns ADDED, THERE_ALREADY, or NO_ROOM in a pool.
    """
    if (used[NODES_USED] + level) * NODE_SLOTS > len(nodes):
        return NO_ROOM
    holder, index, shift = root, root_slot(u, v), ROOT_SHIFT
    for _ in range(level):
        slot = holder[index, LEADS_TO]
        if slot & TAG != NODE:
            node = take_node(nodes, used)
            nodes[node * NODE_SLOTS, LEADS_TO], nodes[node * NODE_SLOTS, TOUCHED] = slot, holder[index, TOUCHED]
            slot = (node << NODE_AT) | (EMPTY if slot == EMPTY else HELD) | NODE
            holder[index, LEADS_TO], holder[index, TOUCHED] = slot, 0
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
    slot = holder[index, LEADS_TO]
    if slot & TAG == NODE:
        holder[index, LEADS_TO] = slot | HELD
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS
    return add_to_slot(holder, index, lists, pieces, used, entry, touched)


@making_kernel
def prune(root: Integers, nodes: Integers, used: Counters, path: Counters, level: int) -> None:
    """Replace nodes on a path by what they hold for all of their cells where no cell has anything any more."""
    for depth in range(level, 0, -1):
        base = (path[depth] // NODE_SLOTS) * NODE_SLOTS
        for place in range(base + 1, base + NODE_SLOTS):
            if nodes[place, LEADS_TO] != EMPTY:
                return
        holder = root if depth == 1 else nodes
        above = path[depth - 1]
        holder[above, LEADS_TO], holder[above, TOUCHED] = nodes[base, LEADS_TO], nodes[base, TOUCHED]
        give_back_node(nodes, used, base // NODE_SLOTS)


@making_kernel
def take_entry(
    root: Integers,
    nodes: Integers,
    lists: Integers,
    pieces: Integers,
    used: Counters,
    u: int,
    v: int,
    level: int,
    number: int,
    left: int,
) -> int:
    """Undo `put_entry` for a zone; the entry, or -1 if it is not there."""
    path = np.empty(DEEPEST + 1, dtype=np.int64)
    holder, index, shift = root, root_slot(u, v), ROOT_SHIFT
    path[0] = index
    for depth in range(level):
        slot = holder[index, LEADS_TO]
        if slot & TAG != NODE:
            return NOWHERE
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
        path[depth + 1] = index
    slot = holder[index, LEADS_TO]
    if slot & TAG == NODE:
        base = (slot >> NODE_AT) * NODE_SLOTS
        entry = remove_from_slot(nodes, base, lists, pieces, used, number, left)
        if nodes[base, LEADS_TO] == EMPTY:
            holder[index, LEADS_TO] = slot & ~HELD
        return entry
    entry = remove_from_slot(holder, index, lists, pieces, used, number, left)
    if holder[index, LEADS_TO] == EMPTY:
        prune(root, nodes, used, path, level)
    return entry
