"""Weekly hours as JSON: `{"time_zone": "Asia/Kolkata", "hours": [{"weekday": 0, "opens": "08:00", "closes": "18:00"}]}`."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.zones import OpenHours, Schedule
from wire.files.node import Node


def maybe_schedule(node: Node, key: str) -> Schedule | None:
    """The schedule there, or `None`. Monday is weekday 0; what closes no later than it opens, closes the day after."""
    if not node.has(key):
        return None
    at = node.at(key)
    time_zone = at.text("time_zone")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise at.at("time_zone").refuse(f"{time_zone!r} is not a known time zone") from None
    hours = tuple(_hours(one) for one in at.at("hours").items())
    if not hours:
        raise at.at("hours").refuse("must not be empty")
    return Schedule(time_zone, hours)


def _hours(node: Node) -> OpenHours:
    weekday = node.number("weekday")
    if weekday not in range(7):
        raise node.at("weekday").refuse("must be from 0 (Monday) to 6 (Sunday)")
    return OpenHours(int(weekday), _time(node, "opens"), _time(node, "closes"))


def _time(node: Node, key: str) -> time:
    try:
        moment = time.fromisoformat(node.text(key))
    except ValueError:
        raise node.at(key).refuse("must be a time of day such as 08:30") from None
    if moment.tzinfo is not None:
        raise node.at(key).refuse("must be a time of day of the schedule's own time zone")
    return moment
