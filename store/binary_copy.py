"""PostgreSQL's binary COPY format to and from numpy structured arrays, a whole batch at a time.

Every field has a fixed width and no NULL: a missing value travels as a stand-in (NaN, -1, the least integer) that the
statement at the other end turns into NULL. So a batch is one array assignment for each column and one `tobytes`.
Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_POSTGRES_EPOCH: Final = np.datetime64("2000-01-01", "us")
Records = NDArray[Any]  # structured


def pack(rows: Records) -> bytes:
    """The bytes to send to `COPY ... FROM STDIN (FORMAT binary)`; fields in the order of the array's dtype.

    Integers, floats and `datetime64[us]` (sent as timestamptz) are understood.
    """
    names = rows.dtype.names or ()
    wire = np.empty(len(rows), _wire_dtype(rows.dtype))
    wire["fields"] = len(names)
    for name in names:
        column = rows[name]
        wire[f"{name} width"] = column.dtype.itemsize
        wire[name] = column - _POSTGRES_EPOCH if column.dtype.kind == "M" else column
    return _HEADER + wire.tobytes() + _TRAILER


def unpack(payload: bytes, dtype: np.dtype[Any]) -> Records:
    """The rows that `COPY (SELECT ...) TO STDOUT (FORMAT binary)` sent.

    `dtype` has the fields of the SELECT in its order; the SELECT yields no NULL.
    """
    wire_dtype = _wire_dtype(dtype)
    body = len(payload) - len(_HEADER) - len(_TRAILER)
    wire = np.frombuffer(payload, wire_dtype, count=body // wire_dtype.itemsize, offset=len(_HEADER))
    rows = np.empty(len(wire), dtype)
    for name in dtype.names or ():
        column = wire[name]
        rows[name] = column.astype("m8[us]") + _POSTGRES_EPOCH if dtype[name].kind == "M" else column
    return rows


@cache
def _wire_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name in dtype.names or ():
        kind = f"i{dtype[name].itemsize}" if dtype[name].kind == "M" else dtype[name].str[1:]
        fields += [(f"{name} width", ">i4"), (name, f">{kind}")]
    return np.dtype(fields)
