"""The engine runs at night, outside every trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import IGNITION_LONG, IGNITION_OFF, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "off_hours_ignition"
_PARAMETERS = (Parameter(f"{NAME}.least_s", 300, "s", 0, 7200, "Ignition on for longer than this is told.", in_kernel=True),)


def _on(device: Device, fact: Fact) -> None:
    device.open(NAME, "", fact.time_us, Severity.low)


def _off(device: Device, fact: Fact) -> None:
    device.close(NAME, "", fact.time_us, on_s=(fact.time_us - fact.a) / 1e6)


RULE = Rule(NAME, _PARAMETERS, on={IGNITION_LONG: _on, IGNITION_OFF: _off})
