"""The life of a planned stop: pending, approaching, arrived, serviced, or driven by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.events import VisitState
from geofence.facts import (
    DOOR_OFF,
    DOOR_ON,
    GAP,
    GAP_WAY,
    PROOF,
    STAND_OFF,
    STAND_ON,
    STOP_ARRIVED,
    STOP_CROSSED,
    STOP_LEFT,
    STOP_NEAR,
    STOP_SERVED,
    STOP_SHARED,
    TRIP_ON,
    Fact,
)
from geofence.kernels.apart import metres_to_each, nearest_of
from geofence.kernels.sequence import number_served
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.gaps import HABIT, LEEWAY_US, note_way, see_first, set_likely, take_gap
from geofence.rules.standing import NAME, NO_PLACE_M, SIGNED_BEFORE_US, Stand, recent, remember, stand_of
from geofence.tracked import FAR_FUTURE_US
from geofence.visit_states import (
    BROKEN_DOWN,
    CODE,
    CROSSED,
    DROVE_BY,
    LIKELY,
    OPEN_STATES,
    POSSIBLE,
    SERVED_STATES,
    SHARED,
    TOO_LATE,
)

if TYPE_CHECKING:
    from geofence.planned import ProofPlace
    from geofence.tracking import Device

_SIGNED: Final = 4
_PENDING, _IN_ORDER, _OUT_OF_SEQUENCE = (
    CODE[state] for state in (VisitState.pending, VisitState.serviced, VisitState.out_of_sequence)
)
_UNSERVED: Final = OPEN_STATES | {CODE[state] for state in (VisitState.missed, VisitState.no_data, VisitState.probable)}
_PARAMETERS = (
    Parameter(
        "visits.gap_mps", 60 / 3.6, "m/s", 1, 60, "How fast a van may have gone straight to a stop and on while unseen.", True
    ),
    Parameter("visits.usual_mps", 25 / 3.6, "m/s", 1, 40, "How fast it usually gets on along its route."),
    Parameter("visits.near_m", 60, "m", 0, 500, "A halt this far outside a stop's circle serves it if it was signed for then."),
    Parameter("visits.signed_after_s", 300, "s", 0, 3600, "A signature this long after such a halt still belongs to it."),
    Parameter("visits.unseen_s", 60, "s", 20, 600, "Halted, then not seen well for longer than this: it may have stayed."),
    Parameter("visits.gap_slack_m", 150, "m", 0, 2000, "A stop this far beyond the ends of a gap may lie within it."),
)


def _near(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    state = device.visit.state
    if state.item(fact.place) == _PENDING and OPEN_STATES.isdisjoint(state[: fact.place].tolist()):
        device.set_visit(fact.place, VisitState.approaching)


def _arrived(device: Device, fact: Fact) -> None:
    if device.plan is None or not _unserved(device, fact.place):
        return
    visit = device.visit
    visit.came_ms[fact.place], visit.away_m[fact.place] = device.ms(fact.time_us), fact.a
    device.set_visit(fact.place, VisitState.arrived)


def _served(device: Device, fact: Fact) -> None:
    """A halt long enough; also after the stop was given up, as a van may come late."""
    visit, k = device.visit, fact.place
    if device.plan is None or visit.state.item(k) in SERVED_STATES:
        return
    visit.came_ms[k], visit.dwell_s[k], visit.away_m[k] = device.ms(fact.time_us), fact.a, fact.b
    visit.risk_s[k], visit.marks[k] = -1, visit.marks.item(k) & ~(TOO_LATE | BROKEN_DOWN)
    device.set_visit(k, VisitState.serviced, _confidence(device, fact))
    _order(device)


def _stands(device: Device, fact: Fact) -> None:
    """Remember the stand: it may serve a stop that has no room to park, or whose pin is wrong, or under a poor sky."""
    stand = stand_of(fact, 0, [])
    remember(device, stand)
    _match(device, stand, fact.decided_us)


def _drives_on(device: Device, fact: Fact) -> None:
    stands = recent(device)
    place = next((n for n, one in enumerate(stands) if one.since == fact.time_us), None)
    if place is None:
        return
    served = list(stands[place].served)
    stand = stands[place] = stand_of(fact, int(fact.a), stands[place].served)
    for stop in served:
        _leave(device, stand, stop, stand.until, fact.decided_us)
    _match(device, stand, fact.decided_us)
    if device.plan is not None and stand.since >= device.planned.begin_us and (number := _stood_at(device, stand)) >= 0:
        _serve(device, stand, number, stand.until, fact.decided_us)


def _leave(device: Device, stand: Stand, stop: int, until_us: int, now_us: int) -> None:
    head = (device.slot, now_us, stand.since, stop, stand.lon, stand.lat)
    stood_s = (until_us - stand.since) / 1e6
    device.follow_ups.append(Fact(STOP_LEFT, *head, float(until_us), stood_s, 0.0, 1.0))


def served_outside(device: Device, since_us: int, until_us: int = FAR_FUTURE_US) -> list[int]:
    """The stops that stands within a halt served from outside their circles, or where the sky was poor."""
    inside = [one for one in recent(device) if one.since < until_us and (one.until or FAR_FUTURE_US) > since_us]
    return [stop for one in inside for stop in one.served]


def served_within(device: Device, since_us: int, until_us: int) -> list[int]:
    """The stops whose service began within a span."""
    low, high = device.ms(since_us - LEEWAY_US), device.ms(until_us)
    came = [k for k, ms in enumerate(device.visit.came_ms.tolist()) if low <= ms <= high]
    state = device.visit.state
    return [k for k in came if state.item(k) in SERVED_STATES]


def _signed(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        number = device.plan.proofs[fact.place].stop
        away_m = device.metres_to_stop(number, fact.longitude_e7, fact.latitude_e7)
        if away_m <= device.plan.stop.radius_m.item(number):
            known = device.memory.setdefault(NAME, {})
            known["inside"] = [*known.get("inside", [])[1 - _SIGNED :], [number, fact.time_us]]
        for stand in reversed(recent(device)):
            _match(device, stand, fact.decided_us)


def _match(device: Device, stand: Stand, now_us: int) -> None:
    """Give a stand to the stops that were signed for during it, or soon after it."""
    plan = device.plan
    if plan is None or stand.since < plan.begin_us:
        return
    until_us = stand.until or now_us
    latest_us = min(now_us, until_us + device.values["visits.signed_after_s"] * 1e6)
    signed = plan.proofs_within(stand.since - stand.unseen * 1e6 - SIGNED_BEFORE_US, latest_us)
    served, state = stand.served, device.visit.state
    for proof in signed:
        fresh = proof.stop not in served and state.item(proof.stop) in _UNSERVED
        if fresh and _signed_from(device, stand, until_us, proof):
            _serve(device, stand, proof.stop, until_us, now_us)


def _signed_from(device: Device, stand: Stand, until_us: int, proof: ProofPlace) -> bool:
    """Signed for at the shop, with the van near enough and for long enough to have served it.

    A stand within the circle of one stop does not serve another from outside, unless it was signed at the other's door.
    """
    plan, radius_m = device.planned, device.planned.stop.radius_m.item(proof.stop)
    near_m, placed = radius_m + device.values["visits.near_m"], not math.isnan(proof.longitude_e7)
    if placed:
        unsure_m = 0.0 if math.isnan(proof.accuracy_m) else proof.accuracy_m
        if device.metres_to_stop(proof.stop, proof.longitude_e7, proof.latitude_e7) > near_m + unsure_m:
            return False
    if (until_us - stand.since) / 1e6 + stand.unseen < plan.stop.need_s.item(proof.stop):
        return False
    at_shop = placed and nearest_of(plan.places, proof.longitude_e7, proof.latitude_e7)[0] == proof.stop
    if stand.sigma >= NO_PLACE_M:
        return at_shop
    away_m = metres_to_each(plan.places, stand.lon, stand.lat)
    outside_m = away_m.item(proof.stop) - radius_m - stand.sigma
    if outside_m > device.values["visits.near_m"] or (outside_m > 0.0 and _came_nearer(device, until_us, proof)):
        return False
    if at_shop:
        return True
    if placed and proof.at_us > until_us:
        return False  # at the door of the next one
    inside = away_m <= plan.stop.radius_m + stand.sigma
    return bool(inside[proof.stop] or not inside.any())


def _came_nearer(device: Device, until_us: int, proof: ProofPlace) -> bool:
    """It drove on to the shop before that was signed for: the stand before was a wait on the way there."""
    inside: list[list[int]] = device.memory.get(NAME, {}).get("inside", [])
    return proof.at_us > until_us and [proof.stop, proof.at_us] in inside


def _stood_at(device: Device, stand: Stand) -> int:
    """The stop whose circle, widened by sigma, holds the stand, if none is nearer and good fixes did not tell; or -1."""
    if stand.served or stand.sigma >= NO_PLACE_M:
        return -1
    nearest, away_m = nearest_of(device.planned.places, stand.lon, stand.lat)
    if nearest < 0 or not _unserved(device, nearest):
        return -1
    stop, stood_s = device.planned.stop, (stand.until - stand.since) / 1e6
    holds = away_m <= stop.radius_m.item(nearest) + stand.sigma and stood_s >= stop.need_s.item(nearest)
    return nearest if holds and not served_within(device, stand.since, stand.until) else -1


def _serve(device: Device, stand: Stand, number: int, until_us: int, now_us: int) -> None:
    if stand.sigma >= NO_PLACE_M:
        set_likely(device, number, 0.6)
        return
    if stand.unseen > 0:
        device.mark(number, POSSIBLE)
    stand.served.append(number)
    away_m, stood_s = device.metres_to_stop(number, stand.lon, stand.lat), (until_us - stand.since) / 1e6
    head = (device.slot, now_us, stand.since, number, stand.lon, stand.lat)
    device.follow_ups.append(Fact(STOP_SERVED, *head, stood_s, away_m, stand.driven, stand.sigma))
    if stand.until:
        _leave(device, stand, number, until_us, now_us)


def _confidence(device: Device, fact: Fact) -> float:
    """High in the middle of the circle and with a halt as long as the service planned."""
    stop, k = device.planned.stop, fact.place
    place = min(1.0, stop.radius_m.item(k) / max(fact.b + 0.5 * fact.d, 1.0))
    length = min(1.0, fact.a / max(0.5 * stop.service_s.item(k), 1.0))
    return 0.5 + 0.3 * place + 0.2 * length


def _left(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    visit, k = device.visit, fact.place
    is_served = fact.d == 1.0 and visit.state.item(k) in SERVED_STATES
    if is_served and _only_waited(device, fact):
        visit.came_ms[k], visit.served_n[k], visit.marks[k] = -1, 0, visit.marks.item(k) | DROVE_BY
        device.set_visit(k, VisitState.drive_by, 0.5)
        _order(device)
    elif is_served:
        if visit.went_ms.item(k) >= 0 and _was_the_service(device, fact):
            visit.came_ms[k], visit.went_ms[k], visit.dwell_s[k] = device.ms(fact.time_us), -1, 0.0
            _order(device)
        if visit.went_ms.item(k) < 0:
            visit.went_ms[k] = device.ms(int(fact.a))
        visit.dwell_s[k] = max(visit.dwell_s.item(k), fact.b)
        device.note_fix(k, "left")
        device.show(k)
    elif _unserved(device, k):
        visit.marks[k], visit.came_ms[k], visit.dwell_s[k] = visit.marks.item(k) | DROVE_BY, -1, fact.b
        device.set_visit(k, VisitState.drive_by, 0.8 if fact.b == 0.0 else 0.6)
        _perhaps_stayed(device, fact)


def _was_the_service(device: Device, fact: Fact) -> bool:
    """It halted there before, and nobody signed for anything until now: that was a wait, and this the service."""
    after_us = int(device.values["visits.signed_after_s"] * 1e6)
    signed_us = device.planned.signed_us.get(fact.place, FAR_FUTURE_US)
    is_later = device.ms(fact.time_us) > device.visit.went_ms.item(fact.place)
    return is_later and fact.time_us - SIGNED_BEFORE_US <= signed_us <= min(int(fact.a) + after_us, fact.decided_us)


def _only_waited(device: Device, fact: Fact) -> bool:
    """Stood there shortly, and nobody signed or opened the door, as they do elsewhere on this trip: a red light or a queue.

    Without a door's contact, that it was not the turn of this stop says the same.
    """
    if fact.b >= device.values["visit.most_s"] or device.planned.signed_by(fact.decided_us) < HABIT:
        return False
    known, signed_us = device.memory.get(NAME, {}), device.planned.signed_us
    if device.visit.marks.item(fact.place) & LIKELY or signed_us.get(fact.place, FAR_FUTURE_US) <= fact.decided_us:
        return False
    if known.get("doors", 0) >= HABIT:
        return bool(known.get("opened", 0) < fact.time_us - LEEWAY_US)
    return any(device.is_open(k) for k in range(fact.place))


def _opened(device: Device, fact: Fact) -> None:
    known = device.memory.setdefault(NAME, {})
    known["opened"], known["doors"] = fact.time_us, known.get("doors", 0) + 1


def _shut(device: Device, fact: Fact) -> None:
    device.memory.setdefault(NAME, {})["shut"] = fact.time_us


def _perhaps_stayed(device: Device, fact: Fact) -> None:
    """It halted, and then was not seen well until it was away: a visit if it was signed for, else a likely one."""
    unseen_s = (fact.decided_us - fact.a) / 1e6
    need_s = device.planned.stop.need_s.item(fact.place)
    if fact.b == 0.0 or unseen_s <= device.values["visits.unseen_s"] or fact.b + unseen_s < need_s:
        return
    signed_us = [proof.at_us for proof in device.planned.proofs if proof.stop == fact.place]
    if not any(fact.time_us <= at_us <= fact.decided_us for at_us in signed_us):
        set_likely(device, fact.place, 0.5)
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
    return device.visit.state.item(number) in _UNSERVED


def _order(device: Device) -> None:
    """Number the stops served by their arrivals; those outside the longest increasing subsequence of the plan are out of it."""
    changed = np.empty(len(device.visits), np.int64)
    count = number_served(device.visits, _IN_ORDER, _OUT_OF_SEQUENCE, changed)
    for k in changed[:count].tolist():
        if k >= 0:
            device.set_visit(k, VisitState.serviced)
        else:
            device.set_visit(-1 - k, VisitState.out_of_sequence)


def _begin(device: Device, _now_us: int) -> None:
    for k in range(len(device.visits)):
        device.show(k)


RULE = Rule(
    NAME,
    _PARAMETERS,
    on={
        TRIP_ON: see_first,
        STAND_ON: _stands,
        STAND_OFF: _drives_on,
        PROOF: _signed,
        DOOR_ON: _opened,
        DOOR_OFF: _shut,
        STOP_NEAR: _near,
        STOP_ARRIVED: _arrived,
        STOP_SERVED: _served,
        STOP_LEFT: _left,
        STOP_CROSSED: _crossed,
        STOP_SHARED: _shared,
        GAP_WAY: note_way,
        GAP: take_gap,
    },
    begin=_begin,
)
