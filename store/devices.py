"""The device registry: who an identity in a payload or topic is, and to whom a device belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from store.pool import Connection
from store.statements import statements

_SQL = statements("devices")


class Identity(NamedTuple):
    """What a message says about who sent it: in our own topics tenant and device_key, else an identity of the format."""

    tenant: str | None
    format: str
    external_id: str


class KnownDevice(NamedTuple):
    """A registered device, as far as its readings need it."""

    device_id: int
    org_id: int
    active: bool


def find_devices(connection: Connection, identities: Sequence[Identity]) -> dict[Identity, KnownDevice]:
    """The registered devices among `identities`; the others are not in the answer."""
    rows = connection.execute(_SQL["find_devices"], _columns(identities)).fetchall()
    return {identities[row["no"] - 1]: KnownDevice(row["device_id"], row["org_id"], row["active"]) for row in rows}


def adopt_devices(connection: Connection, identities: Sequence[Identity], default_slug: str) -> None:
    """Register `identities` in the tenant they name, or in the organisation `default_slug`; unknown tenants are left out."""
    connection.execute(_SQL["adopt_devices"], {**_columns(identities), "default_slug": default_slug})


def _columns(identities: Sequence[Identity]) -> dict[str, list[str | None]]:
    return {
        "tenants": [identity.tenant for identity in identities],
        "formats": [identity.format for identity in identities],
        "external_ids": [identity.external_id for identity in identities],
    }


def listen_for_changes(connection: Connection) -> None:
    """Let `devices_changed` notice from now on."""
    connection.execute(_SQL["listen"])
    connection.commit()


def devices_changed(connection: Connection) -> bool:
    """Whether any device, identity or credential has changed since the last call."""
    return bool(list(connection.notifies(timeout=0)))
