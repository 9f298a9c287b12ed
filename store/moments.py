"""Moments that can be read again: PostgreSQL keeps years before 1 and after 9999 in UTC, which Python does not have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.datetime import DatetimeBinaryDumper, DatetimeDumper


def refuse_unreadable_moments(connection: psycopg.Connection[Any]) -> None:
    """Have `connection` raise DataError for a moment which no statement could read again, instead of keeping it."""
    connection.adapters.register_dumper(datetime, _TextDumper)
    connection.adapters.register_dumper(datetime, _BinaryDumper)  # the last is taken where both would do


class _TextDumper(DatetimeDumper):
    def dump(self, obj: datetime) -> Buffer | None:
        return super().dump(_readable(obj))


class _BinaryDumper(DatetimeBinaryDumper):
    def dump(self, obj: datetime) -> Buffer | None:
        return super().dump(_readable(obj))


def _readable(at: datetime) -> datetime:
    if date.min.year < at.year < date.max.year:
        return at
    try:
        at.astimezone(UTC)
    except OverflowError as error:
        raise psycopg.DataError(f"{at.isoformat()} is before the year 1 or after 9999 in UTC") from error
    return at
