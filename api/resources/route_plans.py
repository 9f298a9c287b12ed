"""Route plans: what a beat becomes on a day. Releasing one makes its trip; when the trip leaves, the plan is frozen."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from api.access import Planner, Reader
from api.errors import problem_responses
from api.listing import Listed, RecordPage, record_page
from api.own_clock import by_own_clock
from api.records import keeping
from api.records.resource import Change, Filters, Given, Name, Resource, Shown
from api.records.router import record_router
from api.resources.outlets import Latitude, Longitude, Radius
from domain.beats import is_due, window_on
from domain.errors import ConflictError, InvalidInputError
from domain.orders import ROUTE_PLAN as LIFE
from domain.trips import Circle, PlannedStop, Trip
from store import journeys, ordering, planning, records, route_plans
from store.catalogue import BEAT, OUTLET, ROUTE_PLAN
from store.listing import Part
from store.pool import Connection
from store.records import Record, Wanted

Point = tuple[Longitude, Latitude]


class RouteStop(Given):
    """An outlet to serve; the stop has its name."""

    outlet_id: Name
    window_start: AwareDatetime | None = None
    window_end: AwareDatetime | None = None
    planned_service_s: float | None = Field(None, ge=0, le=86_400)
    cases: float | None = Field(None, ge=0, le=1_000_000)


class Depot(Given):
    """Where the trip begins and ends."""

    longitude_deg: Longitude
    latitude_deg: Latitude
    radius_m: Radius = 150


class _Told(Given):
    vehicle_id: Name | None = None
    driver_id: Name | None = None
    route: list[Point] | None = Field(None, min_length=2, max_length=20_000, description="[longitude, latitude] pairs.")
    corridor_m: float | None = Field(None, gt=0, le=10_000)
    depot: Depot | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> _Told:
        names = [stop.outlet_id for stop in getattr(self, "stops", None) or ()]
        if len(set(names)) < len(names):
            raise ValueError("an outlet has one stop in a plan")
        return self


class NewRoutePlan(_Told):
    """A plan to make. What is not said comes from the beat: its vehicle, driver and outlets with their service windows."""

    route_plan_id: Annotated[Name, Field(examples=["R-2026-03-02-MARKET"])]
    beat_id: Name | None = None
    planned_start: AwareDatetime = Field(
        description="Service windows are by the organisation's clock; while that is UTC, in this zone.",
        examples=["2026-03-02T08:00:00+05:30"],
    )
    planned_end: AwareDatetime = Field(examples=["2026-03-02T16:00:00+05:30"])
    stops: list[RouteStop] = Field([], max_length=500)


class RoutePlanChange(_Told):
    """What to change of a plan, until its trip leaves."""

    planned_start: AwareDatetime | None = None
    planned_end: AwareDatetime | None = None
    stops: list[RouteStop] | None = Field(None, max_length=500)


class RoutePlan(Shown):
    """A dated plan of one vehicle's round."""

    route_plan_id: str
    beat_id: str | None
    on_date: date
    planned_start: datetime
    planned_end: datetime
    vehicle_id: str | None
    driver_id: str | None
    route: list[Point] | None
    corridor_m: float | None
    depot: Depot | None
    stops: list[RouteStop]
    trip_id: str | None = Field(description="Its trip, once it was released.")
    version: int


