"""Moments as whole Unix microseconds and back, without passing through floating point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_unix_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // _MICROSECOND


def from_unix_us(microseconds: int) -> datetime:
    """The UTC moment so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=microseconds)
