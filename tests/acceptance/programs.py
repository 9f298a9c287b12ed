"""Beatwatch's programs as a person starts them: processes with an environment, an output and a way to end them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def running(arguments: list[str], state: Path, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """`beatwatch ARGUMENTS` with its state below `state`; ended as by Ctrl-C when the context is left."""
    servers = dict.fromkeys(("DATABASE_URL", "MQTT_URL"), "")
    with (
        (state / "stderr.txt").open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "beatwatch", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, **servers, "BEATWATCH_STATE": str(state), **(environment or {})},
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(90)


def console_address(process: subprocess.Popen[str]) -> str:
    """What the program prints once everything is up."""
    assert process.stdout is not None
    for line in process.stdout:
        if match := re.match(r"console +(http://\S+)/", line):
            return match[1]
    raise AssertionError("it ended without naming its console")


def get(address: str) -> Any:
    """The JSON that an address answers."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)


def eventually(condition: Callable[[], Any], within_s: float = 90.0) -> Any:
    """The first true value of `condition`; a refused connection is false."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.25)
    raise AssertionError(f"not within {within_s:g} s")


def descendants(pid: int) -> dict[int, str]:
    """Command lines of the processes below `pid`."""
    found: dict[int, str] = {}
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
        found.update(descendants(child))
    return found


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
