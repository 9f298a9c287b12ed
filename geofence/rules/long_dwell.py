"""Standing at a planned stop much longer than planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import STAY_QUEUED, STOP_DWELLS, STOP_LEFT, STOP_WAITED, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.serving import served_outside
from geofence.rules.standing import recent
from geofence.suppressions import BREAKDOWN
from geofence.timers import FAR_FUTURE_US

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "long_dwell"
_PARAMETERS = (
    Parameter("long_dwell.least_s", 1200, "s", 120, 28_800, "No stay shorter than this is too long."),
    Parameter("long_dwell.factor", 2, "1", 1, 20, "Nor one shorter than so many times the service planned."),
    Parameter("long_dwell.medium_factor", 2, "1", 1, 20, "So many times the limit makes it of medium severity."),
)


def _dwells(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or _rests(device, fact):
        return
    waited_us = max(0, plan.stop.opens_us.item(fact.place) - fact.time_us)
    limit_s = plan.stop.long_s.item(fact.place)
    excused_s = waited_us / 1e6 + device.held_s(BREAKDOWN, fact.time_us + waited_us, fact.decided_us)
    if excused_s and fact.a - excused_s <= limit_s:
        device.memory.setdefault(NAME, {})[str(fact.place)] = fact.time_us
        return
    facts = {"limit_s": limit_s, "planned_s": plan.stop.service_s.item(fact.place)}
    device.open(NAME, str(fact.place), fact.time_us, Severity.low, stop=fact.place, facts=facts)


def _rests(device: Device, fact: Fact) -> bool:
    """It is back where it had been and signed, in a rest place, fuel station or the like beside the shop."""
    signed_us, went_ms = device.planned.signed_us.get(fact.place, FAR_FUTURE_US), device.visit.went_ms.item(fact.place)
    return fact.c == 1.0 and 0 <= went_ms < device.ms(fact.time_us) and signed_us < fact.time_us


def _left(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None:
        return
    place, limit_s = str(fact.place), plan.stop.long_s.item(fact.place)
    waiting = device.memory.get(NAME, {}).pop(place, None)
    since_us = max(fact.time_us, plan.stop.opens_us.item(fact.place))
    served_s = (fact.a - since_us) / 1e6
    if served_s <= limit_s and f"{NAME}|{place}" not in device.episodes:
        return
    served_s -= device.held_s(BREAKDOWN, since_us, int(fact.a))
    if not waiting and fact.place in served_outside(device, fact.time_us, int(fact.a)):  # no fix in the circle told of it
        stood = [one for one in recent(device) if fact.place in one.served]
        stood_us = max(one.until or int(fact.a) for one in stood) - min(one.since for one in stood)
        waiting, served_s = fact.time_us, min(served_s, stood_us / 1e6)
    if waiting and served_s > limit_s:
        facts = {"limit_s": limit_s, "planned_s": plan.stop.service_s.item(fact.place)}
        device.open(NAME, place, fact.time_us, Severity.low, stop=fact.place, facts=facts)
    if f"{NAME}|{place}" in device.episodes and served_s > device.values["long_dwell.medium_factor"] * limit_s:
        device.change(NAME, place, Severity.medium)
    device.close(NAME, place, int(fact.a), dwell_s=fact.b)


def _waited(device: Device, fact: Fact) -> None:
    """It had only waited there, in a jam or for its turn, and has rolled on to where it is served."""
    device.withdraw(NAME, str(fact.place), "waited")


def _queues(device: Device, _fact: Fact) -> None:
    """It stands in a queue before the shop, and not at it."""
    for key in [key for key in device.episodes if key.startswith(f"{NAME}|")]:
        device.withdraw(NAME, key.partition("|")[2], "queue")


RULE = Rule(NAME, _PARAMETERS, on={STOP_DWELLS: _dwells, STOP_WAITED: _waited, STOP_LEFT: _left, STAY_QUEUED: _queues})
