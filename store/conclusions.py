"""Events, visits and the engine's checkpoints. Storing what is stored already changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from domain.events import Event, Severity, Visit, VisitState
from store.pool import Connection
from store.statements import statements
from store.storable import storable

_SQL: Final = statements("conclusions")
StopKey = tuple[str, str]


class Judged(NamedTuple):
    """A device, by our number, of an organisation; `key` is its name in events."""

    device_id: int
    org_id: int
    key: str


class Checkpoint(NamedTuple):
    """The engine's state of a device whose moment is `at`, and the last change of a conclusion that it had led to."""

    device_id: int
    at: datetime
    change_no: int
    state: bytes
    doubts: str | None = None  # about its clock, JSON


class Saved(NamedTuple):
    """A device's state after the moment `at`, and the doubts about its clock by then, JSON; None: nobody knows whether any."""

    at: datetime
    state: bytes
    doubts: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """What is stored about some devices that changed after a checkpoint of each.

    `current` is held to be true now; `base` was held to be true at the checkpoint, of everything that has changed since.
    """

    current_events: Mapping[str, Event] = field(default_factory=dict)
    base_events: Mapping[str, Event] = field(default_factory=dict)
    current_visits: Mapping[StopKey, Visit] = field(default_factory=dict)
    base_visits: Mapping[StopKey, Visit] = field(default_factory=dict)


def put_events(connection: Connection, devices: Mapping[str, Judged], events: Iterable[Event]) -> None:
    """Insert events, or give stored ones their new form. `devices` has every device named by an event."""
    rows = [_event_row(devices[event.device_id], event) for event in events]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL["upsert_event"], rows)


def put_visits(
    connection: Connection, devices: Mapping[StopKey, Judged], visits: Iterable[Visit], whole: Collection[StopKey] = ()
) -> None:
    """Insert visits, or give stored ones their new form; `devices` says by (trip, stop) whose they are.

    Their evidence adds to what is stored, but for those of `whole`, which have all of it.
    """
    keyed = [((visit.trip_id, visit.stop_id), visit) for visit in visits]
    rows = [{**_visit_row(devices[key], visit), "is_whole": key in whole} for key, visit in keyed]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL["upsert_visit"], rows)


def supersede_events(connection: Connection, org_id: int, event_ids: Sequence[str], because: str) -> None:
    """Stop holding events to be true: because of `late_data`, or because they were `replanned`."""
    if event_ids:
        connection.execute(_SQL["supersede_events"], {"org_id": org_id, "event_ids": list(event_ids), "because": because})


def withdraw_events(connection: Connection, org_id: int, reasons: Mapping[str, str]) -> None:
    """Stop holding events to be true that the engine itself took back, with its reason for each."""
    if reasons:
        named = {"event_ids": list(reasons), "reasons": list(reasons.values())}
        connection.execute(_SQL["withdraw_events"], {"org_id": org_id, **named})


def past_since(
    connection: Connection,
    devices: Sequence[Judged],
    change_nos: Mapping[int, int],
    *,
    rules: Sequence[str] = (),
    among: bool = False,
) -> Past:
    """What changed after `change_nos[device_id]` (0 = ever) about `devices`, all of one organisation.

    Of events only those of rules that are `among` the `rules`, or else of all other rules.
    """
    keys = {device.device_id: device.key for device in devices}
    known: dict[str, Any] = {"device_ids": list(keys), "change_nos": [change_nos.get(device_id, 0) for device_id in keys]}
    known |= {"rules": list(rules), "among": among}
    events = connection.execute(_SQL["events_changed_after"], known).fetchall()
    visits = connection.execute(_SQL["visits_changed_after"], known).fetchall()
    stops = [(row["trip_id"], row["stop_id"]) for row in visits]
    event_forms = connection.execute(_SQL["event_forms_at"], {**known, "event_ids": [row["event_id"] for row in events]})
    wanted = {"trip_ids": [trip_id for trip_id, _ in stops], "stop_ids": [stop_id for _, stop_id in stops]}
    visit_forms = connection.execute(_SQL["visit_forms_at"], {**known, **wanted})
    return Past(
        {row["event_id"]: _event(row, keys) for row in events if row["superseded_because"] in (None, "excused")},
        {row["event_id"]: _event(row["form"], keys) for row in event_forms if row["form"] is not None},
        {stop: _visit(row) for stop, row in zip(stops, visits, strict=True)},
        {(row["form"]["trip_id"], row["form"]["stop_id"]): _visit(row["form"]) for row in visit_forms},
    )


