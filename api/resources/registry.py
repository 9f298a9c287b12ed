"""Devices as they are registered, and what they are mounted on from when on. What they say is told by /devices."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from api.access import Access, Planner, Reader
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.records.resource import Given, Name, Text
from api.versions import IfMatch, check_unchanged, tag
from domain.devices import DeviceState
from domain.errors import InvalidInputError
from store import records, roster
from store.audit import Change
from store.catalogue import VEHICLE
from store.listing import Part
from store.pool import Connection
from store.roster import RegisteredDevice

router = APIRouter(prefix="/devices", tags=["devices"])

Key = Annotated[str, Path(max_length=200, examples=["tracker-0007"])]
_SUBJECTS = ("vehicle_id", "shelf_id", "asset_id")


class NewDevice(Given):
    """A device to register. What it logs in with is made by `beatwatch device rotate`."""

    device_key: Annotated[Name, Field(examples=["tracker-0007"])]
    model: Text | None = Field(None, examples=["FMB920"])


class DeviceChange(Given):
    """What to change of a device. One that is disabled cannot log in, and what comes in its name is set aside."""

    model: Text | None = None
    state: DeviceState | None = None


class DeviceRecord(BaseModel):
    """A device as it is registered."""

    model_config = ConfigDict(from_attributes=True)

    device_key: str
    model: str | None
    state: DeviceState
    revision: int = Field(description="Counts changes; the ETag is made of it.")


class NewDeviceAssignment(Given):
    """What a device is on from a moment on: one of vehicle, shelf and asset."""

    vehicle_id: Name | None = Field(None, examples=["van-07"])
    shelf_id: Name | None = None
    asset_id: Name | None = None
    since: AwareDatetime | None = Field(None, description="Otherwise now. What was said of later times is forgotten.")

    @model_validator(mode="after")
    def _names_one(self) -> NewDeviceAssignment:
        if sum(getattr(self, name) is not None for name in _SUBJECTS) != 1:
            raise ValueError("name one of vehicle_id, shelf_id and asset_id")
        return self


class DeviceAssignment(BaseModel):
    """What a device was on over a span of time."""

    model_config = ConfigDict(from_attributes=True)

    vehicle_id: str | None
    shelf_id: str | None
    asset_id: str | None
    since: datetime | None
    until: datetime | None = Field(description="Null while it is.")


@router.post("", operation_id="add_device", status_code=201, responses=problem_responses(409))
def add_device(caller: Planner, new: NewDevice, response: Response) -> DeviceRecord:
    """Register a device in one's own organisation."""
    with caller.transaction() as connection:
        roster.add_device(connection, caller.org_id, new.device_key, new.model)
        device = roster.lock_device(connection, new.device_key)
        _note(caller, connection, "device.add", device, None, new.model_dump())
    return _answer(device, response)


@router.patch("/{device_key}", operation_id="change_device", responses=problem_responses(404, 412))
def change_device(
    caller: Planner, device_key: Key, change: DeviceChange, response: Response, if_match: IfMatch = None
) -> DeviceRecord:
    """Change a device's model, disable it or let it in again."""
    with caller.transaction() as connection:
        before = roster.lock_device(connection, device_key)
        check_unchanged(if_match, before.revision)
        values = {"model": before.model, "state": before.state} | change.model_dump(exclude_unset=True)
        values["state"] = values["state"] or before.state
        roster.change_device(connection, before, **values)
        after = roster.lock_device(connection, device_key)
        _note(caller, connection, "device.change", after, {"model": before.model, "state": before.state}, values)
    return _answer(after, response)


@router.get("/{device_key}/assignments", operation_id="list_assignments", responses=problem_responses(404))
def list_assignments(
    caller: Reader,
    asked: Listed,
    device_key: Key,
    at: Annotated[AwareDatetime | None, Query(description="What it was on at this moment.")] = None,
) -> RecordPage[DeviceAssignment]:
    """What a device was on, the newest first."""

    def read(connection: Connection, part: Part) -> list[roster.Assignment]:
        return roster.list_assignments(connection, roster.lock_device(connection, device_key), at, part)

    return record_page(caller, roster.ASSIGNMENTS, asked, read, DeviceAssignment.model_validate)


@router.post("/{device_key}/assignments", operation_id="assign_device", status_code=201, responses=problem_responses(404, 412))
def assign_device(
    caller: Planner, device_key: Key, assignment: NewDeviceAssignment, if_match: IfMatch = None
) -> DeviceAssignment:
    """Say what a device is on from a moment on; its earlier readings stay with what it was on then."""
    subject = next((name, value) for name in _SUBJECTS if (value := getattr(assignment, name)) is not None)
    since = assignment.since or datetime.now(UTC)
    with caller.transaction() as connection:
        device = roster.lock_device(connection, device_key)
        check_unchanged(if_match, device.revision)
        if subject[0] == "vehicle_id" and not records.find_all(connection, VEHICLE, device.org_id, [subject[1]]):
            raise InvalidInputError("vehicle_id", f"there is no vehicle {subject[1]!r}")
        _assign(caller, connection, device, subject, since)
        return DeviceAssignment.model_validate(roster.list_assignments(connection, device)[0])


@router.delete(
    "/{device_key}/assignments", operation_id="unassign_device", status_code=204, responses=problem_responses(404, 412)
)
def unassign_device(
    caller: Planner,
    device_key: Key,
    since: Annotated[AwareDatetime | None, Query(description="Otherwise now.")] = None,
    if_match: IfMatch = None,
) -> None:
    """Take a device off whatever it is on, from a moment on."""
    with caller.transaction() as connection:
        device = roster.lock_device(connection, device_key)
        check_unchanged(if_match, device.revision)
        _assign(caller, connection, device, None, since or datetime.now(UTC))


def _answer(device: RegisteredDevice, response: Response) -> DeviceRecord:
    response.headers["etag"] = tag(device.revision)
    return DeviceRecord.model_validate(device)


def _assign(
    caller: Access, connection: Connection, device: RegisteredDevice, subject: tuple[str, str] | None, since: datetime
) -> None:
    before = roster.list_assignments(connection, device)
    roster.assign(connection, device, subject, since)
    after: dict[str, Any] = {"since": since.isoformat()} | (dict([subject]) if subject else {})
    _note(caller, connection, "device.assign" if subject else "device.unassign", device, _plain(before), after)


def _plain(assignments: list[roster.Assignment]) -> dict[str, Any] | None:
    if not assignments:
        return None
    return {name: str(value) for name, value in asdict(assignments[0]).items() if value is not None}


def _note(
    caller: Access,
    connection: Connection,
    action: str,
    device: RegisteredDevice,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    change = Change(action=action, kind="device", identifier=device.device_key, before=before, after=after)
    caller.note(connection, change, device.org_id)
