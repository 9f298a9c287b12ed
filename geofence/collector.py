"""Python's collector of cycles, in processes that judge."""

from __future__ import annotations

import gc


def spare_the_collector() -> None:
    """Look for cycles seldom: judging makes many thousands of objects a second, none in a cycle, and lets go of most at once.

    For a process of its own, once its world is loaded.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
