"""Nodes and lists of cells: taken from their pools, and given back to be taken again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.cells import (
    AHEAD,
    EMPTY,
    FREE_LIST,
    FREE_NODE,
    LEADS_TO,
    LIST_HEAD,
    LISTS_USED,
    NODE_SLOTS,
    NODES_USED,
)
from geofence.kernels.compiler import inlined, making_kernel

Integers = NDArray[np.int32]
Counters = NDArray[np.int64]

NOWHERE = -1
COUNT, SIZE_CLASS = 0, 1  # of a block's head


@making_kernel
def take_node(nodes: Integers, used: Counters) -> int:
    """Number of a node that is free and empty; there must be room."""
    node = used[FREE_NODE]
    if node == NOWHERE:
        node = used[NODES_USED]
        used[NODES_USED] += 1
    else:
        used[FREE_NODE] = nodes[node * NODE_SLOTS, LEADS_TO]
    nodes[node * NODE_SLOTS : (node + 1) * NODE_SLOTS] = EMPTY
    return int(node)


@making_kernel
def give_back_node(nodes: Integers, used: Counters, node: int) -> None:
    """Chain a node to the free ones."""
    nodes[node * NODE_SLOTS, LEADS_TO] = used[FREE_NODE]
    used[FREE_NODE] = node


@making_kernel
def take_list(lists: Integers, used: Counters, size_class: int) -> int:
    """Start of a free block, empty, with room for `list_room` entries, or -1 if the pool is full."""
    start, size = used[FREE_LIST + size_class], LIST_HEAD + list_room(size_class)
    if start != NOWHERE:
        used[FREE_LIST + size_class] = lists[start, COUNT]
    else:
        start = used[LISTS_USED]
        if start + size > len(lists):
            return NOWHERE
        used[LISTS_USED] = start + size
    lists[start : start + size] = 0
    lists[start, SIZE_CLASS] = size_class
    return int(start)


@inlined
def list_room(size_class: int) -> int:
    """Entries that a block of a size has room for: with its head it is 32 bytes or a multiple, half a cache line."""
    return ((AHEAD + LIST_HEAD) << size_class) - LIST_HEAD


@making_kernel
def give_back_list(lists: Integers, used: Counters, start: int) -> None:
    """Chain a block to the free ones of its size."""
    size_class = lists[start, SIZE_CLASS]
    lists[start, COUNT] = used[FREE_LIST + size_class]
    used[FREE_LIST + size_class] = start
