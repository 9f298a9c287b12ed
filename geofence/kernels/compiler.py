"""The one typed door to numba, so that strict typing reaches through its untyped decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile `function` to machine code on first call, kept in the cache beside its file; IEEE arithmetic, no GIL."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=False)(function))


def inner_kernel(function: Kernel) -> Kernel:
    """Like `kernel`, for functions only other kernels call: without the door from Python, which costs most of compiling."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Kernel", numba.njit(cache=True, nogil=True, fastmath=False, **options)(function))
