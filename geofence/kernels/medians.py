"""The middle of a few values: `numpy.median` takes six seconds to compile, and longer to run on so few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.kernels.compiler import making_kernel


@making_kernel
def median(values: NDArray[np.floating], count: int) -> float:
    """Median of the first `count` values, at least one, none of them NaN."""
    sorted_values = np.empty(count)
    for row in range(count):
        value, hole = float(values[row]), row
        while hole > 0 and sorted_values[hole - 1] > value:
            sorted_values[hole] = sorted_values[hole - 1]
            hole -= 1
        sorted_values[hole] = value
    return float(0.5 * (sorted_values[(count - 1) // 2] + sorted_values[count // 2]))
