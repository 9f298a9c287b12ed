"""Vehicles, and which device is mounted on which from when on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.errors import NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("vehicles")


def save_vehicle(connection: Connection, org_id: int, vehicle_id: str, registration: str | None, name: str | None) -> None:
    """Insert or replace a vehicle."""
    row = {"org_id": org_id, "vehicle_id": vehicle_id, "registration": registration, "name": name}
    connection.execute(_SQL["upsert_vehicle"], row)


def mount_device(connection: Connection, org_id: int, device_key: str, vehicle_id: str, since: datetime) -> None:
    """Let the device be on the vehicle from `since` on; what it was on before ends there. Raises NotFoundError."""
    row = {"org_id": org_id, "device_key": device_key, "vehicle_id": vehicle_id, "since": since}
    connection.execute(_SQL["forget_later_assignments"], row)
    connection.execute(_SQL["end_assignment"], row)
    if not connection.execute(_SQL["insert_assignment"], row).rowcount:
        raise NotFoundError("device", device_key)
