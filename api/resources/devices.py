"""Devices: trackers, phones and sensors as registered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import tag
from domain.devices import DeviceState
from domain.errors import NotFoundError
from store import roster
from store.listing import Part
from store.pool import Connection
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
    changed_at: datetime = Field(description="What is registered of it, or what it is on.")
    revision: int = Field(description="Counts these changes; the ETag is made of it.")
    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    last_heard_at: datetime | None = Field(description="Of its newest place, measurement or status; null: never.")


@router.get("", operation_id="list_devices")
def list_devices(
    caller: Caller,
    listed: Listed,
    state: Annotated[DeviceState | None, Query(description="In this state.")] = None,
) -> RecordPage[Device]:
    """Devices by key."""

    def read(connection: Connection, part: Part) -> list[RosterDevice]:
        return roster.list_devices(connection, state=state, part=part)

    return record_page(caller, roster.LISTING, listed, read, Device.model_validate)


@router.get("/{device_key}", operation_id="get_device", responses=problem_responses(404))
def get_device(caller: Caller, device_key: Annotated[str, Path(max_length=200)], response: Response) -> Device:
    """One device."""
    with caller.transaction() as connection:
        row = roster.find_device(connection, device_key)
    if row is None:
        raise NotFoundError("device", device_key)
    response.headers["etag"] = tag(row.revision)
    return Device.model_validate(row)
