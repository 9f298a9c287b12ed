"""Arrays that grow, and room within them that is given back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_GROWTH = 1.5
_LINE = 64


def grown(array: NDArray[Any], rows: int, fill: Any = 0) -> NDArray[Any]:
    """The array, or a larger copy that has at least `rows` rows and some to spare, new ones holding `fill`."""
    if rows <= len(array):
        return array
    larger = aligned((int(rows * _GROWTH) + 16, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    if fill != 0:  # else pages that nobody needs yet stay untouched
        larger[len(array) :] = fill
    return larger


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Zeros that begin at a cache line, so that a row of 64 bytes is read at once."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + _LINE, dtype=np.uint8)
    start = -room.ctypes.data % _LINE
    return room[start : start + size].view(dtype).reshape(shape)


class Room:
    """Which stretches of an array are taken. Stretches given back are used again, first fit, and merged."""

    def __init__(self) -> None:
        self.end = 0
        self._holes: list[tuple[int, int]] = []  # (start, length), ascending, never touching

    def take(self, length: int) -> int:
        """Start of a free stretch."""
        for place, (start, free) in enumerate(self._holes):
            if free >= length:
                if free == length:
                    del self._holes[place]
                else:
                    self._holes[place] = (start + length, free - length)
                return start
        self.end += length
        return self.end - length

    def give_back(self, start: int, length: int) -> None:
        """Free a stretch that was taken."""
        if length == 0:
            return
        holes = sorted([*self._holes, (start, length)])
        merged: list[tuple[int, int]] = []
        for hole in holes:
            if merged and merged[-1][0] + merged[-1][1] == hole[0]:
                merged[-1] = (merged[-1][0], merged[-1][1] + hole[1])
            else:
                merged.append(hole)
        if merged[-1][0] + merged[-1][1] == self.end:
            self.end = merged.pop()[0]
        self._holes = merged