class RoutePlanVersion(BaseModel):
    """What a plan said."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    plan: dict[str, Any]
    made_by: str
    made_at: datetime


class RoutePlanFilters(Filters):
    """Which plans to list."""

    beat_id: Name | None = None
    vehicle_id: Name | None = None
    on_date: date | None = None


def _rule(change: Change) -> None:
    before, values = change.before, change.values
    if "planned_start" in values:
        values["planned_start"] = by_own_clock(change.connection, change.org_id, values["planned_start"])
        values["on_date"] = values["planned_start"].date()
    if before is None:
        _take_from_beat(change)
    elif before["state"] in {"frozen", "cancelled"}:
        raise ConflictError(f"the plan is {before['state']}: it changes no more")
    now = {**(before or {}), **values}
    if now["planned_end"] <= now["planned_start"]:
        raise InvalidInputError("planned_end", "must be after planned_start")


def _take_from_beat(change: Change) -> None:
    values = change.values
    if "beat_id" not in values:
        return
    beat = records.find_all(change.connection, BEAT, change.org_id, [values["beat_id"]]).get(values["beat_id"])
    if beat is None or beat["state"] != "active":
        raise InvalidInputError("beat_id", f"there is no active beat {values['beat_id']!r}")
    for name in ("vehicle_id", "driver_id"):
        values.setdefault(name, beat[name])
    if not values.get("stops"):
        values["stops"] = _stops_of(change, beat, values["planned_start"])


def _stops_of(change: Change, beat: Record, start: datetime) -> list[dict[str, Any]]:
    """The beat's outlets that may be served, each with its window on that day."""
    outlets = records.find_all(change.connection, OUTLET, change.org_id, [one["outlet_id"] for one in beat["outlets"]])
    stops = []
    for one in beat["outlets"]:
        outlet = outlets[one["outlet_id"]]
        if outlet["state"] == "approved":
            window = window_on(outlet["service_windows"], start)
            stop = {"outlet_id": one["outlet_id"], "planned_service_s": one["planned_service_s"]}
            if window is not None:
                stop |= {"window_start": window[0].isoformat(), "window_end": window[1].isoformat()}
            stops.append(stop)
    return stops


def _after(change: Change, record: Record) -> None:
    """Keep the version; a plan that was released changes its trip, too."""
    if "state" in change.values and change.before is not None:
        return  # it says what it said before
    plan = RoutePlan.model_validate({**ROUTE_PLANS.show(record).model_dump()}).model_dump(mode="json")
    told = set(RoutePlanChange.model_fields) | {"on_date", "beat_id"}
    route_plans.add_version(
        change.connection,
        change.org_id,
        record["route_plan_id"],
        {name: value for name, value in plan.items() if name in told},
        change.caller.actor,
    )
    if record["state"] == "released":
        planning.save_trip(change.connection, change.org_id, _trip(change, record))
        if "driver_id" in change.values:
            journeys.assign_driver(change.connection, change.org_id, record["trip_id"], record["driver_id"])


def _on_move(change: Change) -> None:
    plan, state = change.before, change.values["state"]
    assert plan is not None  # only what is there moves
    if state == "released":
        trip = _trip(change, plan)
        planning.save_trip(change.connection, change.org_id, trip)
        journeys.assign_driver(change.connection, change.org_id, trip.trip_id, plan["driver_id"])
        ordering.put_on_trip(change.connection, change.org_id, trip.trip_id, plan["on_date"])
        change.values["trip_id"] = trip.trip_id
    if state == "frozen":
        raise ConflictError("a plan is frozen when its trip is dispatched, and only then")
    if state == "cancelled" and plan["trip_id"] is not None:
        raise ConflictError(f"trip {plan['trip_id']!r} was made of it: cancel the trip")


def _trip(change: Change, plan: Record) -> Trip:
    """The trip that a plan says, with the outlets' pins as they are now."""
    if not plan["stops"] or plan["vehicle_id"] is None:
        raise ConflictError("a plan needs a vehicle and stops before it is released")
    device_key = route_plans.tracker_on(change.connection, change.org_id, plan["vehicle_id"], plan["planned_start"])
    if device_key is None:
        raise ConflictError(f"no active tracker is on vehicle {plan['vehicle_id']!r} at that time")
    names = [stop["outlet_id"] for stop in plan["stops"]]
    outlets = records.find_all(change.connection, OUTLET, change.org_id, names)
    for number, name in enumerate(names):
        if name not in outlets or outlets[name]["state"] != "approved":
            raise ConflictError(f"stops.{number}: there is no approved outlet {name!r}")
    depot = plan["depot"]
    return Trip(
        trip_id=plan["trip_id"] or plan["route_plan_id"],
        device_id=device_key,
        planned_start=plan["planned_start"],
        planned_end=plan["planned_end"],
        route=tuple((point[0], point[1]) for point in plan["route"] or ()),
        corridor_m=plan["corridor_m"],
        depot=Circle(**depot) if depot else None,
        stops=tuple(_stop(stop, outlets[stop["outlet_id"]]) for stop in plan["stops"]),
    )


