"""The one typed door to numba, so that strict typing reaches through its untyped decorator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import config as numba_config
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., object])

_FOLDER = Path(__file__).parent
_CACHE = Path(given) if (given := getattr(numba_config, "CACHE_DIR", "")) else _FOLDER / "__pycache__"
_IMPORT = re.compile(r"^from geofence\.(kernels\.)?(\w+) import", re.MULTILINE)


@cache
def sources_of(file: Path) -> frozenset[Path]:
    """A file, the kernels' files that it is compiled with, and those whose constants they take, such as the kinds of facts."""
    found = {file}
    for of_kernels, name in _IMPORT.findall(file.read_text(encoding="utf-8")):
        found |= sources_of(_FOLDER / f"{name}.py") if of_kernels else {_FOLDER.parent / f"{name}.py"}
    return frozenset(found)


@cache
def _cache_folder(file: Path) -> Path:
    """Where machine code of a file's functions is kept: one place per state of all that is compiled into it.

    numba itself only looks at the file a function stands in, and would go on using code that was compiled with what another
    file used to hold.
    """
    state = hashlib.sha256()
    for path in sorted(sources_of(file)):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return _CACHE / f"kernels-{state.hexdigest()[:16]}"


def _compiled(function: Kernel, **more: bool) -> Kernel:
    folder = _cache_folder(Path(function.__code__.co_filename))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        vars(numba_config)["CACHE_DIR"] = str(folder)
    except OSError:  # not ours to write: numba finds a place of the user's
        vars(numba_config)["CACHE_DIR"] = ""
    options: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "_nrt": True, **more}
    return cast("Kernel", numba.njit(**options)(function))


def kernel(function: Kernel) -> Kernel:
    """Compile `function` to machine code on first call, kept in the cache for the next start; IEEE arithmetic, no GIL."""
    return _compiled(function)


def lending_kernel(function: Kernel) -> Kernel:
    """Like `kernel`, for a loop over what it is handed that makes no array: it lends its arrays to the functions it calls and
    does not count who holds them, which takes two atomic additions for each array of each call."""
    return _compiled(function, _nrt=False)


def inner_kernel(function: Kernel) -> Kernel:
    """Like `lending_kernel`, for functions only other kernels call: without Python's door, which costs most of compiling."""
    return _compiled(function, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def inlined(function: Kernel) -> Kernel:
    """Like `inner_kernel`, for a step of an inner loop, or one that is handed many arrays, as each is seven words or more
    to hand on: becomes part of its caller."""
    return _compiled(function, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)


def making_kernel(function: Kernel) -> Kernel:
    """Like `inner_kernel`, for functions that make arrays or are given some that were made: they count."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _prefetch(_typing: Any, array: Any, _row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ir = cast("Any", cgutils).ir
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cast("Any", cgutils).unpack_tuple(builder, held.strides)[0]
        byte = ir.IntType(8).as_pointer()
        at = builder.gep(builder.bitcast(held.data, byte), [builder.mul(arguments[1], stride)])
        flag = ir.IntType(32)
        ask = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        )
        builder.call(ask, [at, flag(0), flag(3), flag(1)])  # to read, to be kept, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def _no_prefetch(array: NDArray[Any], row: int) -> None:
    """Without the compiler there is nothing to wait for."""


prefetch = cast(
    "Callable[[NDArray[Any], int], None]",
    _no_prefetch if getattr(numba_config, "DISABLE_JIT", 0) else cast("Any", intrinsic)(_prefetch),
)
"""Have the cache fetch a row of an array that will be read soon; harmless wherever the row may be."""
