"""What is read to find habits of weeks and faulty clocks, and up to when both have been looked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

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
    """Batches stored after the one numbered `after` up to `upto`, and before them those from `first` on, for what goes on."""

    after: int
    upto: int
    first: int


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


def batches_to_watch(connection: Connection) -> Batches:
    """The batches whose clocks nobody has looked at."""
    row = connection.execute(_SQL["batches_to_watch"]).fetchone()
    assert row is not None  # there is always one row
    return Batches(row["after"], row["upto"], row["first"])


def odd_stamps(connection: Connection, batches: Batches) -> list[StampRow]:
    """The time stamps, in `batches`, of devices whose clocks are worth looking at."""
    wanted = {**batches._asdict(), "reasons": _FAULTY}
    odd = [row["device_id"] for row in connection.execute(_SQL["devices_with_odd_clocks"], wanted)]
    if not odd:
        return []
    return [StampRow(**row) for row in connection.execute(_SQL["stamps_of_devices"], {**wanted, "device_ids": odd})]


def note_clocks_watched(connection: Connection, upto: int) -> None:
    """Clocks have been looked at up to a batch."""
    connection.execute(_SQL["note_clocks_watched"], {"batch_id": upto})
