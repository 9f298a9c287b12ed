"""What a gap in the data may have hidden of the visits of planned stops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from domain.events import VisitState
from geofence.facts import Fact
from geofence.kernels.ground import metres
from geofence.tracking import LIKELY, OPEN_STATES, POSSIBLE

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME: Final = "visits"
"""Under this name the rule of the visits remembers, here and in its own file."""
HABIT: Final = 3
LEEWAY_US: Final = 60_000_000


def note_way(device: Device, fact: Fact) -> None:
    """Remember what is known of the way in a gap that is told next."""
    device.memory.setdefault(NAME, {})["gap"] = [fact.a, fact.b, fact.c]


def take_gap(device: Device, fact: Fact) -> None:
    """What a gap in the data may have hidden is not known, and so is never held against anybody."""
    gained_m, stood_s, mute_s = device.memory.get(NAME, {}).pop("gap", (math.nan, math.inf, math.inf))
    if device.plan is None or _kept_shut(device, fact.time_us, mute_s):
        return
    if fact.place and metres(fact.longitude_e7, fact.latitude_e7, fact.a, fact.b) < device.values["visits.gap_slack_m"]:
        return
    left, found = (fact.longitude_e7, fact.latitude_e7), (fact.a, fact.b)
    mark_gap(device, fact.time_us, fact.decided_us, left, found, (fact.c, fact.d), gained_m, stood_s)


def _kept_shut(device: Device, since_us: int, mute_s: float) -> bool:
    """The fixes failed, and the rows did not: they say that a door that opens at every stop stayed shut."""
    known = device.memory.get(NAME, {})
    if mute_s > device.values["gap.least_s"] or known.get("doors", 0) < HABIT:
        return False
    return bool(known["opened"] < known.get("shut", 0) and known["opened"] < since_us - LEEWAY_US)


def mark_gap(
    device: Device,
    since_us: int,
    until_us: int,
    left: tuple[float, float],
    found: tuple[float, float] | None,
    along: tuple[float, float] | None,
    gained_m: float = math.nan,
    stood_s: float = math.inf,
) -> None:
    """Mark the stops a gap from `left` to `found` (lon, lat e7; None: not found yet) could have held.

    What it drove meanwhile by the odometer (NaN: unknown) must be enough to go there and on, and it must have been able to
    stand for so long.
    """
    seconds = (until_us - since_us) / 1e6
    for k, state in enumerate(device.states()):
        if state not in OPEN_STATES:
            continue
        stop = device.planned.stops[k]
        way_m = device.metres_to_stop(k, *left) + (device.metres_to_stop(k, *found) if found else 0.0)
        if seconds < way_m / device.values["visits.gap_mps"] + float(stop["need_s"]) or stood_s < float(stop["need_s"]):
            continue
        if gained_m < way_m - 2.0 * float(stop["radius_m"]) - device.values["visits.gap_slack_m"]:
            continue
        device.mark(k, POSSIBLE)
        _no_ghost(device, k)
        if along is not None and _lies_within(device, k, along, seconds):
            set_likely(device, k, 0.5)


def set_likely(device: Device, number: int, confidence: float) -> None:
    """A visit that nobody saw, and that probably was: nobody is to be told that the stop was missed, or signed for unseen."""
    device.mark(number, LIKELY)
    device.set_visit(number, VisitState.probable, confidence)
    device.withdraw("missed_stop", str(number), "probable")
    _no_ghost(device, number)


def _no_ghost(device: Device, number: int) -> None:
    ghost = device.episodes.get(f"ghost_delivery|{number}")
    if ghost is not None and ghost.facts.get("why") == "no_visit":
        device.withdraw("ghost_delivery", str(number), "data_gap")


def _lies_within(device: Device, number: int, along: tuple[float, float], seconds: float) -> bool:
    stop, slack = device.planned.stops[number], device.values["visits.gap_slack_m"]
    low, high = along
    if not low - slack <= float(stop["along_m"]) <= high + slack:
        return False
    spare_s = seconds - (high - low) / device.values["visits.usual_mps"]
    return spare_s >= max(float(stop["need_s"]), 0.5 * float(stop["service_s"]))


def see_first(device: Device, fact: Fact) -> None:
    """The trip had begun before the device was ever seen."""
    plan = device.plan
    if plan is None or fact.b == 0.0:
        return
    unseen_s = (fact.decided_us - plan.planned_start_us) / 1e6
    for k in range(len(device.visits)):
        if unseen_s > device.values["gap.least_s"] + float(plan.stops[k]["need_s"]):
            device.mark(k, POSSIBLE)
