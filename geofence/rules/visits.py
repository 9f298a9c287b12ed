"""The life of a planned stop: pending, approaching, arrived, serviced, or driven by."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from domain.events import VisitState
from geofence.facts import (
    ALLOWED_NOWHERE,
    GAP,
    PROOF,
    STAY_OFF,
    STAY_ON,
    STOP_ARRIVED,
    STOP_CROSSED,
    STOP_LEFT,
    STOP_NEAR,
    STOP_SERVED,
    STOP_SHARED,
    TRIP_ON,
    Fact,
)
from geofence.kernels.ground import metres
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.tracking import CODE, CROSSED, DROVE_BY, LIKELY, OPEN_STATES, POSSIBLE, SERVED_STATES, SHARED

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "visits"
_PARAMETERS = (
    Parameter("visits.gap_mps", 60 / 3.6, "m/s", 1, 60, "How fast a van may have gone straight to a stop and on while unseen."),
    Parameter("visits.usual_mps", 25 / 3.6, "m/s", 1, 40, "How fast it usually gets on along its route."),
    Parameter("visits.near_m", 60, "m", 0, 500, "A halt this far outside a stop's circle serves it if it was signed for then."),
    Parameter("visits.signed_after_s", 300, "s", 0, 3600, "A signature this long after such a halt still belongs to it."),
    Parameter("visits.unseen_s", 60, "s", 20, 600, "Halted, then not seen well for longer than this: it may have stayed."),
    Parameter("visits.gap_slack_m", 150, "m", 0, 2000, "A stop this far beyond the ends of a gap may lie within it."),
)


def _near(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    states = device.states()
    following = next((k for k, state in enumerate(states) if state in OPEN_STATES), None)
    if following == fact.place and states[fact.place] == CODE[VisitState.pending]:
        device.set_visit(fact.place, VisitState.approaching)


def _arrived(device: Device, fact: Fact) -> None:
    if device.plan is None or not _unserved(device, fact.place):
        return
    visit = device.visits[fact.place]
    visit["came_ms"], visit["away_m"] = device.ms(fact.time_us), fact.a
    device.set_visit(fact.place, VisitState.arrived)


def _served(device: Device, fact: Fact) -> None:
    """A halt long enough; also after the stop was given up, as a van may come late."""
    if device.plan is None or int(device.visits[fact.place]["state"]) in SERVED_STATES:
        return
    visit = device.visits[fact.place]
    visit["came_ms"], visit["dwell_s"], visit["away_m"] = device.ms(fact.time_us), fact.a, fact.b
    visit["served_n"] = int(device.visits["served_n"].max()) + 1
    visit["risk_s"] = -1
    device.set_visit(fact.place, VisitState.serviced, _confidence(device, fact))
    _order(device)


def _halted(device: Device, fact: Fact) -> None:
    """Remember the halt: it may serve a stop whose pin is wrong, or that has no room to park."""
    device.memory[NAME] = [fact.time_us, 0, fact.longitude_e7, fact.latitude_e7]
    plan = device.plan
    if plan is not None and fact.c == ALLOWED_NOWHERE:
        for number, proof in enumerate(plan.proofs):
            if proof.at_us <= fact.decided_us:
                _sign(device, number, fact.decided_us)


def served_outside(device: Device, since_us: int) -> list[int]:
    """The stops that the halt begun at a moment serves from outside their circles."""
    halt = device.memory.get(NAME)
    return halt[4:] if halt is not None and halt[0] == since_us else []


def _signed(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        _sign(device, fact.place, fact.decided_us)


def _sign(device: Device, number: int, now_us: int) -> None:
    """A halt just outside the circle, signed for meanwhile, is a visit."""
    proof, halt = device.planned.proofs[number], device.memory.get(NAME)
    if halt is None or not _unserved(device, proof.stop):
        return
    since_us, until_us, lon, lat = halt[0], halt[1] or now_us, halt[2], halt[3]
    if not since_us - 60_000_000 <= proof.at_us <= until_us + device.values["visits.signed_after_s"] * 1e6:
        return
    away_m = device.metres_to_stop(proof.stop, lon, lat)
    if away_m > float(device.planned.stops[proof.stop]["radius_m"]) + device.values["visits.near_m"]:
        return
    halt.append(proof.stop)
    stood_s = (until_us - since_us) / 1e6
    place = (proof.stop, lon, lat)
    device.follow_ups.append(Fact(STOP_SERVED, device.slot, now_us, since_us, *place, stood_s, away_m, math.nan, away_m))


def _moved_on(device: Device, fact: Fact) -> None:
    halt = device.memory.get(NAME)
    if halt is None or halt[0] != fact.time_us:
        return
    halt[1] = int(fact.a)
    stood_s = (fact.a - fact.time_us) / 1e6
    for stop in halt[4:]:
        left = (fact.decided_us, fact.time_us, stop, halt[2], halt[3], fact.a, stood_s, 0.0, 1.0)
        device.follow_ups.append(Fact(STOP_LEFT, device.slot, *left))


def _confidence(device: Device, fact: Fact) -> float:
    """High in the middle of the circle and with a halt as long as the service planned."""
    stop = device.planned.stops[fact.place]
    place = min(1.0, float(stop["radius_m"]) / max(fact.b + 0.5 * fact.d, 1.0))
    length = min(1.0, fact.a / max(0.5 * float(stop["service_s"]), 1.0))
    return 0.5 + 0.3 * place + 0.2 * length


def _left(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    visit = device.visits[fact.place]
    state = int(visit["state"])
    if fact.d == 1.0 and state in SERVED_STATES:
        if visit["went_ms"] < 0:
            visit["went_ms"] = device.ms(int(fact.a))
        visit["dwell_s"] = max(float(visit["dwell_s"]), fact.b)
        device.show(fact.place)
    elif _unserved(device, fact.place):
        visit["marks"] = int(visit["marks"]) | DROVE_BY
        visit["came_ms"], visit["dwell_s"] = -1, fact.b
        device.set_visit(fact.place, VisitState.drive_by, 0.8 if fact.b == 0.0 else 0.6)
        _perhaps_stayed(device, fact)


def _perhaps_stayed(device: Device, fact: Fact) -> None:
    """It halted, and then was not seen well until it was away: a visit if it was signed for, else a likely one."""
    unseen_s = (fact.decided_us - fact.a) / 1e6
    need_s = float(device.planned.stops[fact.place]["need_s"])
    if fact.b == 0.0 or unseen_s <= device.values["visits.unseen_s"] or fact.b + unseen_s < need_s:
        return
    signed_us = [proof.at_us for proof in device.planned.proofs if proof.stop == fact.place]
    if not any(fact.time_us <= at_us <= fact.decided_us for at_us in signed_us):
        device.mark(fact.place, LIKELY)
        device.set_visit(fact.place, VisitState.probable, 0.5)
        return
    until_us = max(int(fact.a), *(at_us for at_us in signed_us if at_us <= fact.decided_us))
    stood_s = (until_us - fact.time_us) / 1e6
    head = (device.slot, fact.decided_us, fact.time_us, fact.place, fact.longitude_e7, fact.latitude_e7)
    device.follow_ups.append(Fact(STOP_SERVED, *head, stood_s, fact.c, math.nan, fact.c))
    device.follow_ups.append(Fact(STOP_LEFT, *head, float(until_us), stood_s, fact.c, 1.0))


def _crossed(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        device.mark(fact.place, CROSSED)


def _shared(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        device.mark(fact.place, SHARED)


def _unserved(device: Device, number: int) -> bool:
    return device.is_open(number) or int(device.visits[number]["state"]) in {
        CODE[VisitState.missed],
        CODE[VisitState.no_data],
        CODE[VisitState.probable],
    }


def _order(device: Device) -> None:
    """Stops outside the longest increasing subsequence of the plan were served out of sequence."""
    served = sorted((n, k) for k, n in enumerate(device.visits["served_n"].tolist()) if n > 0)
    inside = longest_increasing([k for _, k in served])
    states = device.states()
    for _, k in served:
        state = VisitState.serviced if k in inside else VisitState.out_of_sequence
        if states[k] != CODE[state]:
            device.set_visit(k, state)


def longest_increasing(numbers: list[int]) -> set[int]:
    """The members of one longest increasing subsequence of distinct numbers (Fredman 1975)."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        before[number] = tails[place - 1] if place else None
        tails[place : place + 1] = [number]
    chosen: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        chosen.add(last)
        last = before[last]
    return chosen


