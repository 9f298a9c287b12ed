"""Numpy arrays to PostgreSQL's binary COPY format and back, and from its binary arrays, a whole batch at a time.

In `pack` and `unpack` every field has a fixed width and no NULL: a missing value travels as a stand-in (NaN, -1, the least
integer) that the statement at the other end turns into NULL. So a batch is one array assignment for each column and one
`tobytes`. `SparseRows` sends NULLs: rows that lack the same values have the same width, so it is the same once for each set
of values that rows lack, and there are few of those.
Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_POSTGRES_EPOCH: Final = np.datetime64("2000-01-01", "us")
_ARRAY_HEADER: Final = 20  # bytes: dimensions, flags, type, length, lower bound
_REAL_OID: Final = 700
_TEXT_OID: Final = 25
_OIDS: Final = {"i2": 21, "i4": 23, "i8": 20, "f4": _REAL_OID, "f8": 701, "bool": 16, "M8": 1184}
_REALS_OID: Final = (1021).to_bytes(4, "big")
_TEXTS_OID: Final = (1009).to_bytes(4, "big")
_NULL: Final = b"\xff\xff\xff\xff"
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


def unpack_array(payload: bytes, dtype: np.dtype[Any]) -> Records:
    """The values, shape (n,), that `array_send` made of a one-dimensional array without NULL, as `dtype`."""
    wire = np.frombuffer(payload, [("width", ">i4"), ("value", _wire_kind(dtype))], offset=_ARRAY_HEADER)
    values: Records = wire["value"]
    return values.astype("m8[us]") + _POSTGRES_EPOCH if dtype.kind == "M" else values


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows whose stand-ins travel as NULL: NaN, NaT, or the integer in `stand_ins`, which names the columns that may be NULL.

    Columns in `booleans` are sent as such. After the columns come a real[] and a text[]: `lists` has them by row number, as
    `real_array_field` and `text_array_field` make them, where they are not both NULL.
    """

    rows: Records
    stand_ins: Mapping[str, int | None]
    booleans: frozenset[str]
    lists: Mapping[int, tuple[bytes, bytes]]

    def for_copy(self) -> bytes:
        """The bytes to send to `COPY ... FROM STDIN (FORMAT binary)`. Rows that lack the same values stay in their order."""
        parts = [_HEADER]
        for numbers, wire in self._groups(typed=False):
            wire["fields"] = _width(self.rows)
            parts += self._finished(numbers, wire, lambda body, reals, texts: body + reals + texts)
        return b"".join((*parts, _TRAILER))

    def as_array(self, element_oid: int) -> bytes:
        """The same rows as an array of a composite type of these columns, for a parameter in binary."""
        parts = [struct.pack(">iiIii", 1, 0, element_oid, len(self.rows), 1)]
        for numbers, wire in self._groups(typed=True):
            wire["fields"] = _width(self.rows)
            wire["width"] = wire.dtype.itemsize - 4
            parts += self._finished(numbers, wire, _element)
        return b"".join(parts)

    def _groups(self, *, typed: bool) -> Iterator[tuple[Records, Records]]:
        """Row numbers, and the rows without their lists, of those that lack the same values."""
        lacking = np.zeros(len(self.rows), np.int64)
        for place, (name, stand_in) in enumerate(self.stand_ins.items()):
            missing = np.isnan(self.rows[name]) if stand_in is None else self.rows[name] == stand_in
            lacking |= missing.astype(np.int64) << place
        for sort in np.unique(lacking).tolist():
            names = frozenset(name for place, name in enumerate(self.stand_ins) if sort >> place & 1)
            numbers = np.flatnonzero(lacking == sort)
            yield numbers, self._filled(numbers, names, _sparse_dtype(self.rows.dtype, names, self.booleans, typed))

    def _filled(self, numbers: Records, lacking: frozenset[str], dtype: np.dtype[Any]) -> Records:
        wire = _blank(dtype, lacking)[np.zeros(len(numbers), np.intp)]
        for name in self.rows.dtype.names or ():
            if name not in lacking:
                column = self.rows[name][numbers]
                wire[name] = column - _POSTGRES_EPOCH if column.dtype.kind == "M" else column
        return wire

    def _finished(self, numbers: Records, wire: Records, join: Callable[[bytes, bytes, bytes], bytes]) -> Iterator[bytes]:
        """The bytes of rows, those with lists one by one."""
        body, width, done = wire.tobytes(), wire.dtype.itemsize, 0
        if self.lists:
            for place, number in enumerate(numbers.tolist()):
                if number in self.lists:
                    yield body[done * width : place * width]
                    yield join(body[place * width : (place + 1) * width - _tail(wire.dtype)], *self.lists[number])
                    done = place + 1
        yield body[done * width :]


