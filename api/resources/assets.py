"""Coolers, crates and kegs: whose they are, where they ought to be, and the orders to move them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from api.records import keeping
from api.records.resource import Change, Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.errors import ConflictError, InvalidInputError
from domain.trip_aftermath import ASSET as ASSET_LIFE
from domain.trip_aftermath import ASSET_TRANSFER as TRANSFER_LIFE
from store import records
from store.equipment_tables import ASSET, ASSET_TRANSFER, device_of_key

Kind = Literal["cooler", "crate", "keg", "display", "other"]
Condition = Literal["good", "worn", "damaged"]


class _Told(Given):
    serial: Text | None = None
    owner: Text | None = Field(None, examples=["Brand Beverages Ltd"])
    outlet_id: Name | None = Field(None, description="Where it ought to be; null: in the depot.")
    device_key: Name | None = Field(None, description="Its locator.")


class NewAsset(_Told):
    """An asset to register."""

    asset_id: Annotated[Name, Field(examples=["COOLER-0815"])]
    kind: Kind = "cooler"
    condition: Condition = "good"


class AssetChange(_Told):
    """What to change of an asset."""

    kind: Kind | None = None
    condition: Condition | None = None


class Asset(Shown):
    """Something that stands at an outlet and comes back one day."""

    asset_id: str
    kind: Kind
    serial: str | None
    owner: str | None
    outlet_id: str | None
    device_key: str | None
    condition: Condition


class AssetFilters(Filters):
    """Which assets to list."""

    kind: list[Kind] | None = None
    outlet_id: Name | None = None


class NewTransfer(Given):
    """An order to move an asset from where it is to somewhere else."""

    transfer_id: Annotated[Name, Field(examples=["TR-1"])]
    asset_id: Annotated[Name, Field(examples=["COOLER-0815"])]
    to_outlet_id: Name | None = Field(None, description="Null: to the depot.")
    planned_at: AwareDatetime
    reason: Text | None = None


class TransferChange(Given):
    """What to change of an order that has not been carried out; the condition is that in which it arrived."""

    planned_at: AwareDatetime | None = None
    reason: Text | None = None
    condition: Condition | None = None


class AssetTransfer(Shown):
    """An order to move an asset. Carried out, the asset ought to be where it went."""

    transfer_id: str
    asset_id: str
    from_outlet_id: str | None
    to_outlet_id: str | None
    planned_at: datetime
    reason: str | None
    condition: Condition | None


class TransferFilters(Filters):
    """Which orders to list."""

    asset_id: Name | None = None
    to_outlet_id: Name | None = None


def _find_device(change: Change) -> None:
    if "device_key" not in change.values:
        return
    key = change.values.pop("device_key")
    change.values["device_id"] = None
    if key is not None:
        change.values["device_id"] = device_of_key(change.connection, change.org_id, key)
        if change.values["device_id"] is None:
            raise InvalidInputError("device_key", f"there is no device {key!r}")


def _from_where_it_is(change: Change) -> None:
    if change.before is not None:
        if not TRANSFER_LIFE.next_states(change.before["state"]):
            raise ConflictError(f"the transfer is {change.before['state']}")
        return
    asset_id = change.values["asset_id"]
    asset = records.find_all(change.connection, ASSET, change.org_id, [asset_id]).get(asset_id)
    if asset is None:
        raise InvalidInputError("asset_id", f"there is no asset {asset_id!r}")
    if asset["outlet_id"] == change.values.get("to_outlet_id"):
        raise InvalidInputError("to_outlet_id", "is where it ought to be already")
    change.values["from_outlet_id"] = asset["outlet_id"]


def _arrive(change: Change) -> None:
    """Where a completed transfer went, its asset ought to be from now on."""
    before = change.before
    assert before is not None  # only what is there moves
    if change.values["state"] == "completed":
        asset = records.find(change.connection, ASSET, before["asset_id"], org_id=change.org_id, lock=True)
        told = {"outlet_id": before["to_outlet_id"]} | ({"condition": before["condition"]} if before["condition"] else {})
        keeping.store(change, ASSETS, asset, told, "move")


ASSETS: Final = Resource(
    path="/assets",
    table=ASSET,
    life=ASSET_LIFE,
    new=NewAsset,
    change=AssetChange,
    shown=Asset,
    filters=AssetFilters,
    filtered={"kind": ("kind", "in"), "outlet_id": ("outlet_id", "=")},
    rule=_find_device,
)
TRANSFERS: Final = Resource(
    path="/asset-transfers",
    table=ASSET_TRANSFER,
    life=TRANSFER_LIFE,
    new=NewTransfer,
    change=TransferChange,
    shown=AssetTransfer,
    filters=TransferFilters,
    filtered={"asset_id": ("asset_id", "="), "to_outlet_id": ("to_outlet_id", "=")},
    rule=_from_where_it_is,
    on_move=_arrive,
)
router = record_router(ASSETS)
transfers = record_router(TRANSFERS)
