"""What a driver has to do: the day's trips with their stops in order, and what each gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.access import Deliverer
from api.shown_deliveries import DeliveryInFull, delivery_in_full
from domain.people import Role
from domain.trip_life import TripState
from store import breakdowns, deliveries, journeys, planning
from store.breakdowns import BreakdownFilter
from store.deliveries import DeliveryFilter
from store.journeys import Journey
from store.listing import Part
from store.pool import Connection

router = APIRouter(tags=["driver"])

_ALL: Final = Part(limit=10_000)  # of one trip
_AROUND_NOW: Final = timedelta(hours=48)  # one that stood overnight is driven home the day after
_STANDS: Final = {"reported", "approved", "repair", "transfer", "tow", "abort"}
_SHOWN: Final = {"loading", "load_confirmed", "dispatched", "in_progress", "breakdown", "returning", "unloading"}


class DriversStop(DeliveryInFull):
    """A delivery and where it goes."""

    longitude_deg: float
    latitude_deg: float


class Standing(BaseModel):
    """That the van stands, and what is done about it."""

    model_config = ConfigDict(from_attributes=True)

    state: str = Field(examples=["reported"])
    reason: str = Field(examples=["flat tyre"])


class DriversTrip(BaseModel):
    """A trip to drive."""

    trip_id: str
    vehicle_id: str
    state: TripState
    planned_start: datetime
    planned_end: datetime
    breakdown: Standing | None = Field(description="Of the van, while it is not over.")
    stops: list[DriversStop] = Field(description="In the planned order; empty until dispatch.")


@router.get("/me/trips", operation_id="list_my_trips")
def list_my_trips(caller: Deliverer) -> list[DriversTrip]:
    """Trips around now that the caller drives and that are not over; of who manages drivers, everybody's."""
    now = datetime.now(UTC)
    person = caller.person_id if caller.role is Role.driver else None
    with caller.transaction() as connection:
        found = journeys.driven_by(connection, person, now - _AROUND_NOW, now + _AROUND_NOW)
        return [_trip(connection, journey) for journey in found if journey.state in _SHOWN]


def _trip(connection: Connection, journey: Journey) -> DriversTrip:
    places = {stop.stop_id: stop.place for stop in planning.trip_named(connection, journey.org_id, journey.trip_id).stops}
    rows = deliveries.list_deliveries(connection, DeliveryFilter(trip_id=journey.trip_id, org_id=journey.org_id), _ALL)
    stops = [
        DriversStop(
            **delivery_in_full(connection, row).model_dump(),
            longitude_deg=places[row.stop_id].longitude_deg,
            latitude_deg=places[row.stop_id].latitude_deg,
        )
        for row in rows
    ]
    return DriversTrip(
        trip_id=journey.trip_id,
        vehicle_id=journey.vehicle_id,
        state=TripState(journey.state),
        planned_start=journey.planned_start,
        planned_end=journey.planned_end,
        breakdown=_standing(connection, journey),
        stops=stops,
    )


def _standing(connection: Connection, journey: Journey) -> Standing | None:
    wanted = BreakdownFilter(trip_id=journey.trip_id, states=sorted(_STANDS))
    found = breakdowns.list_breakdowns(connection, wanted, _ALL)
    return Standing.model_validate(found[0]) if found else None
