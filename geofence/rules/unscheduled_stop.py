"""A halt on a trip, outside every place where halting is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import STAY_HELD, STAY_OFF, STAY_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "unscheduled_stop"
_PARAMETERS = (
    Parameter("unscheduled_stop.least_s", 600, "s", 120, 14_400, "A halt of this length is told.", in_kernel=True),
    Parameter("unscheduled_stop.red_s", 300, "s", 60, 14_400, "In a red zone, of this length.", in_kernel=True),
)
_RED = 1


def _held(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or fact.c != -1.0 or fact.time_us < plan.planned_start_us:
        return
    in_red = fact.d >= 0.0
    if fact.place == _RED and not in_red:
        return
    off_route = "route_deviation|" in device.episodes
    severity = Severity.high if in_red or off_route else Severity.medium
    facts: dict[str, object] = {
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
        "watched_s": fact.a,
        "sigma_m": fact.b,
        "off_route": off_route,
    }
    if in_red:
        facts["red_zone_id"] = device.zones[int(fact.d)].zone_id
    device.open(NAME, str(fact.time_us), fact.time_us, severity, confidence=0.9, facts=facts)


def _over(device: Device, fact: Fact) -> None:
    device.close(NAME, str(fact.time_us), int(fact.a), dwell_s=(fact.a - fact.time_us) / 1e6)
    device.stay_us = 0


def _stands(device: Device, fact: Fact) -> None:
    device.stay_us = fact.time_us


RULE = Rule(NAME, _PARAMETERS, on={STAY_ON: _stands, STAY_HELD: _held, STAY_OFF: _over})
