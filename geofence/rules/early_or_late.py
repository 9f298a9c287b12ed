"""Arriving outside the window of a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import STOP_LEFT, STOP_SERVED, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.tracking import SERVED_STATES

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "early_or_late"
_PARAMETERS = (
    Parameter(f"{NAME}.tolerance_s", 900, "s", 0, 14_400, "An arrival this long outside the window is still in time."),
    Parameter(f"{NAME}.medium_s", 3600, "s", 0, 86_400, "Later than this after the window is of medium severity."),
)


def _served(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or device.visits[fact.place]["came_ms"] != device.ms(fact.time_us):
        return
    stop, slack_us = plan.stops[fact.place], int(device.values[f"{NAME}.tolerance_s"] * 1e6)
    early_us, late_us = int(stop["opens_us"]) - fact.time_us, fact.time_us - int(stop["closes_us"])
    if early_us <= slack_us and late_us <= slack_us:
        return
    medium = late_us > device.values[f"{NAME}.medium_s"] * 1e6
    kind, by_us = ("late", late_us) if late_us > 0 else ("early", early_us)
    facts = {"kind": kind, "minutes": by_us / 60e6}
    severity = Severity.medium if medium else Severity.low
    told = device.tell(NAME, str(fact.place), fact.time_us, severity, stop=fact.place, confidence=0.95, facts=facts)
    if told is not None:
        device.memory[NAME] = {**device.memory.get(NAME, {}), str(fact.place): told.event_id}


def _left(device: Device, fact: Fact) -> None:
    """It may turn out that it only waited there."""
    told = device.memory.get(NAME, {}).pop(str(fact.place), None)
    if told is not None and device.plan is not None and int(device.visits[fact.place]["state"]) not in SERVED_STATES:
        device.revoke(NAME, str(fact.place), told, "only_waited")


def _begin(device: Device, _now_us: int) -> None:
    device.memory.pop(NAME, None)


RULE = Rule(NAME, _PARAMETERS, on={STOP_SERVED: _served, STOP_LEFT: _left}, begin=_begin)
