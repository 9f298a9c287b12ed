"""The order in which stops were served, and which of them are out of the order planned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import kernel


@kernel
def number_served(visits: NDArray[np.void], serviced: int, out_of_sequence: int, changed: NDArray[np.int64]) -> int:
    """Number the stops served by their arrivals, 1 and up, those of one moment by the plan -> how many changed.

    `visits` is of VISIT; `serviced` and `out_of_sequence` are the states of a stop served. To `changed`, shape (stops,), it
    writes those whose number changed or whose state has to: k, or -1 - k where stop k is out of sequence now.
    """
    order, count = np.empty(len(visits), np.int64), 0
    for k in range(len(visits)):
        if visits[k]["state"] == serviced or visits[k]["state"] == out_of_sequence:
            hole = count
            while hole > 0 and visits[order[hole - 1]]["came_ms"] > visits[k]["came_ms"]:
                order[hole] = order[hole - 1]
                hole -= 1
            order[hole] = k
            count += 1
    inside = longest_increasing(order[:count])
    told = 0
    for n in range(count):
        k = order[n]
        if visits[k]["served_n"] != n + 1 or (visits[k]["state"] == serviced) != inside[n]:
            visits[k]["served_n"] = n + 1
            changed[told] = k if inside[n] else -1 - k
            told += 1
    return told


@kernel
def longest_increasing(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of distinct numbers, shape (n,), are in one longest increasing subsequence (Fredman 1975)."""
    count = len(numbers)
    inside = np.zeros(count, np.bool_)
    tails, before, length = np.empty(count, np.int64), np.empty(count, np.int64), 0
    for n in range(count):
        low, high = 0, length
        while low < high:
            middle = (low + high) // 2
            if numbers[tails[middle]] < numbers[n]:
                low = middle + 1
            else:
                high = middle
        before[n] = tails[low - 1] if low > 0 else -1
        tails[low] = n
        length = max(length, low + 1)
    last = tails[length - 1] if length > 0 else -1
    while last >= 0:
        inside[last] = True
        last = before[last]
    return inside


@kernel
def came_between(visits: NDArray[np.void], states: int, low_ms: int, high_ms: int) -> tuple[int, int]:
    """The first stop in one of `states` (bit set) that the van came to within a span, ends included, and the number after the
    last; (0, 0) for none. `visits` is of VISIT, times in milliseconds since the trip's begin."""
    first, end = 0, 0
    for k in range(len(visits)):
        if low_ms <= visits[k]["came_ms"] <= high_ms and (states >> int(visits[k]["state"])) & 1:
            first, end = first if end > 0 else k, k + 1
    return first, end
