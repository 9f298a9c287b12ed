"""What the device itself says about being tampered with or jammed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import ALARM, Fact
from geofence.rows import ALARM_BITS
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

_TAMPER, _ANTENNA, _JAMMING = (ALARM_BITS.index(name) for name in ("tamper", "gps_antenna_cut", "jamming"))


def _place(fact: Fact) -> dict[str, float]:
    return {"longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7}


def _tampered(device: Device, fact: Fact) -> None:
    for bit in (_TAMPER, _ANTENNA):
        if int(fact.a) >> bit & 1:
            kind = ALARM_BITS[bit]
            device.tell("tamper", kind, fact.time_us, Severity.high, facts={"kind": kind, **_place(fact)})


def _jammed(device: Device, fact: Fact) -> None:
    if int(fact.a) >> _JAMMING & 1:
        off_route = "route_deviation|" in device.episodes
        severity = Severity.high if off_route else Severity.medium
        device.tell("jamming", "", fact.time_us, severity, facts=_place(fact))


RULE = Rule("tamper", on={ALARM: _tampered})
JAMMING_RULE = Rule("jamming", on={ALARM: _jammed})
