"""Off the planned corridor: an episode that begins, grows, and ends with the return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from domain.events import Severity
from geofence import alike
from geofence.facts import ALLOWED_NOWHERE, OFF_ROUTE, OFF_ROUTE_FAR, ON_ROUTE, STAY_HELD, Fact
from geofence.kernels.ground import course, metres
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.state import NEVER_US
from geofence.suppressions import BREAKDOWN

if TYPE_CHECKING:
    from geofence.journal import Episode
    from geofence.planned import PlannedTrip
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
    Parameter(
        f"{NAME}.fleet_vehicles",
        2,
        "1",
        2,
        100,
        "So many vehicles that leave their routes by one way, and one more by the depot, have to:",
    ),
    Parameter(f"{NAME}.fleet_m", 300, "m", 50, 5000, "by the same course, their routes within this of each other as far on,"),
    Parameter(f"{NAME}.fleet_longer", 4, "1", 1, 100, "with a way round no more than so many times as long as what it avoids,"),
    Parameter(f"{NAME}.fleet_s", 43_200, "s", 600, 86_400, "and within this long of each other."),
)
_AGAIN_US = 60_000_000
_HALTED, _UNLOADED = f"{NAME}.halted", f"{NAME}.unloaded"


def _off(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    facts = {
        "cross_track_m": fact.a,
        "peak_m": fact.a,
        "left_at_m": fact.b,
        "turned_deg": fact.c,
        "sigma_m": fact.d,
        "longitude_deg": fact.longitude_e7 / 1e7,
        "latitude_deg": fact.latitude_e7 / 1e7,
        "reason": "unknown",
    }
    episode = {"since_us": fact.time_us, "facts": facts, "place": [fact.longitude_e7, fact.latitude_e7]}
    broke_down_before = device.held_until(BREAKDOWN, fact.time_us) is not None
    if device.is_on_detour(fact.decided_us, fact.longitude_e7, fact.latitude_e7) or broke_down_before:
        device.memory[NAME] = episode
        device.timers[NAME] = fact.decided_us + _AGAIN_US
        return
    _open(device, episode)


def _is_approved(device: Device, at_us: int, longitude_e7: int, latitude_e7: int) -> bool:
    return device.held_until(BREAKDOWN, at_us) is not None or device.is_on_detour(at_us, longitude_e7, latitude_e7)


def _waited(device: Device, now_us: int) -> None:
    """It was approved that the van is off its route: it is a deviation from when that ends, or where."""
    held, good = device.memory.get(NAME), device.last_good
    if held is None or device.plan is None:
        return
    if good is None or _is_approved(device, now_us, good.longitude_e7, good.latitude_e7):
        device.timers[NAME] = now_us + _AGAIN_US
        return
    device.memory.pop(NAME)
    place = [good.longitude_e7, good.latitude_e7]
    facts = {**held["facts"], "longitude_deg": place[0] / 1e7, "latitude_deg": place[1] / 1e7, "approved_before": True}
    _open(device, {"since_us": good.time_us, "facts": facts, "place": place})


def _open(device: Device, held: dict[str, Any]) -> None:
    since_us, facts = held["since_us"], held["facts"]
    episode = device.open(NAME, "", since_us, Severity.medium, confidence=0.9, facts=facts)
    left = _place_at(device.planned, facts["left_at_m"])
    if episode is None or left is None:
        return
    course_deg = course(*left, *held["place"])
    limits = {
        "vehicles": int(device.values[f"{NAME}.fleet_vehicles"]) + _begins_at_depot(device, *left),
        "within_m": device.values[f"{NAME}.fleet_m"],
        "within_s": device.values[f"{NAME}.fleet_s"],
    }
    ahead = _place_at(device.planned, facts["left_at_m"] + device.values[f"{NAME}.fleet_m"]) or left
    device.alike(alike.DIVERSION, since_us, round(ahead[0]), round(ahead[1]), episode, course_deg=course_deg, **limits)
    _halted_before_told(device, since_us)


def _halted_before_told(device: Device, since_us: int) -> None:
    """Who halts just beyond the edge has not driven far enough for a deviation until it drives on."""
    halted_us, unloaded_us = (device.memory.pop(name, NEVER_US) for name in (_HALTED, _UNLOADED))
    if halted_us >= since_us:
        _explain(device, "halt")
        _is_no_closed_road(device)
    if unloaded_us >= since_us:
        unloads(device, unloaded_us)


def _begins_at_depot(device: Device, longitude_e7: float, latitude_e7: float) -> bool:
    """By the depot's gate all routes run together, and two may leave them by one street by chance: it takes one more."""
    depot = device.planned.record[0]
    if not depot["depot_m"] > 0.0:
        return False
    reach_m = float(depot["depot_m"]) + device.values[f"{NAME}.fleet_m"]
    return metres(longitude_e7, latitude_e7, float(depot["depot_lon"]), float(depot["depot_lat"])) <= reach_m


