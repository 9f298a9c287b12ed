"""Beats: which days a round is due, and when a shop takes goods on such a day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any


def is_due(day: date, *, weekdays: Iterable[int], every_weeks: int, starts_on: date) -> bool:
    """Whether a beat runs on `day`: on its ISO weekdays (Monday is 1), in every so many weeks from that of `starts_on`."""
    if day < starts_on or day.isoweekday() not in set(weekdays):
        return False
    weeks = (_monday(day) - _monday(starts_on)).days // 7
    return weeks % every_weeks == 0


def window_on(windows: Iterable[Mapping[str, Any]], start: datetime) -> tuple[datetime, datetime] | None:
    """From when until when a shop takes goods on the day of `start`, in that moment's zone; its first window that day.

    `windows` have `weekday`, `opens` and `closes`, as ISO 8601 local times.
    """
    todays = [window for window in windows if window["weekday"] == start.isoweekday()]
    if not todays:
        return None
    first = min(todays, key=lambda window: str(window["opens"]))
    opens, closes = (time.fromisoformat(first[name]) for name in ("opens", "closes"))
    return datetime.combine(start.date(), opens, start.tzinfo), datetime.combine(start.date(), closes, start.tzinfo)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
