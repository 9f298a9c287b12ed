"""Rows of more vans than fit into memory: sorted runs on disk, merged into one order of arrival.

External merge sort, as in D. Knuth, The Art of Computer Programming, vol. 3, 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]

RUN_ROWS: Final = 250_000
_WINDOW_ROWS: Final = 200_000
_BLOCK_ROWS: Final = 2_000
_SAMPLE_ROWS: Final = 500
_END_OF_TIME_US: Final = 2**62


class Runs:
    """Takes rows in any order, and gives them back in that of their arrival."""

    def __init__(self, folder: Path, columns: np.dtype[Any], run_rows: int = RUN_ROWS) -> None:
        """`folder` is made; at most about `run_rows` rows are held at a time. `columns` has the moment `received_us`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._columns = columns
        self._run_rows = run_rows
        self._waiting: list[Rows] = []
        self._held = 0
        self._files: list[Path] = []
        self._samples_us: list[NDArray[np.int64]] = []

    def add(self, rows: Rows) -> None:
        """Take some rows."""
        self._waiting.append(rows)
        self._held += len(rows)
        if self._held >= self._run_rows:
            self._write()

    def merged(self, order: Callable[[Rows], Rows]) -> Iterator[Rows]:
        """All rows, a window of time after the other; `order` sorts one by receipt and then by whatever tells rows apart."""
        self._write()
        if not self._files:
            return
        with ExitStack() as opened:
            runs = [_Run(opened.enter_context(file.open("rb")), self._columns) for file in self._files]
            for until_us in self._ends_us():
                rows = np.concatenate([run.take(until_us) for run in runs])
                if len(rows):
                    yield order(rows)

    def _ends_us(self) -> list[int]:
        """Moments that part all rows into windows of about as many, however busy the hours are."""
        samples_us = np.sort(np.concatenate(self._samples_us))
        ends_us = samples_us[_WINDOW_ROWS // _SAMPLE_ROWS :: _WINDOW_ROWS // _SAMPLE_ROWS]
        return [*np.unique(ends_us).tolist(), _END_OF_TIME_US]

    def remove(self) -> None:
        """Delete what was written."""
        for file in self._files:
            file.unlink(missing_ok=True)
        self._folder.rmdir()

    def _write(self) -> None:
        if not self._held:
            return
        rows = np.concatenate(self._waiting)
        rows = rows[np.argsort(rows["received_us"], kind="stable")]
        self._samples_us.append(rows["received_us"][_SAMPLE_ROWS - 1 :: _SAMPLE_ROWS].copy())
        self._files.append(self._folder / f"run-{len(self._files):05d}.rows")
        rows.tofile(self._files[-1])
        self._waiting, self._held = [], 0


class _Run:
    """Reads a run from its beginning to its end, and never holds more than it is asked for and a block."""

    def __init__(self, file: BinaryIO, columns: np.dtype[Any]) -> None:
        self._file = file
        self._columns = columns
        self._rest: Rows = np.empty(0, columns)

    def take(self, until_us: int) -> Rows:
        """The next rows, those received before a moment."""
        parts = [self._rest]
        while len(parts[-1]) == 0 or parts[-1]["received_us"][-1] < until_us:
            block: Rows = np.fromfile(self._file, self._columns, _BLOCK_ROWS)
            if len(block) == 0:
                break
            parts.append(block)
        rows = np.concatenate(parts)
        end = int(np.searchsorted(rows["received_us"], until_us))
        self._rest = rows[end:].copy()
        return rows[:end]
