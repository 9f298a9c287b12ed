"""Many more kilometres than planned, between two stops or on the whole trip."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import STOP_SERVED, TRIP_OFF, TRIP_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "detour"
_PARAMETERS = (
    Parameter(f"{NAME}.leg_factor", 1.3, "1", 1, 10, "A leg longer than so many times its plan is told,"),
    Parameter(f"{NAME}.least_m", 2000, "m", 0, 100_000, "if it is longer by this much, too."),
    Parameter(f"{NAME}.trip_factor", 1.15, "1", 1, 10, "A whole trip longer than so many times its plan, likewise."),
    Parameter(f"{NAME}.medium_m", 10_000, "m", 0, 500_000, "So many metres too many make it of medium severity."),
)


def _begun(device: Device, fact: Fact) -> None:
    device.memory[NAME] = {"at_m": fact.a, "leg_m": fact.a, "stop": -1, "since_us": fact.decided_us}
    device.memory[NAME]["begun_us"] = fact.decided_us


def _served(device: Device, fact: Fact) -> None:
    plan, known = device.plan, device.memory.get(NAME)
    if plan is None or known is None or math.isnan(fact.c):
        return
    before, along = known["stop"], plan.stops["along_m"]
    start_m = 0.0 if before < 0 else float(along[before])
    planned_m, driven_m = float(along[fact.place]) - start_m, fact.c - known["leg_m"]
    if fact.place == before + 1 and _too_long(device, driven_m, planned_m, device.values[f"{NAME}.leg_factor"]):
        facts = {"leg_driven_m": driven_m, "leg_planned_m": planned_m, "leg_to": plan.trip.stops[fact.place].stop_id}
        device.open(NAME, "", known["since_us"], Severity.low, confidence=0.8, facts=facts)
    known.update(leg_m=fact.c, stop=fact.place, since_us=fact.decided_us)


def _ended(device: Device, fact: Fact) -> None:
    plan, known = device.plan, device.memory.pop(NAME, None)
    if plan is None or known is None or fact.a != 1.0:
        return
    driven_m = fact.b - known["at_m"]
    if _too_long(device, driven_m, plan.length_m, device.values[f"{NAME}.trip_factor"]):
        device.open(NAME, "", max(known["begun_us"], plan.planned_start_us), Severity.low, confidence=0.8)
    medium = driven_m - plan.length_m > device.values[f"{NAME}.medium_m"]
    facts = {"driven_m": driven_m, "planned_m": plan.length_m}
    device.change(NAME, "", Severity.medium if medium else None, **facts)
    device.close(NAME, "", fact.time_us)


def _too_long(device: Device, driven_m: float, planned_m: float, factor: float) -> bool:
    return planned_m > 0 and driven_m > factor * planned_m and driven_m - planned_m > device.values[f"{NAME}.least_m"]


RULE = Rule(NAME, _PARAMETERS, on={TRIP_ON: _begun, STOP_SERVED: _served, TRIP_OFF: _ended})
