"""Dijkstra's algorithm over compressed sparse rows with a binary heap, compiled."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel


@kernel
def quickest_tree(
    offsets: NDArray[np.int64], head: NDArray[np.int64], cost_s: NDArray[np.float64], source: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least cost from `source` to each node, and the edge by which it is reached (-1: none). Ties go to the lower node."""
    count = len(offsets) - 1
    least_s = np.full(count, np.inf)
    by_edge = np.full(count, -1, np.int64)
    least_s[source] = 0.0
    heap = [(0.0, source)]
    while len(heap) > 0:
        reached_s, node = heapq.heappop(heap)
        if reached_s > least_s[node]:
            continue
        for edge in range(offsets[node], offsets[node + 1]):
            candidate_s = reached_s + cost_s[edge]
            if candidate_s < least_s[head[edge]]:
                least_s[head[edge]] = candidate_s
                by_edge[head[edge]] = edge
                heapq.heappush(heap, (candidate_s, head[edge]))
    return least_s, by_edge


@kernel
def walk_back(tail: NDArray[np.int64], by_edge: NDArray[np.int64], source: int, target: int) -> NDArray[np.int64]:
    """Edges from `source` to `target` along a tree of `quickest_tree`; empty when they are the same."""
    count, node = 0, target
    while node != source:
        node = tail[by_edge[node]]
        count += 1
    edges = np.empty(count, np.int64)
    node = target
    for index in range(count - 1, -1, -1):
        edges[index] = by_edge[node]
        node = tail[by_edge[node]]
    return edges
