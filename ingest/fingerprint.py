"""A number for a reading that has none of its own: the same content gives the same number, on every machine, for ever."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_NOT_CONTENT: Final = frozenset(
    {"device_id", "org_id", "seq", "received_at", "device_time", "buffered", "boot_id", "grade", "grade_reason"}
)
"""Who and when received, and what differs between a fix sent live and the same fix sent again from the buffer."""


def fingerprints(rows: NDArray[Any], missing: dict[str, NDArray[np.bool_]], texts: dict[int, str]) -> NDArray[np.int64]:
    """A negative number per row of the structured array `rows`, shape (n,) -> (n,).

    It depends on the present values alone: `missing` says by column which are not, so that a column added later changes no
    number. `texts` holds, by row number, the content that is not in a column. SplitMix64's finaliser (Steele, Lea and Flood
    2014) mixes each value with its column's name.
    """
    mixed = np.zeros(len(rows), np.uint64)
    for name in rows.dtype.names or ():
        if name not in _NOT_CONTENT:
            value = _finalise(_bits(rows[name]) ^ np.uint64(_salt(name)))
            mixed += np.where(missing[name], np.uint64(0), value) if name in missing else value
    for row_no, text in texts.items():
        mixed[row_no] ^= np.uint64(_salt(text))
    return -(_finalise(mixed) >> np.uint64(1)).astype(np.int64) - 1


def _bits(column: NDArray[Any]) -> NDArray[np.uint64]:
    if column.dtype.kind == "f":
        return (column.astype("<f8") + 0.0).view(np.uint64)  # -0.0 and 0.0 are the same reading
    return column.astype(np.int64).view(np.uint64)


def _salt(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _finalise(mixed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def as_int8(number: int) -> int:
    """A sequence number of any size as one of 64 bits, the same for the same number."""
    return number if -(2**63) <= number < 2**63 else (number + 2**63) % 2**64 - 2**63


def fingerprint_of(*values: object) -> int:
    """The same for the content of one record."""
    digest = hashlib.blake2b(repr(values).encode(), digest_size=8).digest()
    return -(int.from_bytes(digest, "little") >> 1) - 1
