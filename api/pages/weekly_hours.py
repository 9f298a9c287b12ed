"""Weekly hours as people write them, a line for each: `Mon-Sat 13:00-14:00`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from itertools import groupby
from typing import Any, Final

from api.resources.suppressors import Weekly, WeeklyHours
from domain.errors import InvalidInputError

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LINE: Final = re.compile(
    r"(?:(?P<days>[A-Za-z][A-Za-z, -]*?)\s+)?(?P<opens>\d{1,2}:\d{2})\s*(?:-|\u2013|to)\s*(?P<closes>\d{1,2}:\d{2})"
)


def read_hours(field: str, text: str, time_zone: str) -> dict[str, Any] | None:
    """Weekly hours by the clock of a time zone, nothing for none; without days every day. Raises InvalidInputError."""
    hours = [one for line in text.splitlines() if line.strip() for one in _hours(field, line.strip())]
    return {"time_zone": time_zone, "hours": hours} if hours else None


def hours_text(weekly: Weekly | None) -> str:
    """Weekly hours as they are written: days in a row that have the same hours, in one line."""
    if weekly is None:
        return ""

    def span(one: WeeklyHours) -> str:
        closes = f"{one.closes:%H:%M}" if one.closes > time() else "24:00"
        return f"{one.opens:%H:%M}-{closes}"

    lines = []
    for said, group in groupby(sorted(weekly.hours, key=lambda one: (span(one), one.weekday)), key=span):
        lines += [f"{days} {said}" for days in _runs([one.weekday for one in group])]
    return "\n".join(lines)


def _runs(days: list[int]) -> Iterator[str]:
    for _, group in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0]):
        run = [day for _, day in group]
        yield _DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}"


def _hours(field: str, line: str) -> Iterator[dict[str, Any]]:
    found = _LINE.fullmatch(line)
    try:
        if found is None:
            raise ValueError
        opens, closes = (_clock(found[name]) for name in ("opens", "closes"))
        days = sorted({day for part in (found["days"] or "Mon-Sun").split(",") for day in _span(part)})
    except ValueError as error:
        raise InvalidInputError(field, f"{line!r} is not like Mon-Sat 13:00-14:00") from error
    for day in days:
        yield {"weekday": day, "opens": opens, "closes": closes}


def _clock(text: str) -> time:
    """A time of day, 24:00 being the midnight after. Raises ValueError."""
    return time.fromisoformat("00:00" if text == "24:00" else text.rjust(5, "0"))


def _span(text: str) -> Iterator[int]:
    """The days of `Mon` or `Fri-Mon`. Raises ValueError."""
    first, _, last = (part.strip() for part in text.partition("-"))
    begin = _DAYS.index(first[:3].capitalize())
    end = _DAYS.index(last[:3].capitalize()) if last else begin
    yield from ((begin + step) % 7 for step in range((end - begin) % 7 + 1))
