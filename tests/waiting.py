"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE_MS: Final = 120_000
"""How long a browser is waited for: it draws in software on a busy machine."""


def wait_until(is_true: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Ask until it is so. Fails when it is not in time."""
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