def _place_at(plan: PlannedTrip, along_m: float) -> tuple[float, float] | None:
    """Longitude and latitude (e7) of a place of the planned route."""
    if len(plan.along) < 2:
        return None
    x, y = (float(np.interp(along_m, plan.along, plan.xy[:, axis])) for axis in (0, 1))
    record = plan.record[0]
    return float(record["origin_lon"]) + x / float(record["east_m"]), float(record["origin_lat"]) + y / float(record["north_m"])


def _far(device: Device, fact: Fact) -> None:
    """The peak has grown, or the deviation is far off or long by now."""
    held = device.memory.get(NAME)
    if held is not None:
        held["facts"]["peak_m"] = fact.a
        return
    episode = device.episodes.get(f"{NAME}|")
    if episode is None:
        return
    facts: dict[str, Any] = {"peak_m": fact.a}
    if fact.c == 1.0:
        facts["high_because"] = "distance" if fact.a > device.values[f"{NAME}.far_m"] else "duration"
    is_grave = fact.c == 1.0 and episode.severity is not Severity.critical
    device.change(NAME, "", Severity.high if is_grave else None, **facts)


def _stands(device: Device, fact: Fact) -> None:
    _explain(device, "halt")
    if fact.c == ALLOWED_NOWHERE and device.plan is not None:
        device.memory[_HALTED] = fact.decided_us
        _is_no_closed_road(device)


def _is_no_closed_road(device: Device) -> None:
    """Who drives round a closed road drives: one that halts or unloads there excuses nobody, and is not excused."""
    episode = device.episodes.get(f"{NAME}|")
    left = None if episode is None else _place_at(device.planned, episode.facts["left_at_m"])
    if left is not None:
        device.alike(alike.DIVERSION, device.now_us, round(left[0]), round(left[1]), episode)


def _explain(device: Device, reason: str) -> None:
    episode = device.episodes.get(f"{NAME}|")
    if episode is not None and episode.facts["reason"] == "unknown":
        device.change(NAME, "", reason=reason)


def unloads(device: Device, since_us: int) -> None:
    """Something is unloaded, since a moment, while the van is off its route: that is the gravest form of a deviation, and
    no closed road."""
    device.memory[_UNLOADED] = since_us
    device.change(NAME, "", Severity.critical, reason="unloading")
    _is_no_closed_road(device)


def _on(device: Device, fact: Fact) -> None:
    if device.memory.pop(NAME, None) is not None:
        device.timers.pop(NAME, None)
        return
    episode = device.episodes.get(f"{NAME}|")
    if episode is not None and _was_approved(device, episode, fact.time_us):
        device.withdraw(NAME, "", "approved")
        return
    _explain(device, "short_cut" if fact.c < 0.0 else "way_round")
    if episode is not None and not _went_round(device, fact.d - episode.facts["left_at_m"], fact.c):
        _is_no_closed_road(device)
    facts = {
        "peak_m": fact.b,
        "extra_m": max(0.0, fact.c),
        "rejoined_at_m": fact.d,
        "rejoined_longitude_deg": fact.longitude_e7 / 1e7,
        "rejoined_latitude_deg": fact.latitude_e7 / 1e7,
    }
    device.close(NAME, "", fact.time_us, False, **facts)


def _was_approved(device: Device, episode: Episode, back_us: int) -> bool:
    """It was as good as back when the approval ended."""
    lasted_us = back_us - episode.started_us
    return bool(episode.facts.get("approved_before")) and lasted_us < device.values[f"{NAME}.turned_s"] * 1e6


def _went_round(device: Device, avoided_m: float, extra_m: float) -> bool:
    """A closed road is driven round: past the place where the others turned off, too, and by a way that is worth it."""
    longest_m = device.values[f"{NAME}.fleet_longer"] * avoided_m
    return avoided_m >= device.values[f"{NAME}.fleet_m"] and avoided_m + extra_m <= longest_m


def _finish(device: Device, _now_us: int) -> None:
    for name in (NAME, _HALTED, _UNLOADED):
        device.memory.pop(name, None)
    device.timers.pop(NAME, None)


_ON = {OFF_ROUTE: _off, OFF_ROUTE_FAR: _far, ON_ROUTE: _on, STAY_HELD: _stands}
RULE = Rule(NAME, _PARAMETERS, on=_ON, wake=_waited, finish=_finish)
