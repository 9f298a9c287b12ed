"""One child process: started in a session of its own, watched, started again after a crash, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import UnavailableError

_POLL_S = 0.05
_ENDING_EARLY_S = 60.0
"""For how long a program that ends before it is ready is started again."""


@dataclass(slots=True)
class Program:
    """A command to keep running. `ready` tells whether it serves; `stop_signal` asks it to drain and end."""

    name: str
    command: list[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    start_timeout_s: float = 30.0
    stop_timeout_s: float = 20.0
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process. Raises UnavailableError when it does not run."""
        if self._process is None:
            raise UnavailableError(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it is ready, trying again while it ends early.

        Raises UnavailableError with the end of its log when it is not ready within `start_timeout_s`. Trying again is for
        a server killed by force: what it left behind, such as PostgreSQL's shared memory, takes seconds to go.
        """
        began = time.monotonic()
        self._spawn()
        while not self.ready():
            patience_s = self.start_timeout_s if self.running() else min(self.start_timeout_s, _ENDING_EARLY_S)
            if time.monotonic() - began > patience_s:
                self.stop()
                raise UnavailableError(f"{self.name} did not start; the end of {self.log}:\n{self._log_tail()}")
            if not self.running():
                time.sleep(10 * _POLL_S)
                self._spawn()
            time.sleep(_POLL_S)

    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def respawn(self) -> None:
        """Start it again after it has died, without waiting until it is ready."""
        self.restarts += 1
        self._spawn()

    def stop(self) -> None:
        """Ask it to end, wait, and end it by force if it does not."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _spawn(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own command lines
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C reaches only us, and we stop everything in order
            )

    def _log_tail(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
