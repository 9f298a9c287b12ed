"""Who is told about an alert, on which channel, and when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.alerts import is_at_least
from domain.events import Severity
from domain.recipients import EVERY_RULE, Recipient


def routed(
    recipients: Iterable[Recipient],
    rule: str,
    severity: Severity,
    *,
    level: int = 0,
    off_duty: Collection[str] = (),
    territories: Collection[str] = (),
) -> list[Recipient]:
    """The cells that apply, one for each person and channel: that of the rule before that for every rule.

    `level` is how far the alert has escalated, `territories` the zones that it is inside.
    """
    cells: dict[tuple[str, str], Recipient] = {}
    for cell in recipients:
        if cell.rule == rule or (cell.rule == EVERY_RULE and (cell.person, cell.channel) not in cells):
            cells[cell.person, cell.channel] = cell
    return [cell for cell in cells.values() if _wants(cell, severity, level, off_duty, territories)]


def _wants(cell: Recipient, severity: Severity, level: int, off_duty: Collection[str], territories: Collection[str]) -> bool:
    return (
        cell.least_severity is not None
        and is_at_least(severity, cell.least_severity)
        and cell.level <= level
        and cell.person not in off_duty
        and (cell.territory is None or cell.territory in territories)
    )


def channels_of(recipients: Iterable[Recipient], person: str, rule: str) -> list[Recipient]:
    """How somebody wants to hear of what is theirs: one cell a channel, but for those where they want nothing of it."""
    mine = [cell for cell in recipients if cell.person == person]
    cells = {cell.channel: cell for cell in mine if cell.rule == EVERY_RULE} | {
        cell.channel: cell for cell in mine if cell.rule == rule
    }
    return [cell for cell in cells.values() if cell.least_severity is not None]


def send_at(cell: Recipient, severity: Severity, now: datetime) -> datetime:
    """Now, or the end of the person's quiet hours; what is critical does not wait."""
    if severity is Severity.critical or cell.quiet_from is None or cell.quiet_until is None:
        return now
    local = now.astimezone(local_zone(cell))
    if not _is_within(local.time(), cell.quiet_from, cell.quiet_until):
        return now
    until = local.replace(
        hour=cell.quiet_until.hour, minute=cell.quiet_until.minute, second=cell.quiet_until.second, microsecond=0
    )
    if until <= local:
        until += timedelta(days=1)
    return until.astimezone(now.tzinfo)


def local_zone(cell: Recipient) -> tzinfo:
    """The person's time zone."""
    return zone_named(cell.time_zone)


def zone_named(name: str) -> tzinfo:
    """A time zone; UTC where a name was stored that there is not, for one person's typing stops nobody's alerts."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _is_within(moment: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= moment < end
    return moment >= start or moment < end  # over midnight
