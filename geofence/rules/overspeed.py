"""Faster than the vehicle's or the zone's limit, for long enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from domain.events import Severity
from geofence.facts import SPEED_OFF, SPEED_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "overspeed"
_SPOT_E7: Final = 10_000  # of the cool-down: about a hundred metres


def _kernel(name: str, default: float, unit: str, low: float, high: float, explanation: str) -> Parameter:
    return Parameter(f"{NAME}.{name}", default, unit, low, high, explanation, in_kernel=True)


_PARAMETERS = (
    _kernel("limit_mps", 80 / 3.6, "m/s", 1, 60, "The vehicle's limit where no zone has a lower one."),
    _kernel("tolerance", 1.1, "1", 1, 2, "So many times the limit are tolerated."),
    _kernel("least_s", 15, "s", 0, 600, "Faster for this long"),
    _kernel("fixes", 3, "1", 1, 60, "and for so many fixes is told."),
    _kernel("gap_s", 60, "s", 1, 600, "A longer pause between fixes says nothing about the speed."),
    Parameter("overspeed.medium", 1.3, "1", 1, 5, "So many times the limit are of medium severity."),
)


def _on(device: Device, fact: Fact) -> None:
    facts: dict[str, object] = {"limit_mps": fact.a, "peak_mps": fact.b}
    if fact.place >= 0:
        facts["zone_id"] = device.zones[fact.place].zone_id
    way = "" if math.isnan(fact.c) else f",{round(fact.c / 90.0) % 4}"
    place = f"{fact.longitude_e7 // _SPOT_E7},{fact.latitude_e7 // _SPOT_E7}{way}"
    device.memory[NAME] = place
    device.open(NAME, place, fact.time_us, _severity(device, fact), confidence=0.9, facts=facts)


def _off(device: Device, fact: Fact) -> None:
    place = device.memory.pop(NAME, "")
    device.change(NAME, place, _severity(device, fact))
    device.close(NAME, place, fact.time_us, peak_mps=fact.b)


def _severity(device: Device, fact: Fact) -> Severity:
    return Severity.medium if fact.b > device.values["overspeed.medium"] * fact.a else Severity.low


RULE = Rule(NAME, _PARAMETERS, on={SPEED_ON: _on, SPEED_OFF: _off})
