"""In which order a planner visits places: nearest neighbour, then 2-opt until no exchange helps. Compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel


@kernel
def short_round(x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """A short round from point 0 through all others and back: the order of points, beginning with 0.

    2-opt: G. A. Croes, A method for solving traveling-salesman problems, Operations Research 6 (1958).
    """
    n = len(x_m)
    order = np.empty(n, np.int64)
    left = np.ones(n, np.bool_)
    order[0], left[0] = 0, False
    for i in range(1, n):
        best, best_m = 0, np.inf
        for j in range(n):
            gap = np.hypot(x_m[j] - x_m[order[i - 1]], y_m[j] - y_m[order[i - 1]])
            if left[j] and gap < best_m:
                best, best_m = j, gap
        order[i], left[best] = best, False
    improved = True
    while improved:
        improved = False
        for i in range(1, n - 1):
            for j in range(i + 1, n):
                a, b, c, d = order[i - 1], order[i], order[j], order[(j + 1) % n]
                now_m = np.hypot(x_m[a] - x_m[b], y_m[a] - y_m[b]) + np.hypot(x_m[c] - x_m[d], y_m[c] - y_m[d])
                then_m = np.hypot(x_m[a] - x_m[c], y_m[a] - y_m[c]) + np.hypot(x_m[b] - x_m[d], y_m[b] - y_m[d])
                if then_m < now_m - 1e-6:
                    order[i : j + 1] = order[i : j + 1][::-1].copy()
                    improved = True
    return order
