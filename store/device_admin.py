"""Administration of devices: registering, credentials, what they are mounted on, and the accounts that the broker needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from domain.devices import DeviceState
from domain.errors import ConflictError, NotFoundError
from store.devices import Identity
from store.pool import Connection
from store.statements import statements

_SQL = statements("device_admin")
Mount = Literal["vehicle", "shelf", "asset"]


class DeviceRef(NamedTuple):
    """A registered device by its numbers."""

    device_id: int
    org_id: int


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """A device's log-in at the broker, and its identities in formats that have topics of their own."""

    username: str
    password_hash: str
    identities: Sequence[Identity]


def add_device(connection: Connection, organisation: str, device_key: str, model: str | None) -> DeviceRef:
    """Register a device. Raises NotFoundError for the organisation and ConflictError for a name that is taken."""
    row = connection.execute(_SQL["find_organisation"], {"slug": organisation}).fetchone()
    if row is None:
        raise NotFoundError("organisation", organisation)
    values = {"org_id": row["org_id"], "device_key": device_key, "model": model}
    added = connection.execute(_SQL["insert_device"], values).fetchone()
    if added is None:
        raise ConflictError(f"organisation {organisation!r} has a device {device_key!r} already")
    return DeviceRef(added["device_id"], row["org_id"])


def add_identity(connection: Connection, device: DeviceRef, format_name: str, external_id: str) -> None:
    """Make `external_id` in that format mean `device`. Raises ConflictError when it means another."""
    values = {"format": format_name, "external_id": external_id, **device._asdict()}
    if connection.execute(_SQL["insert_identity"], values).fetchone() is None:
        raise ConflictError(f"{external_id!r} in format {format_name!r} is another device")


def mount(connection: Connection, device: DeviceRef, kind: Mount, subject: str, since: datetime) -> None:
    """From `since` on, `device` is on `subject`; what it was on before ends then. A vehicle not known yet is made."""
    values: dict[str, Any] = {**device._asdict(), "since": since, "vehicle_id": None, "shelf_id": None, "asset_id": None}
    connection.execute(_SQL["end_assignment"], values)
    if kind == "vehicle":
        connection.execute(_SQL["insert_vehicle"], {"org_id": device.org_id, "subject": subject})
    connection.execute(_SQL["insert_assignment"], {**values, f"{kind}_id": subject})


def put_credential(connection: Connection, device: DeviceRef, username: str, password_hash: str) -> None:
    """Set or replace what the device logs in with."""
    values = {**device._asdict(), "username": username, "password_hash": password_hash}
    connection.execute(_SQL["put_credential"], values)


def device_named(connection: Connection, organisation: str, device_key: str) -> DeviceRef:
    """The device of that name. Raises NotFoundError."""
    row = connection.execute(_SQL["find_device"], {"slug": organisation, "device_key": device_key}).fetchone()
    if row is None:
        raise NotFoundError("device", f"{organisation}/{device_key}")
    return DeviceRef(row["device_id"], row["org_id"])


def set_state(connection: Connection, device: DeviceRef, state: DeviceState) -> None:
    """Disable a device or make it active again."""
    connection.execute(_SQL["set_state"], {"device_id": device.device_id, "state": state})


def list_devices(connection: Connection, organisation: str | None) -> list[dict[str, Any]]:
    """All devices with their identities, what they are on and when they were last heard."""
    return connection.execute(_SQL["list_devices"], {"slug": organisation}).fetchall()


def broker_accounts(connection: Connection) -> list[BrokerAccount]:
    """The log-ins of all active devices."""
    accounts = []
    for row in connection.execute(_SQL["list_broker_accounts"]):
        identities = zip(row["formats"] or (), row["external_ids"] or (), strict=True)
        known = [Identity(None, format_name, external_id) for format_name, external_id in identities]
        accounts.append(BrokerAccount(row["username"], row["password_hash"], known))
    return accounts
