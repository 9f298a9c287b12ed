"""Schedules and validity as microseconds that a kernel can compare."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from domain.zones import Schedule, Zone
from geofence.kernels.zone_arrays import FOREVER_US, SINCE_EVER_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_US = 86_400_000_000
_WEEK_US = 7 * _DAY_US
_FIRST_YEAR, _LAST_YEAR = 2000, 2060


def microseconds(moment: datetime, field: str) -> int:
    """Microseconds since 1970 UTC. Raises InvalidInputError naming `field` for a time without a zone."""
    if moment.tzinfo is None:
        raise InvalidInputError(field, "has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def validity_us(zone: Zone, field: str) -> tuple[int, int]:
    """From and until in microseconds. Raises InvalidInputError if the zone would end before it starts."""
    start = SINCE_EVER_US if zone.valid_from is None else microseconds(zone.valid_from, f"{field}.valid_from")
    end = FOREVER_US if zone.valid_until is None else microseconds(zone.valid_until, f"{field}.valid_until")
    if end <= start:
        raise InvalidInputError(f"{field}.valid_until", "is not after valid_from")
    return start, end


def _since_midnight_us(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


def week_windows_us(schedule: Schedule, field: str) -> NDArray[np.int64]:
    """(w, 2) opening and closing in microseconds since Monday 00:00, none of them past the week's end."""
    windows: list[tuple[int, int]] = []
    for place, hours in enumerate(schedule.hours):
        if not 0 <= hours.weekday <= 6:
            raise InvalidInputError(f"{field}.schedule.hours.{place}.weekday", "is not between 0 (Monday) and 6 (Sunday)")
        opens = hours.weekday * _DAY_US + _since_midnight_us(hours.opens)
        closes = hours.weekday * _DAY_US + _since_midnight_us(hours.closes)
        if closes <= opens:
            closes += _DAY_US
        windows.append((opens, min(closes, _WEEK_US)))
        if closes > _WEEK_US:
            windows.append((0, closes - _WEEK_US))
    return np.array(windows, dtype=np.int64).reshape(-1, 2)


@lru_cache(maxsize=256)
def _clock_changes(time_zone: str) -> tuple[tuple[int, int], ...]:
    zone = ZoneInfo(time_zone)

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(zone).utcoffset() or timedelta()

    moment, end = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR, 1, 1, tzinfo=UTC)
    changes = [(SINCE_EVER_US, offset(moment) // _MICROSECOND)]
    while moment < end:
        following = moment + timedelta(days=7)
        if offset(following) != offset(moment):
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            change = high.replace(microsecond=0)
            changes.append(((change - _EPOCH) // _MICROSECOND, offset(high) // _MICROSECOND))
        moment = following
    return tuple(changes)


def clock_changes_us(schedule: Schedule, field: str) -> NDArray[np.int64]:
    """(c, 2) moments from which a time zone's clock is so many microseconds ahead of UTC, 2000 to 2060."""
    try:
        return np.array(_clock_changes(schedule.time_zone), dtype=np.int64)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError(f"{field}.schedule.time_zone", f"{schedule.time_zone!r} is not a known time zone") from error
