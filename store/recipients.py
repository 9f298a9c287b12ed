"""Whom an organisation wants told, and who is on duty."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier
from psycopg.types.range import Range

from domain.errors import InvalidInputError, NotFoundError
from domain.events import Severity
from domain.recipients import Recipient
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("alerts")
_NEVER: Final = "never"


class Duty(NamedTuple):
    """A span of time that a person is on duty."""

    person: str
    since: datetime
    until: datetime
    changed_at: datetime


class Cell(NamedTuple):
    """A cell as it is listed, and when it was changed."""

    recipient: Recipient
    changed_at: datetime

    @property
    def person(self) -> str:
        """Who is told."""
        return self.recipient.person

    @property
    def channel(self) -> str:
        """By what."""
        return self.recipient.channel

    @property
    def rule(self) -> str:
        """Of what."""
        return self.recipient.rule


_CELL: Final = {name: Identifier(name) for name in ("person", "channel", "rule")}
CELLS: Final = Listing(
    sorts={**_CELL, "changed_at": Identifier("changed_at")},
    keys=_CELL,
    changed=SQL("changed_at >= %(changed_since)s"),
)
_DUTY: Final = {"since": SQL("lower(span)"), "until": SQL("upper(span)"), "person": Identifier("person")}
DUTIES: Final = Listing(
    sorts={**_DUTY, "changed_at": Identifier("changed_at")},
    keys=_DUTY,
    changed=SQL("changed_at >= %(changed_since)s"),
)


def recipients(connection: Connection, org_id: int) -> list[Recipient]:
    """All cells of everybody's matrix."""
    return [_recipient(row) for row in connection.execute(_SQL["recipients"], {"org_id": org_id})]


def list_recipients(
    connection: Connection,
    org_id: int,
    *,
    person: str | None = None,
    channel: str | None = None,
    rule: str | None = None,
    part: Part = FIRST,
) -> list[Cell]:
    """Cells of everybody's matrix, by person, channel and rule unless `part` says otherwise."""
    end, page = ending(CELLS, part)
    wanted = {"org_id": org_id, "person": person, "channel": channel, "rule": rule}
    rows = connection.execute(SQL(_SQL["list_recipients"]).format(part=end), {**wanted, **page})
    return [Cell(_recipient(row), row["changed_at"]) for row in rows]


def find_recipient(
    connection: Connection, org_id: int, person: str, channel: str, rule: str, *, lock: bool = False
) -> Cell | None:
    """One cell, held until the transaction ends if so wished."""
    if lock:
        cell = {"org_id": org_id, "person": person, "channel": channel, "rule": rule}
        connection.execute(_SQL["lock_recipient"], cell)
    return next(iter(list_recipients(connection, org_id, person=person, channel=channel, rule=rule)), None)


def digest_readers(connection: Connection) -> list[tuple[int, Recipient]]:
    """Organisation and cell of everybody who wants a digest, once for each channel."""
    return [(row["org_id"], _recipient(row)) for row in connection.execute(_SQL["digest_readers"])]


def save_recipient(connection: Connection, org_id: int, recipient: Recipient) -> None:
    """Insert or replace one cell, known by person, channel and rule. Raises InvalidInputError for a time zone there is not."""
    if recipient.time_zone not in available_timezones():
        raise InvalidInputError("time_zone", f"there is no {recipient.time_zone!r}; name one such as Asia/Kolkata")
    least = recipient.least_severity.value if recipient.least_severity else _NEVER
    row = {name: getattr(recipient, name) for name in Recipient.__dataclass_fields__}
    connection.execute(_SQL["save_recipient"], {**row, "org_id": org_id, "least_severity": least})


def delete_recipient(connection: Connection, org_id: int, person: str, channel: str, rule: str) -> None:
    """Remove one cell. Raises NotFoundError."""
    cell = {"org_id": org_id, "person": person, "channel": channel, "rule": rule}
    if not connection.execute(_SQL["delete_recipient"], cell).rowcount:
        raise NotFoundError("recipient", f"{person} {channel} {rule}")


def save_duty(connection: Connection, org_id: int, person: str, since: datetime, until: datetime) -> None:
    """Put a person on the rota for a span of time."""
    connection.execute(_SQL["save_duty"], {"org_id": org_id, "person": person, "span": Range(since, until)})


def list_duties(
    connection: Connection, org_id: int, *, person: str | None = None, at: datetime | None = None, part: Part = FIRST
) -> list[Duty]:
    """The rota in order of time unless `part` says otherwise; `at` is a moment of which to tell who is on duty."""
    end, page = ending(DUTIES, part)
    wanted = {"org_id": org_id, "person": person, "at": at}
    return [Duty(**row) for row in connection.execute(SQL(_SQL["list_duties"]).format(part=end), {**wanted, **page})]


def delete_duty(connection: Connection, org_id: int, person: str, since: datetime) -> None:
    """Take the duty of a person that begins then off the rota. Raises NotFoundError."""
    if not connection.execute(_SQL["delete_duty"], {"org_id": org_id, "person": person, "since": since}).rowcount:
        raise NotFoundError("duty", f"{person} {since.isoformat()}")


def off_duty(connection: Connection, org_id: int, now: datetime) -> frozenset[str]:
    """Those who are on the rota, but not now."""
    rows = connection.execute(_SQL["on_duty"], {"org_id": org_id, "now": now})
    return frozenset(row["person"] for row in rows if not row["is_on_duty"])


def _recipient(row: DictRow) -> Recipient:
    return Recipient(
        row["person"],
        row["channel"],
        row["rule"],
        row["address"],
        None if row["least_severity"] == _NEVER else Severity(row["least_severity"]),
        row["level"],
        row["territory"],
        row["quiet_from"],
        row["quiet_until"],
        row["time_zone"],
        row["wants_digest"],
    )