def _gap(device: Device, fact: Fact) -> None:
    """What a gap in the data may have hidden is not known, and so is never held against anybody."""
    if device.plan is None:
        return
    if fact.place and metres(fact.longitude_e7, fact.latitude_e7, fact.a, fact.b) < device.values["visits.gap_slack_m"]:
        return
    mark_gap(device, fact.time_us, fact.decided_us, (fact.longitude_e7, fact.latitude_e7), (fact.a, fact.b), (fact.c, fact.d))


def mark_gap(
    device: Device,
    since_us: int,
    until_us: int,
    left: tuple[float, float],
    found: tuple[float, float] | None,
    along: tuple[float, float] | None,
) -> None:
    """Mark the stops a gap from `left` to `found` (lon, lat e7; None: not found yet) could have held."""
    seconds = (until_us - since_us) / 1e6
    for k, state in enumerate(device.states()):
        if state not in OPEN_STATES:
            continue
        stop = device.planned.stops[k]
        way_m = device.metres_to_stop(k, *left) + (device.metres_to_stop(k, *found) if found else 0.0)
        if seconds < way_m / device.values["visits.gap_mps"] + float(stop["need_s"]):
            continue
        device.mark(k, POSSIBLE)
        if along is not None and _lies_within(device, k, along, seconds):
            device.mark(k, LIKELY)
            device.set_visit(k, VisitState.probable, 0.5)


def _lies_within(device: Device, number: int, along: tuple[float, float], seconds: float) -> bool:
    stop, slack = device.planned.stops[number], device.values["visits.gap_slack_m"]
    low, high = along
    if not low - slack <= float(stop["along_m"]) <= high + slack:
        return False
    spare_s = seconds - (high - low) / device.values["visits.usual_mps"]
    return spare_s >= max(float(stop["need_s"]), 0.5 * float(stop["service_s"]))


def _first_seen(device: Device, fact: Fact) -> None:
    """The trip had begun before the device was ever seen."""
    plan = device.plan
    if plan is None or fact.b == 0.0:
        return
    unseen_s = (fact.decided_us - plan.planned_start_us) / 1e6
    for k in range(len(device.visits)):
        if unseen_s > device.values["gap.least_s"] + float(plan.stops[k]["need_s"]):
            device.mark(k, POSSIBLE)


def _begin(device: Device, _now_us: int) -> None:
    for k in range(len(device.visits)):
        device.show(k)


RULE = Rule(
    NAME,
    _PARAMETERS,
    on={
        TRIP_ON: _first_seen,
        STAY_ON: _halted,
        STAY_OFF: _moved_on,
        PROOF: _signed,
        STOP_NEAR: _near,
        STOP_ARRIVED: _arrived,
        STOP_SERVED: _served,
        STOP_LEFT: _left,
        STOP_CROSSED: _crossed,
        STOP_SHARED: _shared,
        GAP: _gap,
    },
    begin=_begin,
)
