"""What is read to find habits of weeks and faulty clocks, and up to when both have been looked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.sql import SQL, Composed

from domain.events import Event
from domain.grades import GradeReason
from store.event_rows import read_event
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("night")
_FAULTY: Final = [int(GradeReason.clock_ahead), int(GradeReason.clock_behind)]


class Told(NamedTuple):
    """An event, with who drove what."""

    event: Event
    device_id: int
    driver_id: str | None
    vehicle_id: str | None


class Batches(NamedTuple):
    """Batches stored after the one numbered `after` up to `upto`, and whether there are others."""

    after: int
    upto: int
    has_more: bool


class Heard(NamedTuple):
    """A device that said something in some batches, and whether its clock is worth looking at."""

    device_id: int
    first_at: datetime  # received
    is_odd: bool


class StampRow(NamedTuple):
    """When and as what a device said that it made a reading."""

    device_id: int
    at: datetime
    received_at: datetime
    seq: int
    boot_id: int | None
    buffered: bool


def watched_until(connection: Connection) -> dict[int, datetime]:
    """By organisation, up to when habits have been looked for."""
    return {row["org_id"]: row["watched_until"] for row in connection.execute(_SQL["watched_until"])}


def note_watched(connection: Connection, org_id: int, until: datetime) -> None:
    """Habits have been looked for up to a moment."""
    connection.execute(_SQL["note_watched"], {"org_id": org_id, "until": until})


def events_of_rules(connection: Connection, org_id: int, rules: Sequence[str], since: datetime, until: datetime) -> list[Told]:
    """What is held to be true of some rules, over at or after `since` and begun before `until`, by beginning."""
    parameters = {"org_id": org_id, "rules": list(rules), "since": since, "until": until}
    return [
        Told(read_event(row), row["device_id"], row["driver_id"], row["vehicle_id"])
        for row in connection.execute(_SQL["events_of_rules"], parameters)
    ]


def batches_to_watch(connection: Connection, rows: int) -> Batches:
    """The next batches whose clocks nobody has looked at, of some `rows` readings together."""
    row = connection.execute(_SQL["batches_to_watch"], {"rows": rows}).fetchone()
    assert row is not None  # there is always one row
    return Batches(**row)


def devices_heard(connection: Connection, batches: Batches) -> list[Heard]:
    """The devices of `batches`."""
    rows = connection.execute(_said("devices_heard"), {**batches._asdict(), "reasons": _FAULTY})
    return [Heard(row["device_id"], row["first_at"], row["is_odd"]) for row in rows]


def stamps_of_batches(connection: Connection, batches: Batches, devices: Collection[int]) -> list[StampRow]:
    """The time stamps of some devices in `batches`."""
    wanted = {**batches._asdict(), "device_ids": sorted(devices)}
    return [StampRow(**row) for row in connection.execute(_said("stamps_of_batches"), wanted)]


def stamps_before(connection: Connection, batches: Batches, devices: Collection[int], since: datetime) -> list[StampRow]:
    """The time stamps of some devices before `batches`, received at or after `since`."""
    wanted = {"after": batches.after, "device_ids": sorted(devices), "since": since}
    return [StampRow(**row) for row in connection.execute(_said("stamps_before"), wanted)]


def note_clocks_watched(connection: Connection, upto: int) -> None:
    """Clocks have been looked at up to a batch."""
    connection.execute(_SQL["note_clocks_watched"], {"batch_id": upto})


def _said(statement: str) -> Composed:
    return SQL(_SQL[statement]).format(said=SQL(_SQL["said"]))
