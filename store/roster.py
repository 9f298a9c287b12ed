"""Devices as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from domain.errors import ConflictError, NotFoundError
from store.listing import FIRST, Listing, Part, ending
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("roster")


@dataclass(frozen=True, slots=True)
class RosterDevice:
    """A device, what it is mounted on now, and when anything of it was last received."""

    org_id: int
    device_key: str
    model: str | None
    state: str
    adopted: bool
    created_at: datetime
    changed_at: datetime
    revision: int
    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    last_heard_at: datetime | None


LISTING: Final = Listing(
    sorts={name: Identifier("device", name) for name in ("device_key", "created_at", "changed_at")},
    keys={name: Identifier("device", name) for name in ("device_key", "org_id")},
    changed=SQL("device.changed_at >= %(changed_since)s"),
)


def list_devices(connection: Connection, *, state: str | None, part: Part = FIRST) -> list[RosterDevice]:
    """Devices, by key unless `part` says otherwise."""
    return _read(connection, part, state=state, device_key=None)


def find_device(connection: Connection, device_key: str) -> RosterDevice | None:
    """One device by its key."""
    found = _read(connection, Part(limit=1), state=None, device_key=device_key)
    return found[0] if found else None


def _read(connection: Connection, part: Part, **wanted: str | None) -> list[RosterDevice]:
    end, values = ending(LISTING, part)
    with connection.cursor(row_factory=class_row(RosterDevice)) as cursor:
        return cursor.execute(SQL(_SQL["list_devices"]).format(part=end), {**values, **wanted}).fetchall()


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device as it is registered."""

    device_id: int
    org_id: int
    device_key: str
    model: str | None
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a device was on over a span of time; `until` is None while it is."""

    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    since: datetime | None
    until: datetime | None


def add_device(connection: Connection, org_id: int, device_key: str, model: str | None) -> None:
    """Register a device. Raises ConflictError when its key is taken."""
    row = {"org_id": org_id, "device_key": device_key, "model": model}
    if connection.execute(_SQL["insert_device"], row).fetchone() is None:
        raise ConflictError(f"there is a device {device_key!r} already")


def lock_device(connection: Connection, device_key: str) -> RegisteredDevice:
    """One device that the transaction is about to change, the acting organisation's own first. Raises NotFoundError."""
    with connection.cursor(row_factory=class_row(RegisteredDevice)) as cursor:
        found = cursor.execute(_SQL["lock_device"], {"device_key": device_key}).fetchone()
    if found is None:
        raise NotFoundError("device", device_key)
    return found


def change_device(connection: Connection, device: RegisteredDevice, *, model: str | None, state: str) -> None:
    """Set a device's model and state."""
    connection.execute(_SQL["change_device"], {"device_id": device.device_id, "model": model, "state": state})


_SINCE: Final = {"since": SQL("coalesce(lower(valid), '-infinity')")}
ASSIGNMENTS: Final = Listing(
    sorts=_SINCE, keys=_SINCE, changed=SQL("changed_at >= %(changed_since)s"), newest_first=True
)  # a device is on one thing at a time


def list_assignments(
    connection: Connection, device: RegisteredDevice, at: datetime | None = None, part: Part = FIRST
) -> list[Assignment]:
    """What a device was on, at a moment or ever, the newest first unless `part` says otherwise."""
    end, page = ending(ASSIGNMENTS, part)
    wanted = {"device_id": device.device_id, "at": at, **page}
    with connection.cursor(row_factory=class_row(Assignment)) as cursor:
        return cursor.execute(SQL(_SQL["list_assignments"]).format(part=end), wanted).fetchall()


def assign(connection: Connection, device: RegisteredDevice, subject: tuple[str, str] | None, since: datetime) -> None:
    """From `since` on, `device` is on `subject`, such as ("vehicle_id", "van-07"), or on nothing; later ones go."""
    row: dict[str, Any] = {"device_id": device.device_id, "org_id": device.org_id, "since": since}
    connection.execute(_SQL["forget_assignments_from"], row)
    connection.execute(_SQL["end_assignment"], row)
    if subject is not None:
        nothing = {"vehicle_id": None, "shelf_id": None, "asset_id": None}
        connection.execute(_SQL["insert_assignment"], {**row, **nothing, subject[0]: subject[1]})
