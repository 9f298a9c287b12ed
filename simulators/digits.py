"""Cells of CSV text, compiled: each writes at a place of the text, with a comma behind it, and says where the next begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.compiler import kernel

Bytes = NDArray[np.uint8]
Words = tuple[Bytes, NDArray[np.int64]]


def words_of(words: Sequence[bytes]) -> Words:
    """Words one after another, and where each begins and the last ends."""
    ends = np.cumsum([0, *map(len, words)]).astype(np.int64)
    return np.frombuffer(b"".join(words) or b"\0", np.uint8).copy(), ends


@kernel
def comma(text: Bytes, at: int) -> int:
    """An empty cell, or the end of one."""
    text[at] = 44
    return at + 1


@kernel
def word(text: Bytes, at: int, words: Bytes, begin: int, end: int) -> int:
    """The bytes of a word."""
    for k in range(begin, end):
        text[at + k - begin] = words[k]
    return comma(text, at + end - begin)


@kernel
def _digits(text: Bytes, at: int, value: int, width: int) -> int:
    """A whole number with leading zeros."""
    for k in range(width - 1, -1, -1):
        text[at + k] = 48 + value % 10
        value //= 10
    return at + width


@kernel
def decimal(text: Bytes, at: int, scaled: int, places: int, least_places: int = 0) -> int:
    """`scaled` / 10 ** `places` without trailing zeros beyond `least_places`."""
    if scaled < 0:
        text[at] = 45
        at += 1
        scaled = -scaled
    while places > least_places and scaled % 10 == 0:
        scaled //= 10
        places -= 1
    unit = 10**places
    whole, width = scaled // unit, 1
    while whole >= 10**width:
        width += 1
    at = _digits(text, at, whole, width)
    if places > 0:
        text[at] = 46
        at = _digits(text, at + 1, scaled % unit, places)
    return comma(text, at)


@kernel
def number(text: Bytes, at: int, value: float, places: int) -> int:
    """At most so many decimals; empty for NaN."""
    if np.isnan(value):
        return comma(text, at)
    return decimal(text, at, int(np.rint(value * 10.0**places)), places)


@kernel
def real(text: Bytes, at: int, value: float, places: int) -> int:
    """As Python writes a float that has at most so many decimals."""
    if np.isnan(value):
        return comma(text, at)
    if value == 0 and np.signbit(value):
        text[at] = 45
        at += 1
    return decimal(text, at, int(np.rint(value * 10.0**places)), places, 1)


@kernel
def flag(text: Bytes, at: int, state: int) -> int:
    """1 true, 0 false, else empty."""
    if state == 1:
        text[at], text[at + 1], text[at + 2], text[at + 3] = 116, 114, 117, 101
        return comma(text, at + 4)
    if state == 0:
        text[at], text[at + 1], text[at + 2], text[at + 3], text[at + 4] = 102, 97, 108, 115, 101
        return comma(text, at + 5)
    return comma(text, at)


@kernel
def moment(text: Bytes, at: int, microseconds: int) -> int:
    """ISO 8601 in UTC. Civil dates from days: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms."""
    second, fraction = microseconds // 1_000_000, microseconds % 1_000_000
    day, second = second // 86_400 + 719_468, second % 86_400
    era = day // 146_097
    of_era = day - era * 146_097
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    at = _digits(text, at, year_of_era + era * 400 + (1 if month <= 2 else 0), 4)
    text[at] = 45
    at = _digits(text, at + 1, month, 2)
    text[at] = 45
    at = _digits(text, at + 1, of_year - (153 * month_from_march + 2) // 5 + 1, 2)
    text[at] = 84
    at = _digits(text, at + 1, second // 3600, 2)
    text[at] = 58
    at = _digits(text, at + 1, second // 60 % 60, 2)
    text[at] = 58
    at = _digits(text, at + 1, second % 60, 2)
    if fraction:
        text[at] = 46
        at = _digits(text, at + 1, fraction // 1000, 3) if fraction % 1000 == 0 else _digits(text, at + 1, fraction, 6)
    text[at] = 90
    return comma(text, at + 1)