def events_between(connection: Connection, org_id: int, since: datetime, until: datetime) -> dict[str, str]:
    """Rule by event_id of what is held to have begun from `since` until `until`."""
    rows = connection.execute(_SQL["events_between"], {"org_id": org_id, "since": since, "until": until})
    return {row["event_id"]: row["rule"] for row in rows}


def events_of_trip(connection: Connection, org_id: int, trip_id: str, rule: str) -> list[str]:
    """What is held to be true of a trip by a rule."""
    rows = connection.execute(_SQL["events_of_trip"], {"org_id": org_id, "trip_id": trip_id, "rule": rule})
    return [row["event_id"] for row in rows]


def checkpoints_before(connection: Connection, befores: Mapping[int, datetime]) -> dict[int, Checkpoint]:
    """The newest checkpoint of each device whose moment is earlier than given; devices without one are left out."""
    wanted = {"device_ids": list(befores), "befores": list(befores.values())}
    rows = connection.execute(_SQL["newest_checkpoints_before"], wanted)
    return {row["device_id"]: Checkpoint(**{**row, "state": bytes(row["state"])}) for row in rows}


def save_checkpoints(connection: Connection, org_id: int, states: Mapping[int, Saved]) -> None:
    """Save the states of devices, as led to by every conclusion stored so far."""
    if not states:
        return
    change = connection.execute(_SQL["next_change_no"]).fetchone()
    assert change is not None  # a sequence always has a next number
    rows = [{"device_id": device_id, "org_id": org_id, **saved._asdict(), **change} for device_id, saved in states.items()]
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["save_checkpoint"], rows)
    connection.execute(_SQL["thin_checkpoints"], {"device_ids": list(states)})


def drop_checkpoints(connection: Connection, sinces: Mapping[int, datetime]) -> None:
    """Forget the checkpoints of each device that are not earlier than given."""
    connection.execute(_SQL["drop_checkpoints_since"], {"device_ids": list(sinces), "sinces": list(sinces.values())})


def tell_concluded(connection: Connection, org_ids: Iterable[int]) -> None:
    """Notify the readers of conclusions when the transaction commits."""
    connection.execute(_SQL["tell_concluded"], {"org_ids": list(org_ids)})


def _event_row(device: Judged, event: Event) -> dict[str, Any]:
    return {
        "org_id": device.org_id,
        "event_id": event.event_id,
        "rule": event.rule,
        "severity": event.severity.value,
        "device_id": device.device_id,
        "trip_id": event.trip_id,
        "stop_id": event.stop_id,
        "started_at": event.started_at,
        "ended_at": event.ended_at,
        "detected_at": event.detected_at,
        "confidence": event.confidence,
        "late": event.late,
        "supersedes": event.supersedes,
        "facts": Jsonb(storable(event.facts)),
    }


def _event(row: DictRow, keys: Mapping[int, str]) -> Event:
    return Event(
        row["event_id"],
        row["rule"],
        Severity(row["severity"]),
        keys[row["device_id"]],
        row["trip_id"],
        row["stop_id"],
        _required(row["started_at"]),
        _moment(row["ended_at"]),
        _required(row["detected_at"]),
        row["confidence"],
        row["late"],
        row["supersedes"],
        row["facts"],
    )


def _visit_row(device: Judged, visit: Visit) -> dict[str, Any]:
    return {
        "org_id": device.org_id,
        "trip_id": visit.trip_id,
        "stop_id": visit.stop_id,
        "device_id": device.device_id,
        "state": visit.state.value,
        "arrived_at": visit.arrived_at,
        "departed_at": visit.departed_at,
        "confidence": visit.confidence,
        "facts": Jsonb(storable(visit.facts)),
        "evidence": Jsonb(storable(visit.evidence)),
    }


def _visit(row: DictRow) -> Visit:
    return Visit(
        row["trip_id"],
        row["stop_id"],
        VisitState(row["state"]),
        _moment(row["arrived_at"]),
        _moment(row["departed_at"]),
        row["confidence"],
        row["facts"],
        row["evidence"],
    )


def _required(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | str | None) -> datetime | None:
    return None if value is None else _required(value)
