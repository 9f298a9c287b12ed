"""Rows of more positions than fit into memory as objects, of devices that are not known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.observations import Position
from geofence.rows import ROW, Rows, content_hash, packed_rows


class Gathering:
    """Takes positions a part at a time and keeps them as rows: 80 bytes each."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._parts: list[tuple[Rows, NDArray[np.bool_]]] = []

    @property
    def devices(self) -> frozenset[str]:
        """Whose positions there are."""
        return frozenset(self._places)

    def add(self, positions: Sequence[Position]) -> None:
        """Take some."""
        for position in positions:
            self._places.setdefault(position.device, len(self._places))
        self._parts.append(packed_rows(positions, self._places))

    def rows(self, numbers: Mapping[str, int]) -> Rows:
        """All of them in the order in which they came, as `rows_from_positions` gives them; none is kept.

        `numbers` must have all `devices`.
        """
        number_of = np.array([numbers[key] for key in self._places], np.int32)
        gathered = np.empty(sum(len(rows) for rows, _ in self._parts), ROW)
        end = len(gathered)
        while self._parts:
            rows, is_numberless = self._parts.pop()
            rows["device"] = number_of[rows["device"]]
            rows["seq"][is_numberless] = content_hash(rows[is_numberless])
            gathered[end - len(rows) : end] = rows
            end -= len(rows)
        return gathered
