"""Approvals that hold rules back: who has one, from when until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from domain.errors import InvalidInputError, NotFoundError
from domain.suppressor_validity import check_suppressor
from domain.suppressors import Suppressor, SuppressorKind
from store.listing import FIRST, Listing, Part, ending
from store.planning_rows import read_schedule, schedule_json
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("suppressors")
STATES: Final = ("proposed", "approved", "rejected")


@dataclass(frozen=True, slots=True)
class Approval:
    """A stored suppressor. Only `approved` ones hold rules back. A vehicle stands for whatever tracker is on it."""

    suppressor: Suppressor  # without a device
    vehicle_id: str | None
    source: str
    state: str
    org_id: int = 0
    changed_at: datetime | None = None  # of what is stored
    revision: int = 0

    @property
    def suppressor_id(self) -> str:
        """What people call it."""
        return self.suppressor.suppressor_id

    @property
    def kind(self) -> str:
        """What it is."""
        return self.suppressor.kind.value

    @property
    def valid_from(self) -> datetime:
        """When it begins to hold."""
        return self.suppressor.valid_from


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFilter:
    """Which to list; `None` lets all through."""

    kinds: Sequence[str] | None = None
    states: Sequence[str] | None = None
    vehicle_id: str | None = None
    trip_id: str | None = None
    at: datetime | None = None


def save_suppressor(connection: Connection, org_id: int, approval: Approval) -> None:
    """Insert or replace one. Raises InvalidInputError naming the field, also for an unknown vehicle or trip."""
    one = approval.suppressor
    check_suppressor(one)
    if one.kind is SuppressorKind.breakdown and approval.vehicle_id is None and one.trip_id is None:
        raise InvalidInputError("suppressor.vehicle_id", "a breakdown is that of a vehicle or of a trip")
    if approval.state not in STATES:
        raise InvalidInputError("suppressor.state", f"must be one of {', '.join(STATES)}")
    for name, value in (("vehicle", approval.vehicle_id), ("trip", one.trip_id)):
        _check_there(connection, org_id, name, value)
    connection.execute(_SQL["save_suppressor"], _row(org_id, approval))


def end_suppressor(connection: Connection, org_id: int, suppressor_id: str, until: datetime) -> Approval:
    """Let one hold no longer than until a moment. Raises NotFoundError, and InvalidInputError for one before its begin."""
    approval = find_suppressor(connection, suppressor_id, org_id)
    if until <= approval.suppressor.valid_from:
        begun = approval.suppressor.valid_from.isoformat()
        raise InvalidInputError("suppressor.valid_until", f"must be after {begun}")
    connection.execute(_SQL["end_suppressor"], {"org_id": org_id, "suppressor_id": suppressor_id, "until": until})
    return find_suppressor(connection, suppressor_id, org_id)


def find_suppressor(connection: Connection, suppressor_id: str, org_id: int | None = None, *, lock: bool = False) -> Approval:
    """One of an organisation, or of any that can be seen. Raises NotFoundError."""
    wanted = {"org_id": org_id, "suppressor_id": suppressor_id}
    if lock:
        connection.execute(_SQL["lock_suppressor"], wanted)
    row = connection.execute(_SQL["find_suppressor"], wanted).fetchone()
    if row is None:
        raise NotFoundError("suppressor", suppressor_id)
    return _read(row)


LISTING: Final = Listing(
    sorts={"valid_from": SQL("lower(valid)")}
    | {name: Identifier(name) for name in ("suppressor_id", "kind", "state", "changed_at")},
    keys={"valid_from": SQL("lower(valid)")} | {name: Identifier(name) for name in ("suppressor_id", "org_id")},
    changed=SQL("changed_at >= %(changed_since)s"),
    newest_first=True,
)


def list_suppressors(connection: Connection, wanted: ApprovalFilter, part: Part = FIRST) -> list[Approval]:
    """The latest first unless `part` says otherwise."""
    end, page = ending(LISTING, part)
    parameters = {
        "kinds": list(wanted.kinds) if wanted.kinds else None,
        "states": list(wanted.states) if wanted.states else None,
        "vehicle_id": wanted.vehicle_id,
        "trip_id": wanted.trip_id,
        "at": wanted.at,
    }
    rows = connection.execute(SQL(_SQL["list_suppressors"]).format(part=end), {**parameters, **page})
    return [_read(row) for row in rows]


def approved_between(
    connection: Connection, since: datetime, until: datetime | None, *, org_id: int | None = None
) -> dict[int, tuple[Suppressor, ...]]:
    """What is approved, by organisation, for some moment of the span; of a vehicle, once for each tracker on it."""
    found: dict[int, list[Suppressor]] = defaultdict(list)
    for row in connection.execute(_SQL["approved_between"], {"since": since, "until": until, "org_id": org_id}):
        found[row["org_id"]].append(_suppressor(row, row["device_key"]))
    return {org: tuple(approved) for org, approved in found.items()}


def _check_there(connection: Connection, org_id: int, name: str, value: str | None) -> None:
    if value is None:
        return
    row = connection.execute(_SQL[f"{name}_exists"], {"org_id": org_id, f"{name}_id": value}).fetchone()
    if row is None or not row["is_there"]:
        raise InvalidInputError(f"suppressor.{name}_id", f"there is no {name} {value!r}")


def _row(org_id: int, approval: Approval) -> dict[str, Any]:
    one = approval.suppressor
    return {
        "org_id": org_id,
        "suppressor_id": one.suppressor_id,
        "kind": one.kind.value,
        "vehicle_id": approval.vehicle_id,
        "trip_id": one.trip_id,
        "geometry": None if one.geometry is None else Jsonb(dict(one.geometry)),
        "radius_m": one.radius_m,
        "width_m": one.width_m,
        "schedule": schedule_json(one.schedule),
        "valid": Range(one.valid_from, one.valid_until),
        "source": approval.source,
        "state": approval.state,
        "reason": one.reason,
    }


def _read(row: DictRow) -> Approval:
    told = _suppressor(row, None)
    return Approval(told, row["vehicle_id"], row["source"], row["state"], row["org_id"], row["changed_at"], row["revision"])


def _suppressor(row: Mapping[str, Any], device_key: str | None) -> Suppressor:
    return Suppressor(
        row["suppressor_id"],
        SuppressorKind(row["kind"]),
        row["valid_from"],
        row["valid_until"],
        device_key,
        row["trip_id"],
        row["geometry"],
        row["radius_m"],
        row["width_m"],
        read_schedule(row["schedule"]),
        row["reason"],
    )
