"""Vehicles: where each one is, and where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Access, Caller
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.versions import tag
from domain.errors import NotFoundError
from domain.grades import Grade
from store import fleet
from store.fleet import Fix
from store.listing import Part
from store.pool import Connection

router = APIRouter(prefix="/vehicles", tags=["vehicles"])

SILENT_AFTER: Final = timedelta(minutes=10)
MOVING_FROM_MPS: Final = 1.5
_GEOJSON: Final = "application/geo+json"


class MotionState(StrEnum):
    """`silent` when no place was heard for ten minutes, `unknown` when none was heard ever."""

    moving = "moving"
    standing = "standing"
    silent = "silent"
    unknown = "unknown"


class Position(BaseModel):
    """A stored fix. Null where the device did not say."""

    model_config = ConfigDict(from_attributes=True)

    fix_time: datetime = Field(description="By the receiver's own clock.", examples=["2026-03-02T07:14:10Z"])
    received_at: datetime = Field(description="When the message reached us.")
    device_time: datetime | None = Field(description="By the device's own clock when it spoke, where its format tells.")
    longitude_deg: float | None = Field(examples=[77.5946])
    latitude_deg: float | None = Field(examples=[12.9716])
    speed_mps: float | None = Field(examples=[8.3])
    course_deg: float | None = Field(description="Clockwise from true north.", examples=[271.5])
    altitude_m: float | None
    accuracy_m: float | None = Field(description="Radius of 68 % confidence.")
    hdop: float | None
    satellites: int | None
    fix_valid: bool | None
    ignition: bool | None
    in_motion: bool | None
    door_open: bool | None
    buffered: bool | None = Field(description="The device had kept it back.")
    cargo_kg: float | None
    fuel_l: float | None
    fuel_pct: float | None
    external_v: float | None
    battery_v: float | None
    battery_pct: float | None
    odometer_m: float | None
    alarms: list[str]
    grade: str = Field(description="How far the fix is to be trusted.", examples=["good"])


class Vehicle(BaseModel):
    """A vehicle with its newest position. A tracker that is mounted on nothing stands for itself under its own key."""

    vehicle_id: str = Field(examples=["van-07"])
    registration: str | None = Field(examples=["KA 05 AB 1234"])
    name: str | None
    device_key: str | None = Field(description="The tracker that reports for it now.", examples=["tracker-0007"])
    state: MotionState
    position: Position | None
    changed_at: datetime = Field(description="What is registered of it, or its newest fix stored; the ETag is made of it.")


VehicleId = Annotated[
    str, Path(max_length=200, description="The vehicle's identifier, or a tracker's key.", examples=["van-07"])
]


@router.get("", operation_id="list_vehicles")
def list_vehicles(
    caller: Caller,
    listed: Listed,
    q: Annotated[str | None, Query(max_length=100, description="Words in identifier, registration or name.")] = None,
) -> RecordPage[Vehicle]:
    """Vehicles with their latest positions, by identifier. With `changed_since`, those that reported since, too."""

    def read(connection: Connection, part: Part) -> list[fleet.Vehicle]:
        return fleet.list_vehicles(connection, words=q, part=part)

    return record_page(caller, fleet.LISTING, listed, read, partial(vehicle_of, now=datetime.now(UTC)))


@router.get("/{vehicle_id}", operation_id="get_vehicle", responses=problem_responses(404))
def get_vehicle(caller: Caller, vehicle_id: VehicleId, response: Response) -> Vehicle:
    """One vehicle with its latest position."""
    row = find(caller, vehicle_id)
    response.headers["etag"] = tag(row.changed_at)
    return vehicle_of(row, datetime.now(UTC))


def vehicle_of(row: fleet.Vehicle, now: datetime) -> Vehicle:
    """A stored vehicle as the API shows it."""
    return Vehicle(
        vehicle_id=row.vehicle_id,
        registration=row.registration,
        name=row.name,
        device_key=row.device_key,
        state=motion_state(row.fix, now),
        position=position_of(row.fix) if row.fix else None,
        changed_at=row.changed_at,
    )


def motion_state(fix: Fix | None, now: datetime) -> MotionState:
    """What a vehicle is doing, by its newest fix."""
    if fix is None:
        return MotionState.unknown
    if now - fix.received_at > SILENT_AFTER:
        return MotionState.silent
    moving = fix.speed_mps >= MOVING_FROM_MPS if fix.speed_mps is not None else bool(fix.in_motion)
    return MotionState.moving if moving else MotionState.standing


def position_of(fix: Fix) -> Position:
    """A stored fix as the API shows it."""
    values = {name: getattr(fix, name) for name in Position.model_fields if name != "grade"}
    return Position(**values, grade=Grade(fix.grade).name)


def find(caller: Access, vehicle_id: str) -> fleet.Vehicle:
    """The vehicle of that name. Raises NotFoundError."""
    with caller.transaction() as connection:
        vehicle = fleet.find_vehicle(connection, vehicle_id)
    if vehicle is None:
        raise NotFoundError("vehicle", vehicle_id)
    return vehicle
