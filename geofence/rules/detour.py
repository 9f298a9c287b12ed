"""Many more kilometres than planned, between two stops or on the whole trip."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.events import Severity
from geofence.facts import HOME, STOP_SERVED, TRIP_OFF, TRIP_ON, Fact
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.planned import PlannedTrip
    from geofence.tracking import Device

NAME = "detour"
_REMEMBERED: Final = 7
_LEAST_M: Final = f"{NAME}.least_m"
_STEP_M: Final = 20.0
_ODOMETER: Final = 1.05  # what one may err, of what is driven
_PARAMETERS = (
    Parameter(f"{NAME}.leg_factor", 1.3, "1", 1, 10, "A leg longer than so many times its plan is told,"),
    Parameter(f"{NAME}.least_m", 2000, "m", 0, 100_000, "if it is longer by this much, too."),
    Parameter(f"{NAME}.trip_factor", 1.15, "1", 1, 10, "So is a whole trip longer than so many times its plan."),
    Parameter(f"{NAME}.medium_m", 10_000, "m", 0, 500_000, "So many metres too many make it of medium severity."),
)


def _begun(device: Device, fact: Fact) -> None:
    device.memory[NAME] = {"at_m": fact.a, "begun_us": fact.decided_us, "legs": [[-1, fact.a, fact.decided_us]]}


def _served(device: Device, fact: Fact) -> None:
    plan, known = device.plan, device.memory.get(NAME)
    if plan is None or known is None or math.isnan(fact.c):
        return
    before = [leg for leg in known["legs"] if leg[0] < fact.place]
    if before:
        _judge_leg(device, before[-1], fact.c, fact.place)
    known["legs"] = [*before[-_REMEMBERED:], [fact.place, fact.c, fact.decided_us]]


def _judge_leg(device: Device, begun: list[Any], driven_m: float, to: int) -> None:
    """To a stop from the one before it in the plan that was served last, those between left out or served otherwise; or home,
    which is the number after the last stop's.

    `begun`: the number of that stop, metres driven by then, and when. No leg is planned shorter than a straight line, or than
    to where the route passes its end for the last time before the stop after it that the van can have driven to.
    """
    plan = device.planned
    before, left_m, since_us = begun
    start_m = 0.0 if before < 0 else plan.stop.along_m.item(before)
    is_home = to == len(plan.stops)
    along_m = plan.length_m if is_home else plan.stop.along_m.item(to)
    leg_m, route_m, least_m = driven_m - left_m, along_m - start_m, device.values[_LEAST_M]
    if not leg_m - route_m > least_m:
        return
    planned_m = max(route_m, metres(*_pin(device, before), *_pin(device, to)))
    leg_to = None if is_home else plan.trip.stops[to].stop_id
    factor = device.values[f"{NAME}.leg_factor"]
    if leg_m > factor * planned_m and leg_m - planned_m > least_m and not is_home:
        planned_m = max(planned_m, _last_pass_m(plan, to, start_m + _ODOMETER * leg_m) - start_m)
    if planned_m >= 0 and leg_m > factor * planned_m and leg_m - planned_m > least_m:
        facts = {"leg_driven_m": leg_m, "leg_planned_m": planned_m, "leg_to": leg_to}
        device.open(NAME, "", since_us, Severity.low, confidence=0.8, facts=facts)


def _last_pass_m(plan: PlannedTrip, number: int, driven_to_m: float) -> float:
    """Where the route passes a stop's circle for the last time before the stop after it, not beyond `driven_to_m`; m along."""
    stop, along = plan.stop, plan.along
    first_m = stop.along_m.item(number)
    until_m = stop.along_m.item(number + 1) if number + 1 < len(plan.stops) else plan.length_m
    until_m = min(until_m, driven_to_m)
    if len(along) < 2 or not first_m < until_m:
        return first_m
    at_m = np.arange(until_m, first_m, -_STEP_M)
    x, y = (np.interp(at_m, along, plan.xy[:, axis]) for axis in (0, 1))
    away_m = np.hypot(x - float(plan.stops[number]["x"]), y - float(plan.stops[number]["y"]))
    passes = at_m[away_m <= stop.radius_m.item(number)]
    return float(passes[0]) if len(passes) else first_m


def _pin(device: Device, number: int) -> tuple[float, float]:
    """Longitude and latitude (e7) of a stop; of the depot, if there is one, before the first and after the last."""
    plan = device.planned
    if 0 <= number < len(plan.stops):
        return float(plan.places[number, 0]), float(plan.places[number, 1])
    known = float(plan.record["depot_m"][0]) > 0.0
    return (float(plan.record["depot_lon"][0]), float(plan.record["depot_lat"][0])) if known else (math.nan, math.nan)


def _home(device: Device, fact: Fact) -> None:
    """Home again: the last leg, and the whole trip."""
    plan, known = device.plan, device.memory.get(NAME)
    if plan is None or known is None or (fact.kind == TRIP_OFF and fact.a != 1.0):
        return
    driven_m = fact.b - known["at_m"]
    if known["legs"]:
        _judge_leg(device, known["legs"][-1], fact.b, len(plan.stops))
    if plan.length_m > 0 and driven_m > device.values[f"{NAME}.trip_factor"] * plan.length_m:
        device.open(NAME, "", max(known["begun_us"], plan.planned_start_us), Severity.low, confidence=0.8)
    medium = driven_m - plan.length_m > device.values[f"{NAME}.medium_m"]
    facts = {"driven_m": driven_m, "planned_m": plan.length_m}
    device.change(NAME, "", Severity.medium if medium else None, **facts)
    if fact.kind == TRIP_OFF:
        device.close(NAME, "", fact.time_us)


RULE = Rule(NAME, _PARAMETERS, on={TRIP_ON: _begun, STOP_SERVED: _served, HOME: _home, TRIP_OFF: _home})
