from __future__ import annotations

import struct
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from store.binary_copy import pack, unpack

_DTYPE: np.dtype[Any] = np.dtype(
    [("id", "<i4"), ("at", "<M8[us]"), ("seq", "<i8"), ("small", "<i2"), ("speed", "<f4"), ("distance", "<f8")]
)

_ROWS = npst.arrays(
    _DTYPE,
    st.integers(0, 20),
    elements=st.tuples(
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999).map(lambda us: np.datetime64(us, "us")),
        st.integers(-(2**63), 2**63 - 1),
        st.integers(-(2**15), 2**15 - 1),
        st.floats(width=32),
        st.floats(),
    ),
)


def read_again(payload: bytes) -> list[tuple[bytes, ...]]:
    """The fields of a COPY, by the letter of the format's description."""
    at, rows = 19, []
    while (count := struct.unpack_from(">h", payload, at)[0]) != -1:
        at, fields = at + 2, []
        for _ in range(count):
            (width,) = struct.unpack_from(">i", payload, at)
            fields.append(payload[at + 4 : at + 4 + width])
            at += 4 + width
        rows.append(tuple(fields))
    assert at == len(payload) - 2
    return rows


@given(_ROWS)
def test_what_is_packed_unpacks_to_the_same_bits(rows: np.ndarray[Any, Any]) -> None:
    assert unpack(pack(rows), _DTYPE).tobytes() == rows.tobytes()


@given(_ROWS)
def test_what_is_packed_reads_as_the_same_bits(rows: np.ndarray[Any, Any]) -> None:
    fields = read_again(pack(rows))
    assert len(fields) == len(rows)
    for sent, row in zip(fields, rows, strict=True):
        for field, name in zip(sent, _DTYPE.names or (), strict=True):
            moved = row[name] - np.datetime64("2000-01-01", "us") if name == "at" else row[name]
            assert field == np.asarray(moved).tobytes()[::-1]


def test_the_bytes_are_those_of_the_format() -> None:
    rows = np.array([(7, np.datetime64("2000-01-01T00:00:01", "us"))], [("id", "<i4"), ("at", "<M8[us]")])
    header = b"PGCOPY\n\xff\r\n\0" + (0).to_bytes(4, "big") + (0).to_bytes(4, "big")
    row = (2).to_bytes(2, "big") + (4).to_bytes(4, "big") + (7).to_bytes(4, "big") + (8).to_bytes(4, "big")
    assert pack(rows) == header + row + (1_000_000).to_bytes(8, "big") + b"\xff\xff"
