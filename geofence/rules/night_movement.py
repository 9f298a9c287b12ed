"""Moving at night without a trip, or without the ignition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import MOVED_OFF, NIGHT_ON, TOW_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NIGHT, TOWED = "night_movement", "towed"
_TOWED = 1
_NIGHT_PARAMETERS = (
    Parameter(f"{NIGHT}.from_h", 22, "h", 0, 24, "The night begins, local time.", in_kernel=True),
    Parameter(f"{NIGHT}.until_h", 5, "h", 0, 24, "The night ends, local time.", in_kernel=True),
    Parameter(f"{NIGHT}.least_m", 300, "m", 50, 10_000, "Further from where it rested is told.", in_kernel=True),
    Parameter(f"{NIGHT}.fixes", 2, "1", 1, 10, "With so many fixes in a row.", in_kernel=True),
)
_TOW_PARAMETERS = (
    Parameter(f"{TOWED}.least_m", 200, "m", 50, 10_000, "Further from where the ignition went off is told.", in_kernel=True),
    Parameter(f"{TOWED}.fixes", 3, "1", 1, 10, "With so many fixes in a row.", in_kernel=True),
)


def _moves(device: Device, fact: Fact) -> None:
    _open(device, fact, NIGHT)


def _towed(device: Device, fact: Fact) -> None:
    _open(device, fact, TOWED)


def _open(device: Device, fact: Fact, rule: str) -> None:
    facts = {"moved_m": fact.a, "rested_longitude_deg": fact.b / 1e7, "rested_latitude_deg": fact.c / 1e7}
    device.open(rule, "", fact.time_us, Severity.high, confidence=0.9, facts=facts)


def _rests(device: Device, fact: Fact) -> None:
    device.close(TOWED if fact.place == _TOWED else NIGHT, "", fact.time_us)


RULE = Rule(NIGHT, _NIGHT_PARAMETERS, on={NIGHT_ON: _moves, MOVED_OFF: _rests})
TOW_RULE = Rule(TOWED, _TOW_PARAMETERS, on={TOW_ON: _towed})
