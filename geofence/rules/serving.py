"""Stands of the wheels that serve stops: outside their circles, or under a poor sky, as what was signed for tells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from geofence.facts import STOP_LEFT, STOP_SERVED, Fact
from geofence.kernels.apart import metres_to_each, nearest_of
from geofence.rules.gaps import HABIT, set_likely
from geofence.rules.served import UNSERVED, is_unserved, served_within
from geofence.rules.standing import NAME, NO_PLACE_M, SIGNED_BEFORE_US, Stand, recent, remember, signed_during, stand_of
from geofence.timers import FAR_FUTURE_US
from geofence.visit_states import POSSIBLE

if TYPE_CHECKING:
    from geofence.planned import ProofPlace
    from geofence.tracking import Device

_SIGNED: Final = 4
_APPROACH_US: Final = 30_000_000


def begin_stand(device: Device, fact: Fact) -> None:
    """Remember the stand: it may serve a stop that has no room to park, or whose pin is wrong, or under a poor sky."""
    stand = stand_of(fact, 0, [])
    remember(device, stand)
    _match(device, stand, fact.decided_us)


def end_stand(device: Device, fact: Fact) -> None:
    """The wheels turn again: the stand is as long as it will be, and its place as well known."""
    stands = recent(device)
    place = len(stands) - 1
    while place >= 0 and stands[place].since != fact.time_us:
        place -= 1
    if place < 0:
        return
    served = list(stands[place].served)
    stand = stands[place] = stand_of(fact, int(fact.a), stands[place].served, opened=_was_open(device, fact.time_us))
    for stop in served:
        _tell_left(device, stand, stop, stand.until, fact.decided_us)
    _match(device, stand, fact.decided_us)
    if device.plan is not None and stand.since >= device.planned.begin_us and (number := _stood_at(device, stand)) >= 0:
        _serve(device, stand, number, stand.until, fact.decided_us)


def sign(device: Device, fact: Fact) -> None:
    """A stop was signed for: perhaps one of the latest stands served it."""
    if device.plan is not None:
        number = device.plan.proofs[fact.place].stop
        away_m = device.metres_to_stop(number, fact.longitude_e7, fact.latitude_e7)
        if away_m <= device.plan.stop.radius_m.item(number):
            known = device.memory.setdefault(NAME, {})
            known["inside"] = [*known.get("inside", [])[1 - _SIGNED :], [number, fact.time_us]]
            _come_in_sight(device, number, fact)
        stands = recent(device)[-_SIGNED:]
        if _any_to_serve(device, stands, fact.decided_us):
            for stand in reversed(stands):
                _match(device, stand, fact.decided_us)


def _come_in_sight(device: Device, number: int, fact: Fact) -> None:
    """Who comes to a shop in sight, and signs at its door then, had not served it before in a gap."""
    found, visit = device.memory[NAME].get("found"), device.visit
    if found is None or not visit.marks.item(number) & POSSIBLE or not math.isfinite(fact.a):
        return
    radius_m, van_m = (
        device.planned.stop.radius_m.item(number),
        device.metres_to_stop(number, fact.longitude_e7, fact.latitude_e7),
    )
    came_from_m = device.metres_to_stop(number, *found) - device.values["visits.gap_slack_m"]
    if van_m <= radius_m + device.values["visits.near_m"] and came_from_m > radius_m:
        visit.marks[number] = visit.marks.item(number) & ~POSSIBLE
        device.show(number)


def _any_to_serve(device: Device, stands: list[Stand], now_us: int) -> bool:
    """Whether a stop was signed for since the first of some stands that is not served yet; mostly there is none."""
    since_us = min([one.since - one.unseen * 1e6 for one in stands], default=now_us)
    signed, state = device.planned.proofs_within(since_us - SIGNED_BEFORE_US, now_us), device.visit.state
    return any(state.item(one.stop) in UNSERVED for one in signed)


def served_outside(device: Device, since_us: int, until_us: int = FAR_FUTURE_US) -> list[int]:
    """The stops that stands within a halt served from outside their circles, or where the sky was poor."""
    inside = [one for one in recent(device) if one.since < until_us and (one.until or FAR_FUTURE_US) > since_us]
    return [stop for one in inside for stop in one.served]


def serves(device: Device, stand: Stand) -> bool:
    """Whether a stop was served from this stand: wheels that do not turn stay in one place, wherever the fixes are."""
    visited = served_within(device, 0, stand.until or FAR_FUTURE_US)
    signed = signed_during(device, stand, device.now_us)
    return (
        bool(stand.served)
        or any(_is_during(device, stand, k) for k in visited)
        or any(_reaches(device, stand, k) for k in signed)
    )


def _reaches(device: Device, stand: Stand, number: int) -> bool:
    """Whether the stand is near enough to serve a stop from outside its circle."""
    reach_m = device.planned.stop.radius_m.item(number) + device.values["visits.near_m"] + stand.sigma
    return device.metres_to_stop(number, stand.lon, stand.lat) <= reach_m


def _is_during(device: Device, stand: Stand, number: int) -> bool:
    """Whether a visit went on for a while during a stand; while its end is unknown, one from before it only near by."""
    went_ms, since_us = device.visit.went_ms.item(number), stand.since - _APPROACH_US
    if went_ms >= 0:
        return bool(went_ms >= device.ms(stand.since + _APPROACH_US))
    return bool(device.visit.came_ms.item(number) >= device.ms(since_us)) or _reaches(device, stand, number)


def is_service(stand: Stand, served: Fact) -> bool:
    """Whether a stop, as it is told to be served, was served from this stand."""
    return stand.since - _APPROACH_US <= served.time_us <= (stand.until or FAR_FUTURE_US)


def _match(device: Device, stand: Stand, now_us: int) -> None:
    """Give a stand to the stops that were signed for during it, or soon after it."""
    plan = device.plan
    if plan is None or stand.since < plan.begin_us:
        return
    until_us = stand.until or now_us
    latest_us = min(now_us, until_us + device.values["visits.signed_after_s"] * 1e6)
    for proof in plan.proofs_within(stand.since - stand.unseen * 1e6 - SIGNED_BEFORE_US, latest_us):
        fresh = proof.stop not in stand.served and device.visit.state.item(proof.stop) in UNSERVED
        if fresh and _signed_from(device, stand, until_us, proof):
            _serve(device, stand, proof.stop, until_us, now_us)


def _signed_from(device: Device, stand: Stand, until_us: int, proof: ProofPlace) -> bool:
    """Signed for at the shop, with the van near enough and for long enough to have served it.

    A stand within the circle of one stop does not serve another from outside, unless it was signed at the other's door.
    """
    plan, radius_m = device.planned, device.planned.stop.radius_m.item(proof.stop)
    near_m, placed = radius_m + device.values["visits.near_m"], not math.isnan(proof.longitude_e7)
    if (until_us - stand.since) / 1e6 + stand.unseen < plan.stop.need_s.item(proof.stop):
        return False
    if placed:
        unsure_m = 0.0 if math.isnan(proof.accuracy_m) else proof.accuracy_m
        if device.metres_to_stop(proof.stop, proof.longitude_e7, proof.latitude_e7) > near_m + unsure_m:
            return _carried_from(device, stand, proof.stop)
    at_shop = placed and nearest_of(plan.places, proof.longitude_e7, proof.latitude_e7)[0] == proof.stop
    if (stand.sigma >= NO_PLACE_M or proof.at_us > until_us) and _stayed_shut(device, stand):
        return False
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


def _was_open(device: Device, since_us: int) -> bool:
    known = device.memory.get(NAME, {})
    opened_us, shut_us = known.get("opened", 0), known.get("shut", 0)
    return bool(opened_us > shut_us or max(opened_us, shut_us) >= since_us)


def _stayed_shut(device: Device, stand: Stand) -> bool:
    """The door, which opens at every stop, was not open during a stand that is over."""
    doors = device.memory.get(NAME, {}).get("doors", 0)
    return bool(stand.until and not stand.opened and doors >= HABIT)


def _carried_from(device: Device, stand: Stand, number: int) -> bool:
    """Signed for elsewhere; but the door was open at a stand by this shop, and by no other."""
    places, radius_m = device.planned.places, device.planned.stop.radius_m
    if not stand.opened or stand.sigma >= NO_PLACE_M or nearest_of(places, stand.lon, stand.lat)[0] != number:
        return False
    edge_m = metres_to_each(places, stand.lon, stand.lat) - radius_m
    is_others = (edge_m <= 0.0).any() and edge_m.item(number) > 0.0
    return bool(edge_m.item(number) <= device.values["visits.near_m"] and not is_others)


def _came_nearer(device: Device, until_us: int, proof: ProofPlace) -> bool:
    """It drove on to the shop before that was signed for: the stand before was a wait on the way there."""
    inside: list[list[int]] = device.memory.get(NAME, {}).get("inside", [])
    return proof.at_us > until_us and [proof.stop, proof.at_us] in inside


def _stood_at(device: Device, stand: Stand) -> int:
    """The stop whose circle, widened by sigma, holds the stand, if none is nearer and good fixes did not tell; or -1."""
    if stand.served or stand.sigma >= NO_PLACE_M:
        return -1
    nearest, away_m = nearest_of(device.planned.places, stand.lon, stand.lat)
    if nearest < 0 or not is_unserved(device, nearest):
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
        _tell_left(device, stand, number, until_us, now_us)


def _tell_left(device: Device, stand: Stand, stop: int, until_us: int, now_us: int) -> None:
    head = (device.slot, now_us, stand.since, stop, stand.lon, stand.lat)
    stood_s = (until_us - stand.since) / 1e6
    device.follow_ups.append(Fact(STOP_LEFT, *head, float(until_us), stood_s, 0.0, 1.0))
