"""The one typed door to numba, so that strict typing reaches through its untyped decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile `function` to machine code on first call, kept in the cache beside its file; IEEE arithmetic, no GIL."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=False)(function))