def _stop(stop: dict[str, Any], outlet: Record) -> PlannedStop:
    told = RouteStop.model_validate(stop)
    place = Circle(outlet["longitude_deg"], outlet["latitude_deg"], outlet["radius_m"])
    window = (told.window_start, told.window_end)
    return PlannedStop(told.outlet_id, told.outlet_id, place, *window, told.planned_service_s, told.cases)


ROUTE_PLANS: Final = Resource(
    path="/route-plans",
    table=ROUTE_PLAN,
    life=LIFE,
    new=NewRoutePlan,
    change=RoutePlanChange,
    shown=RoutePlan,
    filters=RoutePlanFilters,
    filtered={"beat_id": ("beat_id", "="), "vehicle_id": ("vehicle_id", "="), "on_date": ("on_date", "=")},
    rule=_rule,
    on_move=_on_move,
    after=_after,
)
router = record_router(ROUTE_PLANS)


@router.get("/{route_plan_id}/versions", operation_id="list_route_plan_versions", responses=problem_responses(404))
def list_route_plan_versions(
    caller: Reader, asked: Listed, route_plan_id: Annotated[str, Path(max_length=200)]
) -> RecordPage[RoutePlanVersion]:
    """What a plan said and who made it say so, the newest version first."""

    def read(connection: Connection, part: Part) -> list[dict[str, Any]]:
        plan = records.find(connection, ROUTE_PLAN, route_plan_id)
        return route_plans.list_versions(connection, plan["org_id"], route_plan_id, part)

    return record_page(caller, route_plans.VERSIONS, asked, read, RoutePlanVersion.model_validate)


class PlannedDay(Given):
    """Which day to plan, and when its rounds begin and end."""

    planned_start: AwareDatetime = Field(examples=["2026-03-02T08:00:00+05:30"])
    duration_h: float = Field(8, gt=0, le=24)


@router.post("/of-day", operation_id="plan_day", status_code=201, responses=problem_responses(409))
def plan_day(caller: Planner, day: PlannedDay) -> list[RoutePlan]:
    """Make a draft for every active beat of one's own that is due on the day and has none yet; its name is beat and date."""
    made = []
    with caller.transaction() as connection:
        start = by_own_clock(connection, caller.org_id, day.planned_start)
        end = start + timedelta(hours=day.duration_h)
        for beat in records.all_records(connection, BEAT, Wanted(conditions=[("state", "=", "active")])):
            name = f"{beat['beat_id']}-{start.date()}"[:200]
            if beat["org_id"] != caller.org_id or not _is_due(beat, start.date()):
                continue
            if records.find_all(connection, ROUTE_PLAN, caller.org_id, [name]):
                continue
            values = {
                "route_plan_id": name,
                "beat_id": beat["beat_id"],
                "planned_start": start,
                "planned_end": end,
            }
            new = NewRoutePlan.model_validate(values)
            made.append(keeping.add(caller, connection, ROUTE_PLANS, new))
    return [RoutePlan.model_validate(ROUTE_PLANS.show(record)) for record in made]


def _is_due(beat: Record, day: date) -> bool:
    return is_due(day, weekdays=beat["weekdays"], every_weeks=beat["every_weeks"], starts_on=beat["starts_on"])
