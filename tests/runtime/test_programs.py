"""A program that starts slowly, and one that cannot start."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from beatwatch.services import program
from beatwatch.services.program import Program
from domain.errors import UnavailableError


def python(folder: Path, code: str, start_timeout_s: float) -> Program:
    made = folder / "ready"
    command = [sys.executable, "-c", code.format(ready=str(made))]
    return Program("test", command, folder / "log", made.exists, start_timeout_s=start_timeout_s)


def test_who_is_slow_is_waited_for_while_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_ENDING_EARLY_S", 0.2)
    slow = python(tmp_path, "import time; time.sleep(1); open({ready!r}, 'w'); time.sleep(60)", 60.0)
    slow.start()
    assert slow.running()
    slow.stop()


def test_who_ends_again_and_again_is_given_up_soon_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_ENDING_EARLY_S", 0.5)
    broken = python(tmp_path, "raise SystemExit('no such port')", 3600.0)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="no such port"):
        broken.start()
    assert time.monotonic() - began < 360.0
