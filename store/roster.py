"""Devices as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row

from domain.errors import ConflictError, NotFoundError
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
    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    last_heard_at: datetime | None


def list_devices(connection: Connection, *, state: str | None, after: tuple[str, int] | None, limit: int) -> list[RosterDevice]:
    """Devices by key, after the one named by key and organisation."""
    after_key, after_org = after or (None, None)
    return _read(
        connection, {"state": state, "device_key": None, "after_key": after_key, "after_org": after_org, "limit": limit}
    )


def find_device(connection: Connection, device_key: str) -> RosterDevice | None:
    """One device by its key."""
    found = _read(connection, {"state": None, "device_key": device_key, "after_key": None, "after_org": None, "limit": 1})
    return found[0] if found else None


def _read(connection: Connection, parameters: dict[str, Any]) -> list[RosterDevice]:
    with connection.cursor(row_factory=class_row(RosterDevice)) as cursor:
        return cursor.execute(_SQL["list_devices"], parameters).fetchall()


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A device as it is registered."""

    device_id: int
    org_id: int
    device_key: str
    model: str | None
    state: str


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


def list_assignments(connection: Connection, device: RegisteredDevice) -> list[Assignment]:
    """What a device was on, the newest first."""
    with connection.cursor(row_factory=class_row(Assignment)) as cursor:
        return cursor.execute(_SQL["list_assignments"], {"device_id": device.device_id}).fetchall()


def assign(connection: Connection, device: RegisteredDevice, subject: tuple[str, str] | None, since: datetime) -> None:
    """From `since` on, `device` is on `subject`, such as ("vehicle_id", "van-07"), or on nothing; later ones go."""
    row: dict[str, Any] = {"device_id": device.device_id, "org_id": device.org_id, "since": since}
    connection.execute(_SQL["forget_assignments_from"], row)
    connection.execute(_SQL["end_assignment"], row)
    if subject is not None:
        nothing = {"vehicle_id": None, "shelf_id": None, "asset_id": None}
        connection.execute(_SQL["insert_assignment"], {**row, **nothing, subject[0]: subject[1]})
