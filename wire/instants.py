"""Moments as text: ISO 8601 in, always with a zone; the shortest exact UTC form out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND_US: Final = 1000
_LONGEST_SHOWN: Final = 40
_LAST_MS: Final = 253_402_300_799_999
_FIRST_MS: Final = -62_135_596_800_000
_MILLISECOND: Final = timedelta(milliseconds=1)


def parse_instant(text: str) -> datetime:
    """The UTC moment that ISO 8601 text with a zone (`Z`, `z`, `+05:30`, `+0530`) names; digits past microseconds are cut.

    Raises `ValueError` for anything else, an unzoned time included: guessing a zone would move every reading.
    """
    try:
        moment = datetime.fromisoformat(text.upper() if text[-1:] == "z" else text)
    except ValueError as error:
        raise ValueError(f"{text[:_LONGEST_SHOWN]!r} is no ISO 8601 time: {error}") from None
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


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
