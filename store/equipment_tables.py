"""The tables of assets and of the orders to move them."""

from __future__ import annotations

from typing import Final

from store.pool import Connection
from store.records import Table
from store.statements import statements

_SQL: Final = statements("planning")

ASSET: Final = Table(
    name="asset",
    kind="asset",
    key="asset_id",
    columns=("kind", "serial", "owner", "outlet_id", "device_id", "condition"),
    computed={"device_key": "asset_device"},
    words=("kind", "serial", "owner"),
    sorts=("kind",),
)

ASSET_TRANSFER: Final = Table(
    name="asset_transfer",
    kind="asset transfer",
    key="transfer_id",
    columns=("asset_id", "from_outlet_id", "to_outlet_id", "planned_at", "reason", "condition"),
    words=("asset_id", "reason"),
    sorts=("planned_at",),
)


def device_of_key(connection: Connection, org_id: int, device_key: str) -> int | None:
    """The number of a device of the organisation."""
    row = connection.execute(_SQL["device_of_key"], {"org_id": org_id, "device_key": device_key}).fetchone()
    return None if row is None else int(row["device_id"])
