"""The device loses its supply or is tampered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import ALARM, POWER_OFF, POWER_ON, Fact
from geofence.parameters import Parameter
from geofence.rows import ALARM_BITS
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "power_cut"
_PARAMETERS = (
    Parameter(f"{NAME}.least_v", 6, "V", 1, 30, "On a trip, an external supply below this is cut.", in_kernel=True),
    Parameter(f"{NAME}.least_s", 10, "s", 0, 600, "For this long, so that cranking does not count.", in_kernel=True),
)


def _low(device: Device, fact: Fact) -> None:
    device.open(NAME, "", fact.time_us, Severity.high, facts={"external_v": fact.a, "told_by": "supply"})


def _back(device: Device, fact: Fact) -> None:
    device.close(NAME, "", fact.time_us, external_v_after=fact.a)


def _alarmed(device: Device, fact: Fact) -> None:
    bits = int(fact.a)
    if bits >> ALARM_BITS.index("power_cut") & 1:
        device.open(NAME, "", fact.time_us, Severity.high, facts={"told_by": "device"})
    if bits >> ALARM_BITS.index("power_restored") & 1:
        device.close(NAME, "", fact.time_us)


RULE = Rule(NAME, _PARAMETERS, on={POWER_ON: _low, POWER_OFF: _back, ALARM: _alarmed})
