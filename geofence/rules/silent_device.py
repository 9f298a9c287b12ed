"""No message at all, on a trip, for longer than the device ever is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import SILENCE, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "silent_device"
_PARAMETERS = (
    Parameter(f"{NAME}.least_s", 600, "s", 60, 86_400, "On a trip, a silence longer than this is told,", in_kernel=True),
    Parameter(f"{NAME}.intervals", 3, "1", 1, 50, "if it is longer than so many reporting intervals.", in_kernel=True),
    Parameter(f"{NAME}.dead_m", 2000, "m", 100, 50_000, "A dead zone excuses no silence in which it drove on for longer."),
    Parameter(f"{NAME}.woken_m", 200, "m", 20, 10_000, "Asleep when parked is no silence, unless it moved this far meanwhile."),
)


def _silent(device: Device, fact: Fact) -> None:
    """Told when due; a message that breaks the silence comes as the same fact with its time."""
    plan = device.plan
    asleep = fact.c == 1.0 and device.stay_us > 0
    if asleep and fact.b > device.values[f"{NAME}.woken_m"]:
        asleep, device.now_us = False, int(fact.a)  # known only now: a tracker that sleeps wakes up when it is moved
    hidden = fact.place == 1
    if hidden and fact.b > device.values[f"{NAME}.dead_m"]:
        hidden, device.now_us = False, int(fact.a)  # so far no hole in the radio reaches: it was out of it for long, and silent
    expected = hidden or asleep
    if plan is not None and not expected and fact.time_us >= plan.begin_us:
        severity = Severity.high if fact.d == 1.0 else Severity.medium
        facts = {"longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7, "off_route": fact.d == 1.0}
        device.open(NAME, "", fact.time_us, severity, confidence=0.9, facts=facts)
    if fact.a == fact.a:  # NaN: still silent
        device.close(NAME, "", int(fact.a), silent_s=(fact.a - fact.time_us) / 1e6)


RULE = Rule(NAME, _PARAMETERS, on={SILENCE: _silent})
