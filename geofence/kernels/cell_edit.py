"""Putting entries into the cells and taking them out, one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    DEEPEST,
    EMPTY,
    FAN_BITS,
    FREE_LIST,
    FREE_NODE,
    HELD,
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
)
from geofence.kernels.compiler import inner_kernel

Integers = NDArray[np.int32]
Counters = NDArray[np.int64]

_NOWHERE = -1


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
        if start + size > len(lists):
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


@inner_kernel
def append_to_list(lists: Integers, used: Counters, start: int, entry: int) -> int:
    """Start of the block that now has `entry` too, or -1 if the pool is full; an entry is held once."""
    count, size_class = lists[start], lists[start + 1]
    for place in range(start + LIST_HEAD, start + LIST_HEAD + count):
        if lists[place] == entry:
            return start
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
def add_to_slot(holder: Integers, index: int, lists: Integers, used: Counters, entry: int) -> bool:
    """Add an entry to a slot that is no node; False if there is no room."""
    slot = holder[index]
    if slot == EMPTY:
        holder[index] = (entry << ONE_AT) | ONE
        return True
    if slot & TAG == ONE:
        if slot >> ONE_AT == entry:
            return True
        start = take_list(lists, used, 0)
        if start == _NOWHERE:
            return False
        lists[start] = 1
        lists[start + LIST_HEAD] = slot >> ONE_AT
    else:
        start = slot >> LIST_AT
    start = append_to_list(lists, used, start, entry)
    if start == _NOWHERE:
        return False
    holder[index] = (start << LIST_AT) | LIST
    return True


@inner_kernel
def remove_from_slot(holder: Integers, index: int, lists: Integers, used: Counters, entry: int) -> None:
    """Take an entry out of a slot that is no node, if it is there."""
    slot = holder[index]
    if slot & TAG == ONE and slot >> ONE_AT == entry:
        holder[index] = EMPTY
    if slot & TAG != LIST:
        return
    start = slot >> LIST_AT
    last = start + LIST_HEAD + lists[start] - 1
    for place in range(start + LIST_HEAD, last + 1):
        if lists[place] == entry:
            lists[place] = lists[last]
            lists[start] -= 1
            break
    if lists[start] == 1:
        holder[index] = (lists[start + LIST_HEAD] << ONE_AT) | ONE
        give_back_list(lists, used, start)


@inner_kernel
def put_entry(root: Integers, nodes: Integers, lists: Integers, used: Counters, u: int, v: int, level: int, entry: int) -> bool:
    """Hold `entry` in the cell of `level` that has quantum (u, v); False, to be done again, if a pool is too small."""
    if (used[NODES_USED] + level) * NODE_SLOTS > len(nodes):
        return False
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
        return add_to_slot(holder, index, lists, used, entry)
    if not add_to_slot(nodes, (slot >> NODE_AT) * NODE_SLOTS, lists, used, entry):
        return False
    holder[index] = slot | HELD
    return True


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
    root: Integers, nodes: Integers, lists: Integers, used: Counters, u: int, v: int, level: int, entry: int
) -> None:
    """Undo `put_entry`; nothing happens if the entry is not there."""
    path = np.empty(DEEPEST + 1, dtype=np.int64)
    holder, index, shift = root, root_slot(u, v), ROOT_SHIFT
    path[0] = index
    for depth in range(level):
        slot = holder[index]
        if slot & TAG != NODE:
            return
        shift -= FAN_BITS
        holder, index = nodes, (slot >> NODE_AT) * NODE_SLOTS + child_slot(u, v, shift)
        path[depth + 1] = index
    slot = holder[index]
    if slot & TAG == NODE:
        base = (slot >> NODE_AT) * NODE_SLOTS
        remove_from_slot(nodes, base, lists, used, entry)
        if nodes[base] == EMPTY:
            holder[index] = slot & ~HELD
        return
    remove_from_slot(holder, index, lists, used, entry)
    if holder[index] == EMPTY:
        prune(root, nodes, used, path, level)
