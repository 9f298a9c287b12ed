"""A halt on a trip, outside every place where halting is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.events import Severity
from geofence.facts import STAY_HELD, STAY_OFF, STAY_ON, STAY_QUEUED, STOP_SERVED, Fact
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.serving import is_service, served_outside, serves
from geofence.rules.standing import Stand, stand_at
from geofence.rules.traffic import excuse_in_jam
from geofence.suppressions import PAUSED

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "unscheduled_stop"
_PARAMETERS = (
    Parameter("unscheduled_stop.least_s", 600, "s", 120, 14_400, "A halt of this length is told.", in_kernel=True),
    Parameter("unscheduled_stop.red_s", 300, "s", 60, 14_400, "In a red zone, of this length.", in_kernel=True),
    Parameter("unscheduled_stop.traffic_vehicles", 3, "1", 2, 100, "So many vehicles that do not get on together are traffic:"),
    Parameter("unscheduled_stop.traffic_m", 200, "m", 50, 2000, "within this of each other,"),
    Parameter("unscheduled_stop.traffic_s", 1200, "s", 60, 7200, "beginning within this long of each other."),
)
_RED, _PARKED = 1, 4
_AGAIN_S = 60.0
_TOLD = f"{NAME}.told"


def _held(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None or fact.c != -1.0 or fact.time_us < plan.planned_start_us or served_outside(device, fact.time_us):
        return
    stand = _stand(device, fact.time_us, fact.decided_us)
    if "spoofed_position|" in device.episodes or (stand is not None and serves(device, stand)):
        return
    in_red = fact.d >= 0.0
    if fact.place & _RED and not in_red:
        return
    halt: dict[str, Any] = {
        "since_us": fact.time_us,
        "seen_us": fact.decided_us,
        "place": [fact.longitude_e7, fact.latitude_e7],
        "watched_s": fact.a,
        "sigma_m": fact.b,
        "parked": bool(fact.place & _PARKED),
        "red_zone_id": device.zones[int(fact.d)].zone_id if in_red else None,
    }
    _tell_or_wait(device, halt)


def _stand(device: Device, since_us: int, now_us: int) -> Stand | None:
    """The stand that the halt is, but for what came before it, if it is one."""
    stand = stand_at(device, now_us)
    return stand if stand is not None and now_us - stand.since >= 0.5 * (now_us - since_us) else None


def _tell_or_wait(device: Device, halt: dict[str, Any]) -> None:
    """Approved time, such as a break, does not count; the rest may be long enough later."""
    needed_s = device.values[f"{NAME}.least_s" if halt["red_zone_id"] is None else f"{NAME}.red_s"]
    missing_s = needed_s + device.held_s(PAUSED, halt["since_us"], halt["seen_us"]) - halt["watched_s"]
    if missing_s > 0.0 and device.held_s(PAUSED, halt["since_us"], halt["seen_us"]) > 0.0:
        device.memory[NAME] = halt
        device.timers[NAME] = halt["seen_us"] + int(max(missing_s, _AGAIN_S) * 1e6)
        return
    device.memory.pop(NAME, None)
    _tell(device, halt)


def _waited(device: Device, now_us: int) -> None:
    """It still stands there, as far as it is seen."""
    halt = device.memory.get(NAME)
    if halt is None or device.plan is None or device.last_good is None:
        return
    halt["watched_s"] += (device.last_good.time_us - halt["seen_us"]) / 1e6
    halt["seen_us"] = device.last_good.time_us
    _tell_or_wait(device, halt)
    if NAME in device.timers:
        device.timers[NAME] = max(device.timers[NAME], now_us + int(_AGAIN_S * 1e6))


def _tell(device: Device, halt: dict[str, Any]) -> None:
    off_route = "route_deviation|" in device.episodes
    since_us, (longitude_e7, latitude_e7) = halt["since_us"], halt["place"]
    facts = {
        "longitude_deg": longitude_e7 / 1e7,
        "latitude_deg": latitude_e7 / 1e7,
        "watched_s": halt["watched_s"],
        "sigma_m": halt["sigma_m"],
        "off_route": off_route,
    }
    if halt["red_zone_id"] is not None:
        facts["red_zone_id"] = halt["red_zone_id"]
    severity = Severity.high if halt["red_zone_id"] is not None or off_route else Severity.medium
    episode = device.open(NAME, str(since_us), since_us, severity, confidence=0.9, facts=facts)
    stand = _stand(device, since_us, halt["seen_us"])
    device.memory.pop(_TOLD, None)
    if episode is not None and stand is not None:
        device.memory[_TOLD] = {"event_id": episode.event_id, "stay_us": since_us, "stood_us": stand.since}
    if episode is not None and not halt["parked"]:  # who stands in a jam leaves the engine running
        excuse_in_jam(device, episode, since_us, longitude_e7, latitude_e7)


def _over(device: Device, fact: Fact) -> None:
    device.close(NAME, str(fact.time_us), int(fact.a), dwell_s=(fact.a - fact.time_us) / 1e6)
    device.stay_us = 0
    device.memory.pop(NAME, None)
    device.timers.pop(NAME, None)


def _stands(device: Device, fact: Fact) -> None:
    device.stay_us = fact.time_us


def _served(device: Device, fact: Fact) -> None:
    """It turned out to be the visit of a stop whose pin is elsewhere, or whose fixes were."""
    told = device.memory.get(_TOLD)
    stand = stand_at(device, told["stood_us"]) if told else None
    if told and stand is not None and is_service(stand, fact):
        del device.memory[_TOLD]
        device.revoke(NAME, str(told["stay_us"]), told["event_id"], "serves_a_stop")
        return
    episode = device.episodes.get(f"{NAME}|{device.stay_us}")
    if episode is None or fact.decided_us < device.stay_us:
        return
    where = 1e7 * episode.facts["longitude_deg"], 1e7 * episode.facts["latitude_deg"]
    if metres(*where, fact.longitude_e7, fact.latitude_e7) <= device.values["stop.least_radius_m"]:
        device.withdraw(NAME, str(device.stay_us), "serves_a_stop")


def _queues(device: Device, fact: Fact) -> None:
    """It creeps on by a car or two again and again, with the engine running."""
    device.memory.pop(NAME, None)
    device.timers.pop(NAME, None)
    device.withdraw(NAME, str(fact.time_us), "queue")


_ON = {STAY_ON: _stands, STAY_HELD: _held, STAY_OFF: _over, STOP_SERVED: _served, STAY_QUEUED: _queues}
RULE = Rule(NAME, _PARAMETERS, on=_ON, wake=_waited)
