"""Keeps a list of programs running until it is told to stop, then ends them in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from beatwatch.services.program import Program

_log = structlog.get_logger()
_LOOK_EVERY_S = 0.5
_BACKOFF_LONGEST_S = 30.0


@contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets, in place of what they would do."""
    event = threading.Event()
    before = {number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """Watches programs; one that ends by itself is started again, later each time if it keeps ending."""

    def __init__(self, programs: Iterable[Program]) -> None:
        self._programs = list(programs)
        self._not_before: dict[str, float] = {}

    def watch(self, stop: threading.Event, for_s: float | None = None) -> None:
        """Return when `stop` is set or `for_s` seconds have passed."""
        end = None if for_s is None else time.monotonic() + for_s
        while not stop.wait(_LOOK_EVERY_S) and (end is None or time.monotonic() < end):
            self.look()

    def look(self) -> None:
        """Start again what has died and whose back-off has passed."""
        for program in self._programs:
            if program.running() or time.monotonic() < self._not_before.get(program.name, 0.0):
                continue
            _log.warning(
                "program ended, starting it again", program=program.name, restarts=program.restarts, log=str(program.log)
            )
            self._not_before[program.name] = time.monotonic() + min(_BACKOFF_LONGEST_S, 0.5 * 2.0**program.restarts)
            program.respawn()
