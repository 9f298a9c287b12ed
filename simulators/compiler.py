"""The one typed door to numba, so that strict typing reaches through its untyped decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile `function` on first call, cached beside its file; strict IEEE arithmetic, so that bytes repeat."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=False)(function))
