"""Fuel gone while standing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import FUEL_BACK, FUEL_DROP, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "fuel_drop"
_GONE_FOR_GOOD = 1
_PARAMETERS = (
    Parameter(f"{NAME}.least_l", 5, "l", 0.5, 500, "No smaller drop is told,", in_kernel=True),
    Parameter(f"{NAME}.share", 0.05, "1", 0, 1, "nor one of a smaller share of the tank.", in_kernel=True),
    Parameter(f"{NAME}.within_s", 900, "s", 60, 7200, "The drop happens within this long,", in_kernel=True),
    Parameter(f"{NAME}.held_s", 300, "s", 0, 3600, "and holds for this long,", in_kernel=True),
    Parameter(f"{NAME}.use_l_per_km", 0.3, "l/km", 0, 2, "beside what is burnt on the way to the next stand.", in_kernel=True),
)


def _drop(device: Device, fact: Fact) -> None:
    facts = {
        "lost_l": fact.a,
        "before_l": fact.b,
        "after_l": fact.c,
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
    }
    key = str(fact.time_us)
    if device.open(NAME, key, fact.time_us, Severity.high, confidence=0.8, facts=facts) is not None:
        device.memory[NAME] = key


def _back(device: Device, fact: Fact) -> None:
    key = device.memory.pop(NAME, "")
    if fact.place == _GONE_FOR_GOOD:
        device.close(NAME, key, fact.time_us, cool_down=False, lost_l=fact.b - fact.a, after_l=fact.a)
    else:
        device.withdraw(NAME, key, "level_back")


RULE = Rule(NAME, _PARAMETERS, on={FUEL_DROP: _drop, FUEL_BACK: _back})
