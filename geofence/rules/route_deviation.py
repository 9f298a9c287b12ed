"""Off the planned corridor: an episode that begins, grows, and ends with the return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import OFF_ROUTE, OFF_ROUTE_FAR, ON_ROUTE, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "route_deviation"


def _kernel(name: str, default: float, unit: str, low: float, high: float, explanation: str) -> Parameter:
    return Parameter(f"{NAME}.{name}", default, unit, low, high, explanation, in_kernel=True)


_PARAMETERS = (
    _kernel("fixes", 3, "1", 1, 20, "So many good fixes beyond the corridor and sigma,"),
    _kernel("least_s", 120, "s", 0, 3600, "over this long,"),
    _kernel("least_m", 300, "m", 0, 10_000, "and this far driven, are a deviation."),
    _kernel("turned_s", 60, "s", 0, 3600, "Over this long when the course differs from the route's."),
    _kernel("turn_deg", 60, "deg", 0, 180, "By more than this."),
    _kernel("far_m", 1000, "m", 100, 50_000, "Beyond this it is one at once, and of high severity."),
    _kernel("long_s", 900, "s", 60, 28_800, "After this long it is of high severity."),
    _kernel("close", 0.7, "1", 0.1, 1, "It ends within this share of the corridor's width,"),
    _kernel("close_s", 60, "s", 0, 3600, "kept for this long,"),
    _kernel("close_m", 100, "m", 0, 5000, "over this far driven."),
    _kernel("stop_m", 150, "m", 0, 2000, "None begins this near to a planned stop."),
)


def _off(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    facts = {
        "cross_track_m": fact.a,
        "left_at_m": fact.b,
        "turned_deg": fact.c,
        "sigma_m": fact.d,
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
    }
    device.open(NAME, "", fact.time_us, Severity.medium, confidence=0.9, facts=facts)


def _far(device: Device, fact: Fact) -> None:
    reason = "distance" if fact.a > device.values["route_deviation.far_m"] else "duration"
    device.change(NAME, "", Severity.high, peak_m=fact.a, high_because=reason)


def _on(device: Device, fact: Fact) -> None:
    facts = {
        "peak_m": fact.b,
        "extra_m": max(0.0, fact.c),
        "rejoined_at_m": fact.d,
        "rejoined_longitude_deg": fact.longitude_e7 / 1e7,
        "rejoined_latitude_deg": fact.latitude_e7 / 1e7,
    }
    device.close(NAME, "", fact.time_us, False, **facts)


RULE = Rule(NAME, _PARAMETERS, on={OFF_ROUTE: _off, OFF_ROUTE_FAR: _far, ON_ROUTE: _on})
