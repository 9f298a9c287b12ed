"""What was concluded, as people read it: events with their places, and the visits of planned stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("journal")
AT_MOST: Final = 5000  # changes read at a time; who is that far behind reads everything anew


@dataclass(frozen=True, slots=True)
class Place:
    """A point with the name people know it by, where it has one."""

    longitude_deg: float
    latitude_deg: float
    name: str | None


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """A stored event. `change_no` grows with every change of any conclusion."""

    org_id: int
    event_id: str
    rule: str
    severity: str
    vehicle_id: str
    device_key: str
    trip_id: str | None
    stop_id: str | None
    started_at: datetime
    ended_at: datetime | None
    detected_at: datetime
    confidence: float
    late: bool
    supersedes: str | None
    superseded_at: datetime | None
    superseded_because: str | None
    facts: Mapping[str, Any]
    stored_at: datetime
    changed_at: datetime
    change_no: int
    place: Place | None


LISTING: Final = Listing(
    sorts={name: Identifier("event", name) for name in ("started_at", "detected_at", "changed_at")},
    keys={name: Identifier("event", name) for name in ("started_at", "event_id", "org_id")},
    changed=SQL("event.changed_at >= %(changed_since)s"),
    newest_first=True,
)


@dataclass(frozen=True, slots=True)
class StopVisit:
    """What became of a planned stop so far."""

    org_id: int
    trip_id: str
    stop_id: str
    state: str
    arrived_at: datetime | None
    departed_at: datetime | None
    confidence: float
    change_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list; `None` lets all through. Times bound `started_at`."""

    rules: Sequence[str] | None = None
    severities: Sequence[str] | None = None
    vehicle_id: str | None = None
    trip_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    superseded: bool = False


def list_events(connection: Connection, wanted: EventFilter, part: Part = FIRST) -> list[JournalEvent]:
    """Events, the newest start first unless `part` says otherwise."""
    end, values = ending(LISTING, part)
    parameters = {
        "rules": list(wanted.rules) if wanted.rules else None,
        "severities": list(wanted.severities) if wanted.severities else None,
        "vehicle_id": wanted.vehicle_id,
        "trip_id": wanted.trip_id,
        "since": wanted.since,
        "until": wanted.until,
        "superseded": wanted.superseded,
        **values,
    }
    return [_event(row) for row in connection.execute(SQL(_SQL["list_events"]).format(part=end), parameters)]


def find_event(connection: Connection, event_id: str, *, org_id: int | None = None) -> JournalEvent | None:
    """One event, superseded or not; of an organisation, for those who see several."""
    row = connection.execute(_SQL["find_event"], {"event_id": event_id, "org_id": org_id}).fetchone()
    return _event(row) if row else None


def mark(connection: Connection) -> int:
    """The oldest transaction still running: what lower ones stored can be read now, and nothing will join it."""
    row = connection.execute(_SQL["mark"]).fetchone()
    assert row is not None
    return int(row["mark"])


def changed_events(connection: Connection, since_mark: int) -> list[JournalEvent]:
    """Events changed by transaction `since_mark` or a later one, superseded ones too."""
    rows = connection.execute(_SQL["changed_events"], {"mark": str(since_mark), "limit": AT_MOST})
    return [_event(row) for row in rows]


def changed_visits(connection: Connection, since_mark: int) -> list[StopVisit]:
    """Visits changed by transaction `since_mark` or a later one."""
    rows = connection.execute(_SQL["changed_visits"], {"mark": str(since_mark), "limit": AT_MOST})
    return [StopVisit(**{name: row[name] for name in StopVisit.__dataclass_fields__}) for row in rows]


def place_of(row: Mapping[str, Any], name: str = "place_name") -> Place | None:
    """The place in a row that has `longitude_e7` and `latitude_e7`."""
    if row["longitude_e7"] is None or row["latitude_e7"] is None:
        return None
    return Place(round(row["longitude_e7"] * 1e-7, 7), round(row["latitude_e7"] * 1e-7, 7), row[name])


_PLAIN: Final = tuple(name for name in JournalEvent.__dataclass_fields__ if name != "place")


def _event(row: Mapping[str, Any]) -> JournalEvent:
    return JournalEvent(**{name: row[name] for name in _PLAIN}, place=place_of(row))
