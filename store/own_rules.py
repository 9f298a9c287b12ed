"""Rules of one's own: their versions, trials and spans, the readings they are judged by, and what they remember."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.errors import ConflictError, NotFoundError
from domain.events import Event
from store.event_rows import read_event
from store.pool import Connection
from store.reading_log import BatchRecord
from store.statements import statements

_SQL: Final = statements("own_rules")
_SPACE: Final = 0x6F776E72  # of advisory locks
_READINGS: Final = {"position": "positions_after", "sensor": "sensor_readings_after"}


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule in its newest version, and which version is on since when."""

    org_id: int
    rule_id: str
    made_at: datetime
    made_by: str
    version: int
    definition: dict[str, Any]
    state: str
    changed_at: datetime
    changed_by: str
    tried_at: datetime | None
    tried_by: str | None
    trial: dict[str, Any] | None
    on_version: int | None
    on_since: datetime | None
    on_by: str | None
    off_since: datetime | None
    off_by: str | None
    off_because: str | None


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule, as it was written and tried."""

    version: int
    definition: dict[str, Any]
    state: str
    made_at: datetime
    made_by: str
    tried_at: datetime | None
    tried_by: str | None


@dataclass(frozen=True, slots=True)
class RuleSpan:
    """When a version was on, and who saw to that."""

    version: int
    since: datetime
    until: datetime | None
    started_by: str
    ended_by: str | None
    because: str | None


@dataclass(frozen=True, slots=True)
class ActiveSpan:
    """A version that is on, or was lately, and by which clock its hours go."""

    org_id: int
    rule_id: str
    version: int
    since: datetime
    until: datetime | None
    definition: dict[str, Any]
    time_zone: str


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


def list_rules(connection: Connection, org_id: int, rule_id: str | None = None) -> list[OwnRule]:
    """An organisation's rules, or the one of that name."""
    with connection.cursor(row_factory=class_row(OwnRule)) as cursor:
        return cursor.execute(_SQL["list_rules"], {"org_id": org_id, "rule_id": rule_id}).fetchall()


def rule_named(connection: Connection, org_id: int, rule_id: str) -> OwnRule:
    """One rule. Raises NotFoundError."""
    found = list_rules(connection, org_id, rule_id)
    if not found:
        raise NotFoundError("rule", rule_id)
    return found[0]


def list_versions(connection: Connection, org_id: int, rule_id: str) -> list[RuleVersion]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(RuleVersion)) as cursor:
        return cursor.execute(_SQL["list_versions"], {"org_id": org_id, "rule_id": rule_id}).fetchall()


def list_spans(connection: Connection, org_id: int, rule_id: str) -> list[RuleSpan]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(RuleSpan)) as cursor:
        return cursor.execute(_SQL["list_spans"], {"org_id": org_id, "rule_id": rule_id}).fetchall()


def write_rule(
    connection: Connection, org_id: int, rule_id: str, definition: Mapping[str, Any], *, actor: str, now: datetime
) -> int:
    """Keep a rule as a new version, a draft; returns its number. A version that is on stays on."""
    row = {"org_id": org_id, "rule_id": rule_id, "actor": actor, "now": now}
    connection.execute(_SQL["insert_rule"], row)
    added = connection.execute(_SQL["insert_version"], {**row, "definition": Jsonb(definition)}).fetchone()
    assert added is not None  # the rule is there now
    return int(added["version"])


def note_trial(
    connection: Connection, org_id: int, rule_id: str, version: int, trial: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Keep what a version would have told. Raises ConflictError when it was changed meanwhile."""
    if _lock(connection, org_id, rule_id) != version:
        raise ConflictError("the rule was changed while it was tried; try it again")
    row = {"org_id": org_id, "rule_id": rule_id, "version": version, "actor": actor, "now": now}
    connection.execute(_SQL["note_trial"], {**row, "trial": Jsonb(trial)})


def switch_on(connection: Connection, org_id: int, rule_id: str, *, since: datetime, actor: str) -> None:
    """Let the newest version be on in place of another. Raises NotFoundError, and ConflictError when it was not tried."""
    version = _lock(connection, org_id, rule_id)
    rule = rule_named(connection, org_id, rule_id)
    if rule.tried_at is None:
        raise ConflictError(f"version {version} was not tried: try it on past days before it is switched on")
    if rule.on_version == version:
        raise ConflictError(f"version {version} is on already")
    _end(connection, org_id, rule_id, since, actor, None)
    row = {"org_id": org_id, "rule_id": rule_id, "version": version}
    connection.execute(_SQL["set_state"], {**row, "state": "on"})
    connection.execute(_SQL["begin_span"], {**row, "since": since, "actor": actor})
    connection.execute(_SQL["tell_changed"], {"org_id": org_id})


def switch_off(connection: Connection, org_id: int, rule_id: str, *, actor: str, now: datetime) -> None:
    """Let it rest. Raises NotFoundError, and ConflictError when no version is on."""
    _lock(connection, org_id, rule_id)
    if not _end(connection, org_id, rule_id, now, actor, None):
        raise ConflictError("the rule is not on")
    connection.execute(_SQL["tell_changed"], {"org_id": org_id})


def suspend(connection: Connection, org_id: int, rule_id: str, because: str, now: datetime) -> None:
    """Let a rule rest that costs too much, and say why."""
    _end(connection, org_id, rule_id, now, None, because)


def _end(connection: Connection, org_id: int, rule_id: str, at: datetime, actor: str | None, because: str | None) -> bool:
    row = {"org_id": org_id, "rule_id": rule_id, "now": at, "actor": actor, "because": because}
    ended = connection.execute(_SQL["end_span"], row).fetchone()
    if ended is None:
        return False
    state = "off" if because is None else "suspended"
    connection.execute(_SQL["set_state"], {**row, "version": ended["version"], "state": state})
    return True


def _lock(connection: Connection, org_id: int, rule_id: str) -> int:
    row = connection.execute(_SQL["lock_rule"], {"org_id": org_id, "rule_id": rule_id}).fetchone()
    if row is None:
        raise NotFoundError("rule", rule_id)
    return int(row["version"])


def active_spans(connection: Connection, now: datetime) -> list[ActiveSpan]:
    """What is on, or was within the 31 days before `now`, of all organisations."""
    with connection.cursor(row_factory=class_row(ActiveSpan)) as cursor:
        return cursor.execute(_SQL["active_rules"], {"now": now}).fetchall()


def time_zone(connection: Connection, org_id: int) -> str:
    """By whose clock an organisation's hours go."""
    row = connection.execute(_SQL["time_zone"], {"org_id": org_id}).fetchone()
    return str(row["time_zone"]) if row else "UTC"


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


def active_devices(connection: Connection, org_id: int) -> dict[int, str]:
    """The keys of an organisation's devices, by number."""
    return {row["device_id"]: row["device_key"] for row in connection.execute(_SQL["count_devices"], {"org_id": org_id})}
