"""Driving with the cargo door open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import DOOR_MOVING_OFF, DOOR_MOVING_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "door_open_moving"
_PARAMETERS = (
    Parameter(f"{NAME}.least_mps", 10 / 3.6, "m/s", 0.5, 30, "Faster than this is driving.", in_kernel=True),
    Parameter(f"{NAME}.least_s", 15, "s", 0, 600, "Driving for this long with the door open is told.", in_kernel=True),
    Parameter(f"{NAME}.pause_s", 60, "s", 0, 600, "A halt shorter than this does not end it.", in_kernel=True),
)


def _on(device: Device, fact: Fact) -> None:
    facts = {"mps": fact.a, "longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7}
    device.open(NAME, "", fact.time_us, Severity.high, confidence=0.9, facts=facts)


def _off(device: Device, fact: Fact) -> None:
    device.close(NAME, "", fact.time_us, open_s=(fact.time_us - fact.a) / 1e6)


RULE = Rule(NAME, _PARAMETERS, on={DOOR_MOVING_ON: _on, DOOR_MOVING_OFF: _off})
