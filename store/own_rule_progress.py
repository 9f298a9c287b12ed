"""How far rules of one's own have judged, the readings they judge by, and what they remember of devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.types.json import Jsonb

from domain.events import Event
from store.event_rows import read_event
from store.pool import Connection
from store.reading_log import BatchRecord
from store.statements import statements

_SQL: Final = statements("own_rule_progress")
_SPACE: Final = 0x6F776E72  # of advisory locks
_READINGS: Final = {"position": "positions_after", "sensor": "sensor_readings_after"}


class First(NamedTuple):
    """The first reading of a device in some batches."""

    device_id: int
    org_id: int
    at: datetime


class Kept(NamedTuple):
    """What was remembered of a device after its reading of a moment."""

    at: datetime
    state: dict[str, Any]


class Cursors(NamedTuple):
    """How far batches and plans have been read."""

    batch_cursor: int
    plan_cursor: int


def try_to_lead(connection: Connection) -> bool:
    """Become the one session that judges by own rules, for as long as it lives."""
    row = connection.execute(_SQL["lead"], {"space": _SPACE}).fetchone()
    return bool(row and row["leads"])


def read_cursors(connection: Connection) -> Cursors:
    """How far own rules have judged."""
    row = connection.execute(_SQL["cursor"]).fetchone()
    assert row is not None  # its migration inserts the row
    return Cursors(**row)


def move_cursors(connection: Connection, cursors: Cursors) -> None:
    """Store how far they have."""
    connection.execute(_SQL["move_cursor"], cursors._asdict())


def newest_plan_cursor(connection: Connection) -> int:
    """The cursor of who has seen all changes of plans so far."""
    row = connection.execute(_SQL["newest_plan_cursor"]).fetchone()
    return int(row["cursor"]) if row else 0


def first_readings(
    connection: Connection, series: str, batches: Sequence[BatchRecord], org_ids: Collection[int]
) -> list[First]:
    """Of which devices of some organisations the batches have readings, and the first of each."""
    name, low, high = (
        ("first_positions", "min_fix_time", "max_fix_time")
        if series == "position"
        else ("first_sensor_readings", "min_measured_at", "max_measured_at")
    )
    begun = [getattr(batch, low) for batch in batches if getattr(batch, low) is not None]
    if not begun or not org_ids:
        return []
    ended = [getattr(batch, high) for batch in batches if getattr(batch, high) is not None]
    wanted = {"batch_ids": [batch.batch_id for batch in batches], "org_ids": list(org_ids), low: min(begun), high: max(ended)}
    return [First(**row) for row in connection.execute(_SQL[name], wanted)]


def readings_after(
    connection: Connection,
    series: str,
    afters: Mapping[int, datetime],
    until: datetime,
    *,
    cursor: int | None,
    limit: int | None = None,
) -> dict[int, list[dict[str, Any]]]:
    """By device, what it said after its moment and before `until`, in order; with `cursor` only of batches up to that."""
    if not afters:
        return {}
    wanted = {"device_ids": list(afters), "afters": list(afters.values()), "first_after": min(afters.values())}
    query = _SQL[_READINGS[series]].replace("{as_seen}", "" if cursor is None else _SQL["as_seen"])
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(query, {**wanted, "until": until, "cursor": cursor, "limit": limit}):
        found[row["device_id"]].append(row)
    return found


def devices_of(connection: Connection, org_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """By organisation, its devices' keys by number."""
    found: dict[int, dict[int, str]] = {org_id: {} for org_id in org_ids}
    for row in connection.execute(_SQL["devices_of"], {"org_ids": list(org_ids)}):
        found[row["org_id"]][row["device_id"]] = row["device_key"]
    return found


def trips_of(
    connection: Connection, org_id: int, device_ids: Collection[int], since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Trips of devices planned within a span: number of the device, name, planned start and end."""
    wanted = {"org_id": org_id, "device_ids": list(device_ids), "since": since, "until": until}
    return connection.execute(_SQL["trips_of"], wanted).fetchall()


def mountings_of(connection: Connection, device_ids: Collection[int]) -> list[dict[str, Any]]:
    """On which vehicles devices were, and when."""
    return connection.execute(_SQL["mountings_of"], {"device_ids": list(device_ids)}).fetchall()


def checkpoints_before(connection: Connection, series: str, befores: Mapping[int, datetime]) -> dict[int, Kept]:
    """The newest of each device that is earlier than given."""
    wanted = {"series": series, "device_ids": list(befores), "befores": list(befores.values())}
    return {row["device_id"]: Kept(row["at"], row["state"]) for row in connection.execute(_SQL["checkpoints_before"], wanted)}


def drop_checkpoints(connection: Connection, series: str, sinces: Mapping[int, datetime]) -> None:
    """Forget those of each device that are not earlier than given."""
    gone = {"series": series, "device_ids": list(sinces), "sinces": list(sinces.values())}
    connection.execute(_SQL["drop_checkpoints_since"], gone)


def save_checkpoints(connection: Connection, org_id: int, series: str, states: Mapping[int, Kept]) -> None:
    """Save what is remembered of devices, and thin out what was."""
    rows = [
        {"device_id": device_id, "series": series, "at": kept.at, "org_id": org_id, "state": Jsonb(kept.state)}
        for device_id, kept in states.items()
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL["save_checkpoint"], rows)
        connection.execute(_SQL["thin_checkpoints"], {"device_ids": list(states), "series": series})


def events_since(connection: Connection, org_id: int, rules: Iterable[str], afters: Mapping[int, datetime]) -> set[str]:
    """What rules hold of devices that was decided after a moment of each."""
    wanted = {"org_id": org_id, "rules": list(rules), "device_ids": list(afters), "afters": list(afters.values())}
    return {row["event_id"] for row in connection.execute(_SQL["events_since"], wanted)}


def open_events(connection: Connection, org_id: int, rule: str, version: int, until: datetime) -> list[tuple[int, Event]]:
    """Number of the device and event of what a version of a rule holds that began before a moment and has not ended."""
    wanted = {"org_id": org_id, "rule": rule, "facts": Jsonb({"version": version}), "until": until}
    return [(row["device_id"], read_event(row)) for row in connection.execute(_SQL["open_events"], wanted)]