def _element(body: bytes, reals: bytes, texts: bytes) -> bytes:
    """A composite with its own length before it."""
    content = body[4:] + _REALS_OID + reals + _TEXTS_OID + texts
    return len(content).to_bytes(4, "big") + content


def _width(rows: Records) -> int:
    return len(rows.dtype.names or ()) + 2


def _tail(dtype: np.dtype[Any]) -> int:
    return dtype["lists"].itemsize


@lru_cache(256)
def _blank(dtype: np.dtype[Any], lacking: frozenset[str]) -> Records:
    """One row with all widths and types and no values."""
    blank = np.zeros(1, dtype)
    for name in dtype.names or ():
        if name.endswith(" width"):
            column = name.removesuffix(" width")
            blank[name] = -1 if column in lacking else dtype[column].itemsize
        elif name.endswith(" type"):
            blank[name] = _OIDS[name.removesuffix(" type").partition(" ")[2]]
    tail = _NULL + _NULL if _tail(dtype) == 8 else _REALS_OID + _NULL + _TEXTS_OID + _NULL
    blank["lists"] = np.frombuffer(tail, "u1")
    return blank


@lru_cache(256)
def _sparse_dtype(dtype: np.dtype[Any], lacking: frozenset[str], booleans: frozenset[str], typed: bool) -> np.dtype[Any]:
    fields: list[Any] = [("width", ">i4"), ("fields", ">i4")] if typed else [("fields", ">i2")]
    for name in dtype.names or ():
        kind = "i1" if name in booleans else _wire_kind(dtype[name])
        if typed:
            sort = "bool" if name in booleans else "M8" if dtype[name].kind == "M" else dtype[name].str[1:]
            fields.append((f"{name} {sort} type", ">u4"))
        fields.append((f"{name} width", ">i4"))
        if name not in lacking:
            fields.append((name, kind))
    return np.dtype([*fields, ("lists", "u1", 16 if typed else 8)])


def real_array_field(values: Sequence[float | None] | None) -> bytes:
    """A field of type real[]; None is NULL, in the list and for the list."""
    if not values:
        return _NULL
    elements = b"".join(_NULL if value is None else struct.pack(">if", 4, value) for value in values)
    return _array_field(_REAL_OID, len(values), elements, has_null=None in values)


def text_array_field(words: Sequence[str] | None) -> bytes:
    """A field of type text[]; None is NULL."""
    if not words:
        return _NULL
    encoded = [word.encode() for word in words]
    return _array_field(_TEXT_OID, len(words), b"".join(len(word).to_bytes(4, "big") + word for word in encoded))


def _array_field(oid: int, count: int, elements: bytes, *, has_null: bool = False) -> bytes:
    body = struct.pack(">iiIii", 1, has_null, oid, count, 1) + elements
    return len(body).to_bytes(4, "big") + body


@cache
def _wire_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name in dtype.names or ():
        fields += [(f"{name} width", ">i4"), (name, _wire_kind(dtype[name]))]
    return np.dtype(fields)


def _wire_kind(dtype: np.dtype[Any]) -> str:
    return ">" + (f"i{dtype.itemsize}" if dtype.kind == "M" else dtype.str[1:])
