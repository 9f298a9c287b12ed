"""Beats: the outlets that are served together, in order, on certain weekdays."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import ConfigDict, Field, model_validator

from api.records.resource import Filters, Given, Name, Resource, Shown, Text
from api.records.router import record_router
from domain.orders import BEAT as LIFE
from store.catalogue import BEAT

Weekday = Annotated[int, Field(ge=1, le=7)]
Weekdays = Annotated[list[Weekday], Field(min_length=1, max_length=7, description="ISO: Monday is 1.", examples=[[1, 4]])]


class BeatOutlet(Given):
    """An outlet of a beat."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    outlet_id: Name
    planned_service_s: float | None = Field(None, ge=0, le=86_400)


class _Told(Given):
    vehicle_id: Name | None = Field(None, description="That usually serves it.")
    driver_id: Name | None = None

    @model_validator(mode="after")
    def _names_each_outlet_once(self) -> _Told:
        names = [outlet.outlet_id for outlet in getattr(self, "outlets", None) or ()]
        if len(set(names)) < len(names):
            raise ValueError("an outlet has one place in a beat")
        return self


class NewBeat(_Told):
    """A beat to add."""

    beat_id: Annotated[Name, Field(examples=["B-MARKET"])]
    name: Text
    weekdays: Weekdays = Field([1, 2, 3, 4, 5, 6])
    every_weeks: int = Field(1, ge=1, le=52, description="In every so many weeks.")
    starts_on: date = Field(date(2024, 1, 1), description="A day of the first week.")
    outlets: list[BeatOutlet] = Field([], max_length=500, description="In the order in which they are served.")


class BeatChange(_Told):
    """What to change of a beat; plans that were made of it stay."""

    name: Text | None = None
    weekdays: Weekdays | None = None
    every_weeks: int | None = Field(None, ge=1, le=52)
    starts_on: date | None = None
    outlets: list[BeatOutlet] | None = Field(None, max_length=500)


class Beat(Shown):
    """A round of outlets."""

    beat_id: str
    name: str
    weekdays: list[int]
    every_weeks: int
    starts_on: date
    vehicle_id: str | None
    driver_id: str | None
    outlets: list[BeatOutlet]


class BeatFilters(Filters):
    """Which beats to list."""

    weekday: Weekday | None = Field(None, description="That may run on this weekday.")
    vehicle_id: Name | None = None
    driver_id: Name | None = None


BEATS: Final = Resource(
    path="/beats",
    table=BEAT,
    life=LIFE,
    new=NewBeat,
    change=BeatChange,
    shown=Beat,
    filters=BeatFilters,
    filtered={"weekday": ("weekdays", "has"), "vehicle_id": ("vehicle_id", "="), "driver_id": ("driver_id", "=")},
)
router = record_router(BEATS)
