"""Vehicles as they are registered. Where they are is told by /vehicles."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from api.records.resource import Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.orders import VEHICLE as LIFE
from store.catalogue import VEHICLE

Capacity = Annotated[float, Field(gt=0, le=100_000, examples=[750])]


class _Told(Given):
    registration: Text | None = Field(None, examples=["KA 05 AB 1234"])
    name: Text | None = None
    capacity_kg: Capacity | None = None


class NewVehicle(_Told):
    """A vehicle to register."""

    vehicle_id: Annotated[Name, Field(examples=["van-07"])]
    kind: Annotated[Name, Field(examples=["van"])] = "van"


class VehicleChange(_Told):
    """What to change of a vehicle."""

    kind: Name | None = None


class RegisteredVehicle(Shown):
    """A vehicle as it is registered."""

    vehicle_id: str
    registration: str | None
    name: str | None
    kind: str
    capacity_kg: float | None


class VehicleFilters(Filters):
    """Which vehicles to list."""

    kind: Name | None = None


FLEET: Final = Resource(
    path="/fleet/vehicles",
    table=VEHICLE,
    life=LIFE,
    new=NewVehicle,
    change=VehicleChange,
    shown=RegisteredVehicle,
    filters=VehicleFilters,
    filtered={"kind": ("kind", "=")},
)
router = record_router(FLEET, nouns="registered_vehicles", noun="registered_vehicle")
