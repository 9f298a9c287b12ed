import os
import signal
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.programs import console_address, descendants, eventually, get, is_alive, running

PROGRAMS = ("beatwatch ingest", "beatwatch geofence", "beatwatch alerts", "beatwatch api", "mosquitto", "bin/postgres")
pytestmark = [pytest.mark.acceptance, pytest.mark.server, pytest.mark.timeout(600)]


def _pid(root: int, part: str) -> int | None:
    return next((pid for pid, command in descendants(root).items() if part in command), None)


def _has_a_new(root: int, part: str, before: int) -> bool:
    return _pid(root, part) not in (None, before)


def test_whatever_is_killed_comes_back(open_folder: Path) -> None:
    with running(["up", "--port", "0"], open_folder) as up:
        console = console_address(up)
        for part in PROGRAMS:
            before = _pid(up.pid, part)
            assert before is not None, part
            os.kill(before, signal.SIGKILL)
            eventually(partial(_has_a_new, up.pid, part, before))
            eventually(lambda: get(f"{console}/readyz"))
        left = descendants(up.pid)
    assert up.returncode == 0
    assert not [command for pid, command in left.items() if is_alive(pid)]


def test_nothing_outlives_a_killed_parent(open_folder: Path) -> None:
    with running(["up", "--port", "0"], open_folder) as up:
        console_address(up)
        children = descendants(up.pid)
        up.kill()
        up.wait()
        eventually(lambda: not [pid for pid in children if is_alive(pid)])
    with running(["up", "--port", "0"], open_folder) as again:
        assert get(f"{console_address(again)}/readyz")
