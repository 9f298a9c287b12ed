from __future__ import annotations

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


@given(_ROWS)
def test_what_is_packed_unpacks_to_the_same_bits(rows: np.ndarray[Any, Any]) -> None:
    assert unpack(pack(rows), _DTYPE).tobytes() == rows.tobytes()


def test_the_bytes_are_those_of_the_format() -> None:
    rows = np.array([(7, np.datetime64("2000-01-01T00:00:01", "us"))], [("id", "<i4"), ("at", "<M8[us]")])
    header = b"PGCOPY\n\xff\r\n\0" + (0).to_bytes(4, "big") + (0).to_bytes(4, "big")
    row = (2).to_bytes(2, "big") + (4).to_bytes(4, "big") + (7).to_bytes(4, "big") + (8).to_bytes(4, "big")
    assert pack(rows) == header + row + (1_000_000).to_bytes(8, "big") + b"\xff\xff"
