"""Moments as text: ISO 8601 in, always with a zone; the shortest exact UTC form out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND_US: Final = 1000
_LONGEST_SHOWN: Final = 40
_LAST_MS: Final = 253_402_300_799_999
_FIRST_MS: Final = -62_135_596_800_000
_MILLISECOND: Final = timedelta(milliseconds=1)
_LEAP_SECOND: Final = re.compile(r"(\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d:?)60(?!\d)(.*)", re.ASCII)
_MIDNIGHT: Final = re.compile(r"(\d{4}-?\d\d-?\d\d[T ])24(:?00:?00(?:[.,]0+)?(?!\d).*)", re.ASCII)


def parse_instant(text: str) -> datetime:
    """The UTC moment that ISO 8601 text with a zone (`Z`, `z`, `+05:30`, `+0530`) names; digits past microseconds are cut.

    24:00 is the next day's midnight, and a second 60, which receivers say at a leap second, the second after 59. Raises
    `ValueError` for anything else, an unzoned time included: guessing a zone would move every reading.
    """
    try:
        moment = datetime.fromisoformat(text.upper() if text[-1:] == "z" else text)
    except ValueError as error:
        moment = _beyond_the_last(text, error)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


def _beyond_the_last(text: str, refusal: ValueError) -> datetime:
    """The moment of a second or an hour that is one more than the library counts."""
    try:
        if found := _LEAP_SECOND.fullmatch(text.upper()):
            return datetime.fromisoformat(f"{found[1]}59{found[2]}") + timedelta(seconds=1)
        if found := _MIDNIGHT.fullmatch(text.upper()):
            return datetime.fromisoformat(f"{found[1]}00{found[2]}") + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        refusal = ValueError(str(error))
    raise ValueError(f"{text[:_LONGEST_SHOWN]!r} is no ISO 8601 time: {refusal}") from None


def format_instant(moment: datetime) -> str:
    """The moment in UTC with `Z`, with as many of milli- and microseconds as it has."""
    microsecond = moment.microsecond
    timespec = "seconds" if not microsecond else "microseconds" if microsecond % _MILLISECOND_US else "milliseconds"
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def from_unix_ms(milliseconds: int) -> datetime:
    """The moment that many milliseconds after 1970; `ValueError` outside the years 1 to 9999."""
    if not _FIRST_MS <= milliseconds <= _LAST_MS:
        raise ValueError(f"{milliseconds} ms is outside the years 1 to 9999")
    return EPOCH + milliseconds * _MILLISECOND


def to_unix_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // _MILLISECOND
