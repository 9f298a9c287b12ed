"""When the van will be at the stops ahead, and which of them it will reach too late."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.events import VisitState
from geofence.facts import ESTIMATE, GAP, ON_ROUTE, PROGRESS, STOP_ARRIVED, STOP_LEFT, Fact
from geofence.fixes import GoodFix
from geofence.kernels.arrivals import LATE, LATER, Manner, renew_arrivals
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.visit_states import CODE, TOO_LATE

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "arrivals"
_PARAMETERS = (
    Parameter(f"{NAME}.usual_mps", 25 / 3.6, "m/s", 1, 40, "How fast a van gets on between stops, before its own legs tell,"),
    Parameter(f"{NAME}.usual_m", 5000, "m", 100, 200_000, "which counts as much as this far driven."),
    Parameter(f"{NAME}.tell_s", 180, "s", 60, 3600, "An estimate is told anew when it has moved by this much."),
    Parameter(f"{NAME}.overdue_s", 120, "s", 60, 3600, "A van that is this late at its next stop is estimated anew."),
    Parameter(f"{NAME}.recover_s", 120, "s", 0, 3600, "A stop is not at risk any more this long before its window ends."),
)
_AHEAD: Final = sum(1 << CODE[state] for state in (VisitState.pending, VisitState.approaching, VisitState.drive_by))
_MANNER_OF: Final = itemgetter(*(f"{NAME}.{name}" for name in Manner._fields))


def _moved(device: Device, fact: Fact) -> None:
    if device.plan is not None and (here := device.here) is not None:
        _estimate(device, fact.decided_us, here)


def _begin(device: Device, now_us: int) -> None:
    """Until it is seen to move, the van is taken to leave on time from its depot, or from where its route begins."""
    plan = device.planned
    place = plan.trip.depot or (plan.trip.stops[0].place if plan.trip.stops else None)
    start = plan.trip.route[0] if plan.trip.route else (place.longitude_deg, place.latitude_deg) if place else None
    if start is not None:
        here = GoodFix(now_us, round(start[0] * 1e7), round(start[1] * 1e7))
        _estimate(device, max(now_us, plan.planned_start_us), here)


def _waited(device: Device, now_us: int) -> None:
    """Nothing was told for so long that the estimates are no longer true. Without data nothing is known, and nothing said."""
    good = device.last_good
    if device.plan is not None and good is not None and now_us - good.time_us <= device.values["gap.least_s"] * 1e6:
        _estimate(device, max(now_us, device.plan.planned_start_us), good)


def _estimate(device: Device, now_us: int, here: GoodFix) -> None:
    plan = device.planned
    planned = plan.record, plan.stops, device.visits, plan.xy, plan.along
    place = float(here.longitude_e7), float(here.latitude_e7)
    told = np.empty((2 * len(plan.stops), 3), np.int64)
    due_us, count = renew_arrivals(*planned, *place, now_us, _AHEAD, TOO_LATE, told, *_MANNER_OF(device.values))
    for number, arrival_us, what in told[:count].tolist() if count else ():
        if what == LATER:
            device.show(number)
        else:
            _turn(device, number, arrival_us, is_late=what == LATE)
    if now_us < due_us < plan.longest_us:
        device.timers[NAME] = due_us
    else:
        device.timers.pop(NAME, None)


def _turn(device: Device, number: int, arrival_us: int, *, is_late: bool) -> None:
    """The van will come to a stop after its window now, or no longer will."""
    if is_late:
        device.put_at_risk(number, TOO_LATE)
    else:
        device.end_risk(number, TOO_LATE)
    after_s = (arrival_us - int(device.planned.stops[number]["closes_us"])) / 1e6
    place = (number, device.here.longitude_e7 if device.here else 0, device.here.latitude_e7 if device.here else 0)
    device.follow_ups.append(
        Fact(ESTIMATE, device.slot, device.now_us, arrival_us, *place, after_s if is_late else math.nan, 0.0, 0.0, 0.0)
    )


_ON = dict.fromkeys((PROGRESS, STOP_ARRIVED, STOP_LEFT, GAP, ON_ROUTE), _moved)
RULE = Rule(NAME, _PARAMETERS, on=_ON, wake=_waited, begin=_begin)
