"""A simulation of more vans than fit into memory: what it tells goes to disk as it comes, and is read back in order.

External merge sort, as in D. Knuth, The Art of Computer Programming, vol. 3, 5.4.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from domain.deliveries import Order
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.order import trip_order, truth_order
from simulators.runs import RUN_ROWS, Runs

Record = TypeVar("Record")
MOST_HELD: Final = 20_000


class Sheaf(Generic[Record]):
    """Takes records in any order, and gives them back by a key; those alike, or all where there is no key, as they came."""

    def __init__(self, folder: Path, key: Callable[[Record], Any] | None = None, most_held: int = MOST_HELD) -> None:
        """`folder` is made; at most about `most_held` records are held at a time."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key, self._most_held = folder, key, most_held
        self._held: list[Record] = []
        self._files: list[Path] = []

    def add(self, records: Iterable[Record]) -> None:
        """Take some."""
        self._held += records
        if len(self._held) >= self._most_held:
            self._write()

    def __iter__(self) -> Iterator[Record]:
        """All of them."""
        self._write()
        if self._key is not None:
            return heapq.merge(*map(_read, self._files), key=self._key)
        return (record for file in self._files for record in _read(file))

    def remove(self) -> None:
        """Delete what was written."""
        for file in self._files:
            file.unlink(missing_ok=True)
        self._folder.rmdir()

    def _write(self) -> None:
        if not self._held:
            return
        if self._key is not None:
            self._held.sort(key=self._key)
        self._files.append(self._folder / f"run-{len(self._files):05d}.pickle")
        with self._files[-1].open("wb") as file:
            for record in self._held:
                pickle.dump(record, file, pickle.HIGHEST_PROTOCOL)
        self._held = []


def _read(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - written by this process


class Disk:
    """Where a simulation that does not fit into memory is kept while it is made."""

    def __init__(self, folder: Path, run_rows: int = RUN_ROWS, most_held: int = MOST_HELD) -> None:
        self._folder = folder
        self.fixes = Runs(folder / "fixes", run_rows)
        self.trips: Sheaf[Trip] = Sheaf(folder / "trips", trip_order, most_held // 80)  # each is as large as many others
        self.orders: Sheaf[Order] = Sheaf(folder / "orders", None, most_held)
        self.truth: Sheaf[Incident | TrueVisit] = Sheaf(folder / "truth", truth_order, most_held)
        self.zones: Sheaf[Zone] = Sheaf(folder / "zones", None, most_held)

    def remove(self) -> None:
        """Delete all of it."""
        for part in (self.fixes, self.trips, self.orders, self.truth, self.zones):
            part.remove()
        self._folder.rmdir()
