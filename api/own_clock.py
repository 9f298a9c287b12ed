"""By whose clock an organisation's forms and reports go: its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.access import Access
from domain.errors import InvalidInputError
from store import organisations
from store.pool import Connection


def zone_of(connection: Connection, org_id: int) -> ZoneInfo:
    """The time zone of an organisation that the transaction sees."""
    try:
        return ZoneInfo(organisations.time_zone_of(connection, org_id))
    except (ZoneInfoNotFoundError, ValueError):  # another machine knew it
        return ZoneInfo("UTC")


def clock_of(caller: Access) -> ZoneInfo:
    """The time zone of the caller's organisation."""
    with caller.transaction() as connection:
        return zone_of(connection, caller.org_id)


def by_own_clock(connection: Connection, org_id: int, at: datetime) -> datetime:
    """A moment by the clock of an organisation; while that is UTC, as nobody has said which it is, by the one it came with."""
    zone = zone_of(connection, org_id)
    return at if zone.key == "UTC" else at.astimezone(zone)


def span_of(first: date, zone: ZoneInfo, last: date | None = None) -> tuple[datetime, datetime]:
    """From the midnight at which a day begins to that at which it, or the day `last`, ends, both in UTC."""
    return _midnight(first, zone), _midnight(last or first, zone, after=True)


def _midnight(day: date, zone: ZoneInfo, *, after: bool = False) -> datetime:
    try:
        return datetime.combine(day + timedelta(days=after), time(), zone).astimezone(UTC)
    except OverflowError:  # before or after all days there are
        return datetime.max.replace(tzinfo=UTC) if day.year > date.max.year // 2 else datetime.min.replace(tzinfo=UTC)


def moment(field: str, text: str, zone: ZoneInfo) -> datetime | None:
    """A moment as a form says it, by the clock of `zone`; nothing for nothing. Raises InvalidInputError."""
    try:
        said = datetime.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise InvalidInputError(field, f"{text!r} is no moment such as 2026-03-02T10:00") from error
    return said.replace(tzinfo=zone) if said is not None and said.tzinfo is None else said


def typed(at: datetime | None, zone: ZoneInfo) -> str:
    """A moment as a form wants it."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"
