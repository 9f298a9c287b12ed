"""Arriving outside the window of a stop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import ESTIMATE, STOP_LEFT, STOP_SERVED, Fact
from geofence.journal import event_id
from geofence.parameters import Parameter
from geofence.rows import from_us
from geofence.rule import Rule
from geofence.rules.traffic import excuse_in_traffic
from geofence.visit_states import SERVED_STATES

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "early_or_late"
_PARAMETERS = (
    Parameter(f"{NAME}.tolerance_s", 900, "s", 0, 14_400, "An arrival this long outside the window is still in time."),
    Parameter(f"{NAME}.medium_s", 3600, "s", 0, 86_400, "Later than this after the window is of medium severity."),
)


def _served(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or device.visit.came_ms.item(fact.place) != device.ms(fact.time_us):
        return
    _take_back(device, fact.place, "came_again")
    slack_us = int(device.values["early_or_late.tolerance_s"] * 1e6)
    early_us, late_us = plan.stop.opens_us.item(fact.place) - fact.time_us, fact.time_us - plan.stop.closes_us.item(fact.place)
    place = str(fact.place)
    if early_us <= slack_us and late_us <= slack_us:
        device.withdraw(NAME, place, "came_in_time")
        return
    medium = late_us > device.values["early_or_late.medium_s"] * 1e6
    kind, by_us = ("late", late_us) if late_us > 0 else ("early", early_us)
    facts = {"kind": kind, "minutes": by_us / 60e6}
    severity = Severity.medium if medium else Severity.low
    predicted = device.episodes.get(f"{NAME}|{place}")
    if predicted is None:
        told = device.tell(NAME, place, fact.time_us, severity, stop=fact.place, confidence=0.95, facts=facts)
    else:
        told, predicted.confidence = predicted, 0.95
        device.change(NAME, place, severity, **facts)
        device.close(NAME, place, fact.time_us)
    if told is not None:
        device.memory[NAME] = {**device.memory.get(NAME, {}), place: told.started_us}


def _left(device: Device, fact: Fact) -> None:
    """It may turn out that it only waited there."""
    if device.plan is not None and device.visit.state.item(fact.place) not in SERVED_STATES:
        _take_back(device, fact.place, "only_waited")


def _take_back(device: Device, number: int, reason: str) -> None:
    """What was told of an arrival at a stop was not of its service."""
    place = str(number)
    started_us = device.memory.get(NAME, {}).pop(place, None)
    if started_us is not None:
        device.revoke(NAME, place, event_id(NAME, device.key, device.trip_id, place, started_us), reason)


def _begin(device: Device, _now_us: int) -> None:
    device.memory.pop(NAME, None)


def _estimated(device: Device, fact: Fact) -> None:
    """The estimated arrival has passed the end of the window, or no longer does."""
    place, after_s = str(fact.place), fact.a
    if math.isnan(after_s):
        device.withdraw(NAME, place, "will_come_in_time")
        return
    medium = after_s > device.values["early_or_late.medium_s"]
    facts = {"kind": "predicted_late", "minutes": after_s / 60, "estimated_arrival_at": from_us(fact.time_us).isoformat()}
    severity = Severity.medium if medium else Severity.low
    episode = device.open(NAME, place, fact.decided_us, severity, stop=fact.place, confidence=0.6, facts=facts)
    if episode is not None:
        excuse_in_traffic(device, episode)


def _never_came(device: Device, _now_us: int) -> None:
    """What was predicted late and not served is missed, or not known, and not late."""
    for number in range(len(device.visits)):
        device.withdraw(NAME, str(number), "not_served")


_ON = {STOP_SERVED: _served, STOP_LEFT: _left, ESTIMATE: _estimated}
RULE = Rule(NAME, _PARAMETERS, on=_ON, begin=_begin, finish=_never_came)
