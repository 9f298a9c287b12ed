"""A simulation of more vans than fit into memory: what it tells goes to disk as it comes, and is read back in order.

External merge sort, as in D. Knuth, The Art of Computer Programming, vol. 3, 5.4.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final

from simulators.fleet.fixes import FIX
from simulators.runs import RUN_ROWS, Runs
from simulators.sensors.readings import MEASURED
from simulators.told import Line, Lines, Told

MOST_HELD: Final = 20_000


class Sheaf:
    """Takes lines in any order, and gives them back by their keys, those alike as they came; or all as they came."""

    def __init__(self, folder: Path, *, by_key: bool, most_held: int = MOST_HELD) -> None:
        """`folder` is made; at most about `most_held` lines are held at a time."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._by_key, self._most_held = folder, by_key, most_held
        self._held: list[Line] = []
        self._files: list[Path] = []

    def add(self, lines: Iterable[Line]) -> None:
        """Take some."""
        self._held += lines
        if len(self._held) >= self._most_held:
            self._write()

    def __iter__(self) -> Iterator[bytes]:
        """All of them, without their keys."""
        self._write()
        files = map(_read, self._files)
        lines = heapq.merge(*files, key=itemgetter(0)) if self._by_key else (line for file in files for line in file)
        return (line for _, line in lines)

    def remove(self) -> None:
        """Delete what was written."""
        for file in self._files:
            file.unlink(missing_ok=True)
        self._folder.rmdir()

    def _write(self) -> None:
        if not self._held:
            return
        if self._by_key:
            self._held.sort(key=itemgetter(0))
        self._files.append(self._folder / f"run-{len(self._files):05d}.pickle")
        with self._files[-1].open("wb") as file:
            for line in self._held:
                pickle.dump(line, file, pickle.HIGHEST_PROTOCOL)
        self._held = []


def _read(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - written by this process


class Disk:
    """Where a simulation that does not fit into memory is kept while it is made."""

    def __init__(self, folder: Path, run_rows: int = RUN_ROWS, most_held: int = MOST_HELD) -> None:
        self._folder = folder
        self.fixes = Runs(folder / "fixes", FIX, run_rows)
        self.measured = Runs(folder / "measured", MEASURED, run_rows)
        self.trips = Sheaf(folder / "trips", by_key=True, most_held=most_held // 80)  # each is as large as many others
        self.orders = Sheaf(folder / "orders", by_key=False, most_held=most_held)
        self.truth = Sheaf(folder / "truth", by_key=True, most_held=most_held)
        self.zones = Sheaf(folder / "zones", by_key=False, most_held=most_held)

    def take(self, told: Told) -> None:
        """Take rows and lines, which `told` has no longer."""
        for fixes in told.fixes:
            self.fixes.add(fixes)
        for rows in told.sensed.measured:
            self.measured.add(rows)
        self.trips.add(told.lines.trips)
        self.orders.add(told.lines.orders)
        self.truth.add(told.lines.truth)
        self.zones.add(told.lines.zones)
        told.fixes, told.sensed.measured, told.lines = [], [], Lines()

    def remove(self) -> None:
        """Delete all of it."""
        for part in (self.fixes, self.measured, self.trips, self.orders, self.truth, self.zones):
            part.remove()
        self._folder.rmdir()
