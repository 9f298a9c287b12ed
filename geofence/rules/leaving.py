"""The end of a visit: it was the service, or only a wait, or it may have stayed where it was not seen well."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.events import VisitState
from geofence.facts import STOP_LEFT, STOP_SERVED, Fact
from geofence.rules.gaps import HABIT, LEEWAY_US, set_likely
from geofence.rules.served import is_unserved, number_stops
from geofence.rules.standing import NAME, SIGNED_BEFORE_US, stand_at
from geofence.timers import FAR_FUTURE_US
from geofence.visit_states import DROVE_BY, LIKELY, SERVED_STATES, SHORT, SHUT

if TYPE_CHECKING:
    from geofence.tracking import Device

_QUIET: Final = SHUT | SHORT


def leave(device: Device, fact: Fact) -> None:
    """The van has left a stop, served or not."""
    if device.plan is None:
        return
    visit, k = device.visit, fact.place
    is_served = fact.d == 1.0 and visit.state.item(k) in SERVED_STATES
    if is_served and visit.went_ms.item(k) < 0 and _only_waited(device, fact):
        visit.came_ms[k], visit.served_n[k], visit.marks[k] = -1, 0, (visit.marks.item(k) | DROVE_BY) & ~_QUIET
        device.set_visit(k, VisitState.drive_by, 0.5)
        number_stops(device)
    elif is_served:
        if visit.went_ms.item(k) >= 0 and _was_the_service(device, fact):
            visit.came_ms[k], visit.went_ms[k], visit.dwell_s[k] = device.ms(fact.time_us), -1, 0.0
            number_stops(device)
            head = (device.slot, fact.decided_us, fact.time_us, k, fact.longitude_e7, fact.latitude_e7)
            device.follow_ups.append(Fact(STOP_SERVED, *head, fact.b, fact.c, math.nan, 0.0))
        if visit.went_ms.item(k) < 0:
            visit.went_ms[k] = device.ms(int(fact.a))
        visit.dwell_s[k] = max(visit.dwell_s.item(k), fact.b)
        device.note_fix(k, "left")
        device.show(k)
    elif is_unserved(device, k):
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
    """Stood there, and nobody signed or opened the door, as they do elsewhere on this trip: a red light, a queue or a jam.

    Without a door's contact, that it was not the turn of this stop says the same of standing there shortly.
    """
    visit, k = device.visit, fact.place
    known, signed_us = device.memory.get(NAME, {}), device.planned.signed_us
    signed = signed_us.get(k, FAR_FUTURE_US)
    if visit.marks.item(k) & LIKELY:
        return False
    if signed <= fact.decided_us:
        return _signed_in_passing(device, fact, signed)
    marks = visit.marks.item(k) & _QUIET
    if not marks:
        marks = SHUT if known.get("opened", 0) < fact.time_us - LEEWAY_US else 0
        marks |= SHORT if fact.b < device.values["visit.most_s"] and _is_out_of_turn(device, k) else 0
    if device.planned.signed_by(fact.decided_us) < HABIT:
        visit.marks[k] = visit.marks.item(k) | marks
        return False
    return _waits(device, marks)


def _signed_in_passing(device: Device, fact: Fact, signed_us: int) -> bool:
    """Signed for on a halt of seconds, of this one or before it, and the door, which opens at every stop, stayed shut: the rest
    of it was a red light."""
    known = device.memory.get(NAME, {})
    shut = known.get("doors", 0) >= HABIT and known["opened"] < fact.time_us - LEEWAY_US
    begin = stand_at(device, int(fact.a))
    seen = fact.time_us <= signed_us or (begin is not None and begin.unseen == 0)
    short = seen and signed_us <= int(fact.a) and fact.b < device.values["visit.most_s"]
    return shut and short and device.planned.signed_by(fact.decided_us) >= HABIT and stand_at(device, signed_us) is None


def _waits(device: Device, marks: int) -> bool:
    """What the marks of a service say, now that it is known how this van serves."""
    opens = device.memory.get(NAME, {}).get("doors", 0) >= HABIT
    return bool(marks & (SHUT if opens else SHORT))


def _is_out_of_turn(device: Device, number: int) -> bool:
    """Others are to be served before this stop; what was left out before the latest of those served is not waited for."""
    latest = max((k for k, served in enumerate(device.visit.served_n.tolist()) if served > 0 and k != number), default=-1)
    return any(device.is_open(k) for k in range(latest + 1 if latest < number else 0, number))


def doubt_again(device: Device, now_us: int) -> None:
    """Something was signed for. Once that has become a habit, what was taken for a service before is looked at anew."""
    plan, visit = device.planned, device.visit
    if plan.signed_by(now_us) < HABIT:
        return
    for k in np.flatnonzero(visit.marks & _QUIET).tolist():
        marks = visit.marks.item(k)
        stands = visit.state.item(k) in SERVED_STATES and visit.went_ms.item(k) >= 0
        signed = plan.signed_us.get(k, FAR_FUTURE_US) <= now_us
        if not stands or signed or marks & LIKELY or not _waits(device, marks):
            visit.marks[k] = marks & ~_QUIET
            continue
        came_us, went_us = (plan.begin_us + column.item(k) * 1_000 for column in (visit.came_ms, visit.went_ms))
        place = int(plan.stop.lon.item(k)), int(plan.stop.lat.item(k))
        visit.went_ms[k] = -1
        head = (device.slot, now_us, came_us, k, *place)
        device.follow_ups.append(Fact(STOP_LEFT, *head, float(went_us), visit.dwell_s.item(k), visit.away_m.item(k), 1.0))


def _perhaps_stayed(device: Device, fact: Fact) -> None:
    """It halted, and then was not seen well until it was away: a visit if it was signed for, else a likely one."""
    unseen_s = -fact.d
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
