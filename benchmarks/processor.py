"""What processes use: processor time and memory as Linux accounts for them.

The clock of a shared machine says little; processor time by message says what a machine of one's own could do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_USER, _CHILDREN_SYSTEM = 11, 15  # places in /proc/PID/stat after the command
Pids = Mapping[str, int]


def processor_s(pid: int) -> float:
    """Seconds that a process and its children, living and reaped, have used; 0 if it is gone."""
    children = _read(f"/proc/{pid}/task/{pid}/children").split()
    return _used_s(pid) + sum(processor_s(int(child)) for child in children)


def _used_s(pid: int) -> float:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return _TICK_S * sum(map(int, fields[_USER:_CHILDREN_SYSTEM]))


def memory_mib(pid: int) -> float:
    """Resident memory of a process; 0 if it is gone."""
    lines = _read(f"/proc/{pid}/status").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _read(file: str) -> str:
    try:
        return Path(file).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Meter:
    """Processor seconds of named processes since this was made."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids
        self._began = {name: processor_s(pid) for name, pid in pids.items()}

    def used_s(self) -> dict[str, float]:
        """By name."""
        return {name: processor_s(pid) - self._began[name] for name, pid in self._pids.items()}


def by_message(used_s: Mapping[str, float], messages: int) -> dict[str, float]:
    """Microseconds a message of each process, and of all together."""
    each = {name: round(1e6 * seconds / messages, 1) for name, seconds in used_s.items()}
    return {**each, "sum": round(sum(each.values()), 1)}


@contextmanager
def memory_watched(pids: Pids, every_s: float = 1.0) -> Iterator[Callable[[], dict[str, list[float]]]]:
    """Take the memory of processes now and then; yields a function for the samples so far, in MiB by name."""
    samples: dict[str, list[float]] = {name: [] for name in pids}
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(every_s):
            for name, pid in pids.items():
                samples[name].append(memory_mib(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: {name: list(taken) for name, taken in samples.items()}
    finally:
        stop.set()
        watcher.join()
