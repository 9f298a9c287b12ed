"""When a shop is open, in microseconds since 1970."""

from __future__ import annotations

from typing import Final

from domain.equipment import Shelf

_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US


def open_span(shelf: Shelf, at_us: int) -> tuple[int, int]:
    """Opening and closing of the opening hours that hold at a moment, or else of the next ones.

    A shop that closes at an hour not later than it opens closes on the next day; one whose hours are equal is open for whole
    days, from one opening hour to the next.
    """
    midnight_us = local_midnight_us(shelf, at_us)
    long_us = round(((shelf.closes_h - shelf.opens_h) % 24 or 24) * _HOUR_US)
    for day in (-1, 0, 1, 2):
        opens_us = midnight_us + day * _DAY_US + round(shelf.opens_h * _HOUR_US)
        if at_us < opens_us + long_us:
            return opens_us, opens_us + long_us
    raise AssertionError("a shop opens every day")


def local_midnight_us(shelf: Shelf, at_us: int) -> int:
    """The begin of the shop's day."""
    ahead_us = shelf.utc_offset_min * 60_000_000
    return (at_us + ahead_us) // _DAY_US * _DAY_US - ahead_us
