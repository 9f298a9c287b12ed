"""Devices as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row

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
