"""Trips as they are carried out: their life from plan to closure, who drives, and that the van leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Participant, Planner
from api.errors import problem_responses
from api.journeys import advance, held_trip, shown_trip, trip_tag
from api.loading import put_on_van
from api.records.resource import Given
from api.resources.trips import TripId
from api.versions import IfMatch
from domain.errors import ConflictError
from domain.trip_life import TRIP, TripState
from store import deliveries, journeys, loads
from store.audit import Change
from store.journeys import Journey
from store.listing import Part
from store.pool import Connection
from store.stock import Cause

router = APIRouter(prefix="/trips/{trip_id}", tags=["trip life"])

PlainState = Literal["in_progress", "returning", "unloading", "cancelled"]

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
_REFUSALS: Final = problem_responses(403, 404, 409, 412, 422)
_ALL: Final = Part(limit=10_000)  # of one trip


class Step(BaseModel):
    """When the trip came into a state, and who said so."""

    model_config = ConfigDict(from_attributes=True)

    state: TripState
    at: datetime
    actor: str
    note: str | None


class TripLife(BaseModel):
    """Where a trip is in its life, and what may come next."""

    trip_id: str
    vehicle_id: str
    driver_id: str | None
    state: TripState
    may_become: list[TripState]
    steps: list[Step]


class NewState(Given):
    """A state that needs nothing but somebody who says so."""

    state: PlainState
    note: Text | None = None


class DriverChange(Given):
    """Who shall drive."""

    driver_id: Name | None = Field(description="Null: nobody yet.", examples=["D-12"])


class Dispatch(BaseModel):
    """That the van may leave."""

    trip_id: str
    state: TripState
    deliveries: int


@router.get("/life", operation_id="get_trip_life", responses=problem_responses(404))
def get_trip_life(caller: Participant, trip_id: TripId, response: Response) -> TripLife:
    """Where the trip is in its life."""
    with caller.transaction() as connection:
        return _tagged(connection, shown_trip(caller, connection, trip_id), response)


@router.post("/state", operation_id="set_trip_state", responses=_REFUSALS)
def set_trip_state(
    caller: Participant, trip_id: TripId, wanted: NewState, response: Response, if_match: IfMatch = None
) -> TripLife:
    """Bring the trip into a state that needs nothing else: under way, returning, unloading, cancelled.

    What needs more has its own address: load-out, dispatch, breakdowns, settlement, closure.
    """
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if journey.state == "breakdown" and wanted.state == "in_progress":
            raise ConflictError(f"trip {trip_id!r} goes on when its breakdown is closed as repaired")
        advance(caller, connection, journey, wanted.state, wanted.note)
        return _tagged(connection, journeys.journey_named(connection, trip_id), response)


@router.put("/driver", operation_id="assign_driver", responses=_REFUSALS)
def assign_driver(
    caller: Planner, trip_id: TripId, change: DriverChange, response: Response, if_match: IfMatch = None
) -> TripLife:
    """Say who drives."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        if not TRIP.next_states(journey.state):
            raise ConflictError(f"trip {trip_id!r} is {journey.state}")
        journeys.assign_driver(connection, journey.org_id, trip_id, change.driver_id)
        before, after = {"driver_id": journey.driver_id}, {"driver_id": change.driver_id}
        told = Change(action="trip.driver", kind="trip", identifier=trip_id, before=before, after=after)
        caller.note(connection, told, journey.org_id)
        return _tagged(connection, journeys.journey_named(connection, trip_id), response)


@router.post("/dispatch", operation_id="dispatch_trip", responses=_REFUSALS)
def dispatch_trip(
    caller: Planner,
    trip_id: TripId,
    response: Response,
    without_driver: Annotated[bool, Query(description="Let it go although nobody is named as its driver.")] = False,
    if_match: IfMatch = None,
) -> Dispatch:
    """Let the van go: the plan is frozen, the load is on the van in the ledger, orders are out for delivery."""
    with caller.transaction() as connection:
        journey = held_trip(caller, connection, trip_id, if_match)
        TRIP.check(trip_id, journey.state, "dispatched", caller.permissions)
        if journey.driver_id is None and not without_driver:
            raise ConflictError(f"trip {trip_id!r} has no driver")
        _, lines = loads.load_of(connection, journey)
        loaded = {line.product_id: line.received or 0 for line in lines}
        put_on_van(caller, connection, journey, loaded, (Cause.load, trip_id, datetime.now(UTC)))
        loads.send_orders_out(connection, journey)
        deliveries.make_deliveries(connection, journey)
        advance(caller, connection, journey, "dispatched")
        made = deliveries.list_deliveries(connection, deliveries.DeliveryFilter(trip_id=trip_id, org_id=journey.org_id), _ALL)
        response.headers["etag"] = trip_tag(connection, journey)
    return Dispatch(trip_id=trip_id, state=TripState("dispatched"), deliveries=len(made))


def _tagged(connection: Connection, journey: Journey, response: Response) -> TripLife:
    response.headers["etag"] = trip_tag(connection, journey)
    return _life(connection, journey)


def _life(connection: Connection, journey: Journey) -> TripLife:
    return TripLife(
        trip_id=journey.trip_id,
        vehicle_id=journey.vehicle_id,
        driver_id=journey.driver_id,
        state=TripState(journey.state),
        may_become=[TripState(state) for state in TRIP.next_states(journey.state)],
        steps=[Step.model_validate(step) for step in journeys.steps(connection, journey)],
    )
