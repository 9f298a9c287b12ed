"""The position stays while the odometer runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import SPOOF_OFF, SPOOF_ON, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "spoofed_position"
_PARAMETERS = (
    Parameter(f"{NAME}.most_m", 50, "m", 10, 500, "All fixes lie within this of the first", in_kernel=True),
    Parameter(f"{NAME}.least_m", 1000, "m", 200, 50_000, "while the odometer gains this much.", in_kernel=True),
)


def _on(device: Device, fact: Fact) -> None:
    facts = {
        "odometer_gained_m": fact.a,
        "spread_m": fact.b,
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
    }
    device.open(NAME, "", fact.time_us, Severity.high, confidence=0.9, facts=facts)


def _off(device: Device, fact: Fact) -> None:
    device.close(NAME, "", fact.time_us)


RULE = Rule(NAME, _PARAMETERS, on={SPOOF_ON: _on, SPOOF_OFF: _off})
