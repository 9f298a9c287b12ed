"""Putting entries into the cells and taking them out, one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    AHEAD,
    DEEPEST,
    EMPTY,
    FAN_BITS,
    FREE_LIST,
    FREE_NODE,
    HELD,
    LEFT,
    LIST,
    LIST_AT,
    LIST_HEAD,
    LISTS_USED,
    NODE,
    NODE_AT,
    NODE_SLOTS,
    NODES_USED,
    ONE,
    ONE_AT,
    ROOT_SHIFT,
    TAG,
    child_slot,
    root_slot,
    zone_of,
)
from geofence.kernels.compiler import inlined, inner_kernel

Integers = NDArray[np.int32]
Pieces = NDArray[np.int32]
Counters = NDArray[np.int64]

_NOWHERE = -1
NO_ROOM, ADDED, THERE_ALREADY = 0, 1, 2


@inner_kernel
def take_node(nodes: Integers, used: Counters) -> int:
    """Number of a node that is free and empty; there must be room."""
    node = used[FREE_NODE]
    if node == _NOWHERE:
        node = used[NODES_USED]
        used[NODES_USED] += 1
    else:
        used[FREE_NODE] = nodes[node * NODE_SLOTS]
    nodes[node * NODE_SLOTS : (node + 1) * NODE_SLOTS] = EMPTY
    return int(node)


@inner_kernel
def give_back_node(nodes: Integers, used: Counters, node: int) -> None:
    """Chain a node to the free ones."""
    nodes[node * NODE_SLOTS] = used[FREE_NODE]
    used[FREE_NODE] = node


@inner_kernel
def take_list(lists: Integers, used: Counters, size_class: int) -> int:
    """Start of a free block with room for `2 << size_class` entries, or -1 if the pool is full."""
    start = used[FREE_LIST + size_class]
    if start != _NOWHERE:
        used[FREE_LIST + size_class] = lists[start]
    else:
        start = used[LISTS_USED]
        size = LIST_HEAD + (2 << size_class)
        if start + size + AHEAD > len(lists):
            return _NOWHERE
        used[LISTS_USED] = start + size
    lists[start] = 0
    lists[start + 1] = size_class
    return int(start)


@inner_kernel
def give_back_list(lists: Integers, used: Counters, start: int) -> None:
    """Chain a block to the free ones of its size."""
    size_class = lists[start + 1]
    lists[start] = used[FREE_LIST + size_class]
    used[FREE_LIST + size_class] = start


@inlined
def stands_for(entry: int, pieces: Pieces, number: int, left: int) -> bool:
    """Whether an entry is that of a zone, with `left` to be tested."""
    return (entry & LEFT) == left and zone_of(entry, pieces) == number


@inner_kernel
def place_in_list(lists: Integers, pieces: Pieces, start: int, number: int, left: int) -> int:
    """Where in `lists` a block has the entry of a zone; -1 if it has none."""
    for place in range(start + LIST_HEAD, start + LIST_HEAD + lists[start]):
        if stands_for(lists[place], pieces, number, left):
            return int(place)
    return _NOWHERE


@inner_kernel
def append_to_list(lists: Integers, used: Counters, start: int, entry: int) -> int:
    """Start of the block that now has `entry` too, or -1 if the pool is full."""
    count, size_class = lists[start], lists[start + 1]
    if count == 2 << size_class:
        larger = take_list(lists, used, size_class + 1)
        if larger == _NOWHERE:
            return _NOWHERE
        for place in range(count):
            lists[larger + LIST_HEAD + place] = lists[start + LIST_HEAD + place]
        give_back_list(lists, used, start)
        start = larger
    lists[start + LIST_HEAD + count] = entry
    lists[start] = count + 1
    return start


@inner_kernel
def add_to_slot(holder: Integers, index: int, lists: Integers, pieces: Pieces, used: Counters, entry: int) -> int:
    """Add an entry to a slot that is no node -> ADDED, THERE_ALREADY (a zone is held once) or NO_ROOM."""
    slot = holder[index]
    number, left = zone_of(entry, pieces), entry & LEFT
    if slot == EMPTY:
        holder[index] = (entry << ONE_AT) | ONE
        return ADDED
    if slot & TAG == ONE:
        if stands_for(slot >> ONE_AT, pieces, number, left):
            return THERE_ALREADY
        start = take_list(lists, used, 0)
        if start == _NOWHERE:
            return NO_ROOM
        lists[start] = 1
        lists[start + LIST_HEAD] = slot >> ONE_AT
    else:
        start = slot >> LIST_AT
        if place_in_list(lists, pieces, start, number, left) != _NOWHERE:
            return THERE_ALREADY
    start = append_to_list(lists, used, start, entry)
    if start == _NOWHERE:
        return NO_ROOM
    holder[index] = (start << LIST_AT) | LIST
    return ADDED


@inner_kernel
def remove_from_slot(
    holder: Integers, index: int, lists: Integers, pieces: Pieces, used: Counters, number: int, left: int
) -> int:
    """Take the entry of a zone out of a slot that is no node; the entry, or -1 if it is not there."""
    slot = holder[index]
    if slot & TAG == ONE and stands_for(slot >> ONE_AT, pieces, number, left):
        holder[index] = EMPTY
        return int(slot >> ONE_AT)
    if slot & TAG != LIST:
        return _NOWHERE
    start = slot >> LIST_AT
    place = place_in_list(lists, pieces, start, number, left)
    if place == _NOWHERE:
        return _NOWHERE
    entry = lists[place]
    lists[place] = lists[start + LIST_HEAD + lists[start] - 1]
    lists[start] -= 1
    if lists[start] == 1:
        holder[index] = (lists[start + LIST_HEAD] << ONE_AT) | ONE
        give_back_list(lists, used, start)
    return int(entry)


@inner_kernel
def put_entry(
    root: Integers, nodes: Integers, lists: Integers, pieces: Pieces, used: Counters, u: int, v: int, level: int, entry: int
) -> int:
    """Hold `entry` in the cell of `level` that has quantum (u, v) -> ADDED, THERE_ALREADY, or NO_ROOM in a pool."""
    if (used[NODES_USED] + level) * NODE_SLOTS > len(nodes):
        return NO_ROOM
    holder, index, shift = root, root_slot(u, v), ROOT_SHIFT
    for _ in range(level):
        slot = holder[index]
        if slot & TAG != NODE:
            node = take_node(nodes, used)
            nodes[node * NODE_SLOTS] = slot
            slot = (node << NODE_AT) | (EMPTY if slot == EMPTY else HELD) | NODE
            holder[index] = slot
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
    slot = holder[index]
    if slot & TAG != NODE:
        return add_to_slot(holder, index, lists, pieces, used, entry)
    done = add_to_slot(nodes, (slot >> NODE_AT) * NODE_SLOTS, lists, pieces, used, entry)
    if done != NO_ROOM:
        holder[index] = slot | HELD
    return done


@inner_kernel
def prune(root: Integers, nodes: Integers, used: Counters, path: Counters, level: int) -> None:
    """Replace nodes on a path by what they hold for all of their cells where no cell has anything any more."""
    for depth in range(level, 0, -1):
        base = (path[depth] // NODE_SLOTS) * NODE_SLOTS
        for place in range(base + 1, base + NODE_SLOTS):
            if nodes[place] != EMPTY:
                return
        holder = root if depth == 1 else nodes
        holder[path[depth - 1]] = nodes[base]
        give_back_node(nodes, used, base // NODE_SLOTS)


@inner_kernel
def take_entry(
    root: Integers,
    nodes: Integers,
    lists: Integers,
    pieces: Pieces,
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
        slot = holder[index]
        if slot & TAG != NODE:
            return _NOWHERE
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
        path[depth + 1] = index
    slot = holder[index]
    if slot & TAG == NODE:
        base = (slot >> NODE_AT) * NODE_SLOTS
        entry = remove_from_slot(nodes, base, lists, pieces, used, number, left)
        if nodes[base] == EMPTY:
            holder[index] = slot & ~HELD
        return entry
    entry = remove_from_slot(holder, index, lists, pieces, used, number, left)
    if holder[index] == EMPTY:
        prune(root, nodes, used, path, level)
    return entry
