"""A halt on a trip, outside every place where halting is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity
from geofence.facts import ALLOWED_NOWHERE, STAY_HELD, STAY_OFF, STAY_ON, STOP_SERVED, Fact
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.visits import served_outside
from geofence.traffic import Halt

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "unscheduled_stop"
_PARAMETERS = (
    Parameter("unscheduled_stop.least_s", 600, "s", 120, 14_400, "A halt of this length is told.", in_kernel=True),
    Parameter("unscheduled_stop.red_s", 300, "s", 60, 14_400, "In a red zone, of this length.", in_kernel=True),
    Parameter("unscheduled_stop.traffic_vehicles", 3, "1", 2, 100, "So many vehicles that halt together are traffic:"),
    Parameter("unscheduled_stop.traffic_m", 200, "m", 50, 2000, "within this of each other,"),
    Parameter("unscheduled_stop.traffic_s", 1200, "s", 60, 7200, "beginning within this long of each other."),
)
_RED = 1


def _held(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or fact.c != -1.0 or fact.time_us < plan.planned_start_us or served_outside(device, fact.time_us):
        return
    in_red = fact.d >= 0.0
    if fact.place == _RED and not in_red:
        return
    off_route = "route_deviation|" in device.episodes
    severity = Severity.high if in_red or off_route else Severity.medium
    facts: dict[str, object] = {
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
        "watched_s": fact.a,
        "sigma_m": fact.b,
        "off_route": off_route,
    }
    if in_red:
        facts["red_zone_id"] = device.zones[int(fact.d)].zone_id
    halt = device.traffic.find(device, fact.time_us, fact.longitude_e7, fact.latitude_e7)
    if halt is not None and _jam(device, halt):
        return
    episode = device.open(NAME, str(fact.time_us), fact.time_us, severity, confidence=0.9, facts=facts)
    if halt is not None:
        halt.event = episode


def _over(device: Device, fact: Fact) -> None:
    device.close(NAME, str(fact.time_us), int(fact.a), dwell_s=(fact.a - fact.time_us) / 1e6)
    device.stay_us = 0


def _stands(device: Device, fact: Fact) -> None:
    device.stay_us = fact.time_us
    if device.plan is None or fact.c != ALLOWED_NOWHERE:
        return
    halt = Halt(device, fact.time_us, fact.longitude_e7, fact.latitude_e7)
    device.traffic.note(halt)
    for other in _jam(device, halt):
        if other.event is not None:
            other.device.journal = device.journal
            other.device.episodes.pop(f"{NAME}|{other.since_us}", None)
            other.device.take_back(other.event, "traffic")
            other.event = None


def _jam(device: Device, halt: Halt) -> list[Halt]:
    values = device.values
    within_us, vehicles = int(values[f"{NAME}.traffic_s"] * 1e6), int(values[f"{NAME}.traffic_vehicles"])
    return device.traffic.jam(halt, values[f"{NAME}.traffic_m"], within_us, vehicles)


def _served(device: Device, fact: Fact) -> None:
    """It turned out to be the visit of a stop whose pin is elsewhere."""
    episode = device.episodes.get(f"{NAME}|{device.stay_us}")
    if episode is None or fact.decided_us < device.stay_us:
        return
    where = 1e7 * episode.facts["longitude_deg"], 1e7 * episode.facts["latitude_deg"]
    if metres(*where, fact.longitude_e7, fact.latitude_e7) <= device.values["stop.least_radius_m"]:
        device.withdraw(NAME, str(device.stay_us), "serves_a_stop")


RULE = Rule(NAME, _PARAMETERS, on={STAY_ON: _stands, STAY_HELD: _held, STAY_OFF: _over, STOP_SERVED: _served})
