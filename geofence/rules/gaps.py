"""What a gap in the data may have hidden of the visits of planned stops."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from domain.events import VisitState
from geofence.facts import Fact
from geofence.kernels.ground import metres
from geofence.rules.standing import NAME, SIGNED_BEFORE_US, Gap, stands_within, stood_elsewhere
from geofence.visit_states import LIKELY, OPEN_STATES, POSSIBLE

if TYPE_CHECKING:
    from geofence.tracking import Device

HABIT: Final = 3
_DOOR_M: Final = 30.0  # a van may stand this far from the phone at the door
LEEWAY_US: Final = 60_000_000


def note_way(device: Device, fact: Fact) -> None:
    """Remember what is known of the way in a gap that is told next."""
    device.memory.setdefault(NAME, {})["gap"] = [fact.a, fact.b, fact.c, fact.d]


def take_gap(device: Device, fact: Fact) -> None:
    """What a gap in the data may have hidden is not known, and so is never held against anybody."""
    way = device.memory.get(NAME, {}).pop("gap", ())
    if device.plan is None:
        return
    left, found, along = (fact.longitude_e7, fact.latitude_e7), (fact.a, fact.b), (fact.c, fact.d)
    gap = Gap(fact.time_us, fact.decided_us, left, found, along, *way)
    if gap.gained_m < metres(*left, *found) - device.values["visits.gap_slack_m"]:
        gap = replace(gap, gained_m=math.nan)  # less than the straight line: the odometer was reset, or failed
    device.memory.setdefault(NAME, {})["found"] = [fact.a, fact.b]
    slept = fact.place and not gap.gained_m > device.values["stand.move_m"]
    slept = slept and metres(*left, *found) < device.values["visits.gap_slack_m"]
    if not slept and not _kept_shut(device, gap.since_us, gap.mute_s):
        mark_gap(device, gap)


def _kept_shut(device: Device, since_us: int, mute_s: float) -> bool:
    """The fixes failed, and the rows did not: they say that a door that opens at every stop stayed shut."""
    known = device.memory.get(NAME, {})
    if mute_s > device.values["gap.least_s"] or known.get("doors", 0) < HABIT:
        return False
    return bool(known["opened"] < known.get("shut", 0) and known["opened"] < since_us - LEEWAY_US)


def mark_gap(device: Device, gap: Gap) -> None:
    """Mark the stops that a gap could have held.

    What it drove meanwhile by the odometer must be enough to go there and on, by way of where others were signed for; it must
    have been able to stand for so long, and not only where it cannot have served this stop. Who signed for several others
    meanwhile, at their doors, did not serve what nobody signed for.
    """
    seconds, stands, legs = (gap.until_us - gap.since_us) / 1e6, stands_within(device, gap), _legs(device, gap)
    spare_m = gap.gained_m - sum(leg.straight_m for leg in legs) + device.values["visits.gap_slack_m"]
    signed = _signed_in(device, gap) if len(legs) > HABIT else None
    for k, state in enumerate(device.states()):
        if state not in OPEN_STATES or (signed is not None and k not in signed):
            continue
        stop = device.planned.stops[k]
        if gap.stood_s < float(stop["need_s"]) or not any(_leads_by(device, leg, k, spare_m) for leg in legs):
            continue
        if stands is not None and stood_elsewhere(device, gap, stands, k):
            continue
        device.mark(k, POSSIBLE)
        _no_ghost(device, k)
        if gap.along is not None and _lies_within(device, k, gap.along, seconds):
            set_likely(device, k, 0.5)


def _signed_in(device: Device, gap: Gap) -> set[int]:
    return {proof.stop for proof in device.planned.proofs_within(gap.since_us - SIGNED_BEFORE_US, gap.until_us)}


class _Leg(NamedTuple):
    """From one place where it is known to have been to the next, m and s; without an end, where nobody knows yet."""

    start: tuple[float, float]
    end: tuple[float, float] | None
    straight_m: float
    seconds: float
    stop: int = -1  # at whose door it ends


def _legs(device: Device, gap: Gap) -> list[_Leg]:
    """The gap by the shops at whose doors something was signed for meanwhile."""
    found, start, since_us, unsure_m = list[_Leg](), gap.left, gap.since_us, 0.0
    for proof in device.planned.proofs_within(gap.since_us, gap.until_us):
        end, apart_m = (proof.longitude_e7, proof.latitude_e7), max(_DOOR_M, proof.accuracy_m)
        reach_m = device.planned.stop.radius_m.item(proof.stop) + apart_m
        if math.isnan(end[0]) or device.metres_to_stop(proof.stop, *end) > reach_m:
            continue
        straight_m = max(0.0, metres(*start, *end) - unsure_m - apart_m)
        found.append(_Leg(start, end, straight_m, (proof.at_us - since_us) / 1e6, proof.stop))
        start, since_us, unsure_m = end, proof.at_us, apart_m
    straight_m = max(0.0, metres(*start, *gap.found) - unsure_m) if gap.found else 0.0
    return [*found, _Leg(start, gap.found, straight_m, (gap.until_us - since_us) / 1e6)]


def _leads_by(device: Device, leg: _Leg, number: int, spare_m: float) -> bool:
    """Whether there was time to serve a stop on a leg, and its way round by there is no longer than what is to spare."""
    if leg.stop == number:
        return True
    stop = device.planned.stop
    way_m = device.metres_to_stop(number, *leg.start) + (device.metres_to_stop(number, *leg.end) if leg.end else 0.0)
    if leg.seconds < way_m / device.values["visits.gap_mps"] + stop.need_s.item(number):
        return False
    return not spare_m < way_m - leg.straight_m - 2.0 * stop.radius_m.item(number)


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
