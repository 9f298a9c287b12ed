"""Fixes of more vans than fit into memory: sorted runs on disk, merged into one order of arrival.

External merge sort, as in D. Knuth, The Art of Computer Programming, vol. 3, 5.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from simulators.fleet.fixes import FIX, Fixes
from simulators.simulation import arrival_order

RUN_ROWS: Final = 1_000_000
_WINDOW_ROWS: Final = 200_000


class Runs:
    """Takes rows in any order, and gives them back in that of their arrival."""

    def __init__(self, folder: Path, run_rows: int = RUN_ROWS) -> None:
        """`folder` is made; at most about `run_rows` rows are held at a time, 140 bytes each."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._run_rows = run_rows
        self._waiting: list[Fixes] = []
        self._held = 0
        self._files: list[Path] = []
        self.rows = 0

    def add(self, fixes: Fixes) -> None:
        """Take some rows."""
        self._waiting.append(fixes)
        self._held += len(fixes)
        self.rows += len(fixes)
        if self._held >= self._run_rows:
            self._write()

    def merged(self) -> Iterator[Fixes]:
        """All rows, a window of time after the other, each in the order of arrival."""
        self._write()
        runs = [np.load(file, mmap_mode="r") for file in self._files]
        if not runs:
            return
        first = min(int(run["received_us"][0]) for run in runs)
        last = max(int(run["received_us"][-1]) for run in runs)
        windows = self.rows // _WINDOW_ROWS + 1
        begun = [0] * len(runs)
        for number in range(1, windows + 1):
            until_us = first + (last + 1 - first) * number // windows
            ends = [int(np.searchsorted(run["received_us"], until_us)) for run in runs]
            parts = [np.asarray(run[low:high]) for run, low, high in zip(runs, begun, ends, strict=True) if high > low]
            begun = ends
            if parts:
                yield arrival_order(np.concatenate(parts))

    def remove(self) -> None:
        """Delete what was written."""
        for file in self._files:
            file.unlink(missing_ok=True)
        self._folder.rmdir()

    def _write(self) -> None:
        if not self._held:
            return
        file = self._folder / f"run-{len(self._files):05d}.npy"
        np.save(file, arrival_order(np.concatenate([np.empty(0, FIX), *self._waiting])))
        self._files.append(file)
        self._waiting, self._held = [], 0
