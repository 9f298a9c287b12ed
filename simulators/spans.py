"""Runs of consecutive flags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def spans_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open spans of consecutive true flags."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
