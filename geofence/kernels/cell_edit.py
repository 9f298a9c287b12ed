"""Putting entries into the cells and taking them out, one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cell_pools import NOWHERE, give_back_list, give_back_node, take_list, take_node
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
from geofence.kernels.compiler import inlined, inner_kernel

Integers = NDArray[np.int32]
Counters = NDArray[np.int64]

NO_ROOM, ADDED, THERE_ALREADY = 0, 1, 2


@inlined
def stands_for(entry: int, pieces: Integers, number: int, left: int) -> bool:
    """Whether an entry is that of a zone, with `left` to be tested."""
    return (entry & LEFT) == left and zone_of(entry, pieces) == number


@inner_kernel
def place_in_list(lists: Integers, pieces: Integers, start: int, number: int, left: int) -> int:
    """Where in `lists` a block has the entry of a zone; -1 if it has none."""
    for place in range(start + LIST_HEAD, start + LIST_HEAD + lists[start]):
        if stands_for(lists[place], pieces, number, left):
            return int(place)
    return NOWHERE


@inner_kernel
def append_to_list(lists: Integers, used: Counters, start: int, entry: int) -> int:
    """Start of the block that now has `entry` too, or -1 if the pool is full."""
    count, size_class = lists[start], lists[start + 1]
    if count == 2 << size_class:
        larger = take_list(lists, used, size_class + 1)
        if larger == NOWHERE:
            return NOWHERE
        for place in range(count):
            lists[larger + LIST_HEAD + place] = lists[start + LIST_HEAD + place]
        give_back_list(lists, used, start)
        start = larger
    lists[start + LIST_HEAD + count] = entry
    lists[start] = count + 1
    return start


@inner_kernel
def add_to_slot(holder: Integers, index: int, lists: Integers, pieces: Integers, used: Counters, entry: int) -> int:
    """Add an entry to a slot that is no node -> ADDED, THERE_ALREADY (a zone is held once) or NO_ROOM."""
    slot = holder[index, LEADS_TO]
    number, left = zone_of(entry, pieces), entry & LEFT
    if slot == EMPTY:
        holder[index, LEADS_TO] = (entry << ONE_AT) | ONE
        return ADDED
    if slot & TAG == ONE:
        if stands_for(slot >> ONE_AT, pieces, number, left):
            return THERE_ALREADY
        start = take_list(lists, used, 0)
        if start == NOWHERE:
            return NO_ROOM
        lists[start] = 1
        lists[start + LIST_HEAD] = slot >> ONE_AT
    else:
        start = slot >> LIST_AT
        if place_in_list(lists, pieces, start, number, left) != NOWHERE:
            return THERE_ALREADY
    start = append_to_list(lists, used, start, entry)
    if start == NOWHERE:
        return NO_ROOM
    holder[index, LEADS_TO] = (start << LIST_AT) | LIST
    return ADDED


@inner_kernel
def remove_from_slot(
    holder: Integers, index: int, lists: Integers, pieces: Integers, used: Counters, number: int, left: int
) -> int:
    """Take the entry of a zone out of a slot that is no node; the entry, or -1 if it is not there."""
    slot = holder[index, LEADS_TO]
    if slot & TAG == ONE and stands_for(slot >> ONE_AT, pieces, number, left):
        holder[index, LEADS_TO] = EMPTY
        return int(slot >> ONE_AT)
    if slot & TAG != LIST:
        return NOWHERE
    start = slot >> LIST_AT
    place = place_in_list(lists, pieces, start, number, left)
    if place == NOWHERE:
        return NOWHERE
    entry = lists[place]
    lists[place] = lists[start + LIST_HEAD + lists[start] - 1]
    lists[start] -= 1
    if lists[start] == 1:
        holder[index, LEADS_TO] = (lists[start + LIST_HEAD] << ONE_AT) | ONE
        give_back_list(lists, used, start)
    return int(entry)


@inner_kernel
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
    done = add_to_slot(holder, index, lists, pieces, used, entry)
    if done == ADDED:
        holder[index, TOUCHED] |= touched
    return done


@inner_kernel
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


@inner_kernel
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
    """Undo `put_entry` for a zone, but for what is touched; the entry, or -1 if it is not there."""
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


@inner_kernel
def slot_of(root: Integers, nodes: Integers, u: int, v: int, level: int) -> tuple[Integers, int]:
    """Array and row (-1: none) of the slot that holds the entries of the cell of `level` with quantum (u, v)."""
    holder, index, shift = root, root_slot(u, v), ROOT_SHIFT
    for _ in range(level):
        slot = holder[index, LEADS_TO]
        if slot & TAG != NODE:
            return holder, NOWHERE
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
    slot = holder[index, LEADS_TO]
    if slot & TAG == NODE:
        return nodes, (slot >> NODE_AT) * NODE_SLOTS
    return holder, index
