"""Messages, but no usable fix, while the vehicle moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import FIX_BACK, FIX_LOST, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "gps_loss"
_PARAMETERS = (
    Parameter(f"{NAME}.least_s", 300, "s", 30, 7200, "On a trip, no fix for longer than this is told,", in_kernel=True),
    Parameter(f"{NAME}.least_m", 100, "m", 10, 10_000, "if the odometer gains more than this meanwhile,", in_kernel=True),
    Parameter(f"{NAME}.least_mps", 10 / 3.6, "m/s", 0.5, 30, "or a faster speed is reported, or motion.", in_kernel=True),
    Parameter(f"{NAME}.dead_m", 2000, "m", 100, 50_000, "A dead zone excuses no loss that goes on for longer.", in_kernel=True),
)


def _lost(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    off_route = "route_deviation|" in device.episodes
    facts = {"longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7, "odometer_gained_m": fact.a}
    device.open(NAME, "", fact.time_us, Severity.high if off_route else Severity.medium, confidence=0.9, facts=facts)


def _back(device: Device, fact: Fact) -> None:
    device.close(NAME, "", fact.time_us, lost_s=(fact.time_us - fact.a) / 1e6)


RULE = Rule(NAME, _PARAMETERS, on={FIX_LOST: _lost, FIX_BACK: _back})
