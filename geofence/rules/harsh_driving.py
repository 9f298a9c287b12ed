"""Hard braking, acceleration and cornering: the device's own event, or two speeds close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import ALARM, HARSH, Fact
from geofence.parameters import Parameter
from geofence.rows import ALARM_BITS
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "harsh_driving"
_KINDS = ("harsh_acceleration", "harsh_braking", "harsh_cornering")


def _kernel(name: str, default: float, unit: str, low: float, high: float, explanation: str) -> Parameter:
    return Parameter(f"{NAME}.{name}", default, unit, low, high, explanation, in_kernel=True)


_PARAMETERS = (
    _kernel("brake_mps2", 3.5, "m/s2", 1, 20, "Braking at least this hard is told."),
    _kernel("accelerate_mps2", 3.0, "m/s2", 1, 20, "Acceleration likewise."),
    _kernel("most_dt_s", 2, "s", 0.1, 10, "Only speeds at most this far apart in time are compared."),
    _kernel("apart_s", 10, "s", 0, 600, "Another one within this belongs to the first."),
)


def _computed(device: Device, fact: Fact) -> None:
    kind = "harsh_acceleration" if fact.a > 0 else "harsh_braking"
    _tell(device, fact, kind, {"mps2": fact.a, "mps": fact.b, "told_by": "speeds"})


def _alarmed(device: Device, fact: Fact) -> None:
    for kind in _KINDS:
        if int(fact.a) >> ALARM_BITS.index(kind) & 1:
            _tell(device, fact, kind, {"told_by": "device"})


def _tell(device: Device, fact: Fact, kind: str, facts: dict[str, object]) -> None:
    place = f"{kind}@{fact.longitude_e7 // 50_000},{fact.latitude_e7 // 50_000}"
    facts = {"kind": kind, "longitude_deg": fact.longitude_e7 / 1e7, "latitude_deg": fact.latitude_e7 / 1e7, **facts}
    severity = Severity.info if facts["told_by"] == "speeds" else Severity.low
    device.tell(NAME, place, fact.time_us, severity, facts=facts)


RULE = Rule(NAME, _PARAMETERS, on={HARSH: _computed, ALARM: _alarmed})
