"""Devices: trackers, phones and sensors as registered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from api.paging import Cursor, Limit, Page, decode, page_of
from domain.devices import DeviceState
from domain.errors import NotFoundError
from store import roster
from store.roster import RosterDevice

router = APIRouter(prefix="/devices", tags=["devices"])


class Device(BaseModel):
    """A registered device, what it is mounted on now and when it was last heard."""

    model_config = ConfigDict(from_attributes=True)

    device_key: str = Field(examples=["tracker-0007"])
    model: str | None
    state: DeviceState
    adopted: bool = Field(description="It reported before anybody had registered it.")
    created_at: datetime
    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    last_heard_at: datetime | None


@router.get("", operation_id="list_devices")
def list_devices(
    caller: Caller,
    state: Annotated[DeviceState | None, Query(description="In this state.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Device]:
    """Devices by key."""
    with caller.transaction() as connection:
        rows = roster.list_devices(connection, state=state, after=decode(cursor, str, int), limit=limit + 1)
    items, following = page_of(rows, limit, _device_of, lambda row: (row.device_key, row.org_id))
    return Page(items=items, next_cursor=following)


@router.get("/{device_key}", operation_id="get_device", responses=problem_responses(404))
def get_device(caller: Caller, device_key: Annotated[str, Path(max_length=200)]) -> Device:
    """One device."""
    with caller.transaction() as connection:
        row = roster.find_device(connection, device_key)
    if row is None:
        raise NotFoundError("device", device_key)
    return _device_of(row)


def _device_of(row: RosterDevice) -> Device:
    return Device.model_validate(row)
