"""Weekly hours by the clock of a time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.zones import OpenHours


def read_hours(said: Iterable[Mapping[str, Any]]) -> tuple[OpenHours, ...]:
    """Hours from the terms of JSON."""
    return tuple(OpenHours(one["weekday"], time.fromisoformat(one["opens"]), time.fromisoformat(one["closes"])) for one in said)


def zone_of(name: str) -> tzinfo:
    """The time zone of that name; UTC for one that there is not, so that one wrong word stops no rule."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def is_open(hours: Sequence[OpenHours], local: datetime) -> bool:
    """Whether a local moment is within weekly hours; without any it is. Hours past midnight belong to the day they begin."""
    return not hours or any(_holds(one, local) for one in hours)


def _holds(one: OpenHours, local: datetime) -> bool:
    now, day = local.time(), local.weekday()
    if one.opens < one.closes:
        return day == one.weekday and one.opens <= now < one.closes
    return (day == one.weekday and now >= one.opens) or (day == (one.weekday + 1) % 7 and now < one.closes)
