"""A planned stop that is not served: suspected early, final when its time has passed, and only with data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity, VisitState
from geofence.facts import HOME, STOP_PASSED, STOP_SERVED, Fact
from geofence.fixes import GoodFix
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.gaps import mark_gap
from geofence.rules.standing import Gap
from geofence.suppressions import BREAKDOWN
from geofence.visit_states import CODE, DROVE_BY, FINAL, LIKELY, OPEN_STATES, POSSIBLE, SHARED, SUSPECTED

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "missed_stop"
_PARAMETERS = (
    Parameter("missed_stop.after_window_s", 3600, "s", 0, 14_400, "A stop is missed for good this long after its window."),
    Parameter("missed_stop.later_stops", 2, "1", 1, 20, "So many later stops served first make a stop suspected missed."),
    Parameter("missed_stop.key_outlet", 0, "1", 0, 1, "1: missing such an outlet is of high severity."),
)
_UNKNOWN = LIKELY | POSSIBLE | SHARED


def _passed(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        _suspect(device, fact.place, "passed", fact.decided_us)


def _served(device: Device, fact: Fact) -> None:
    """Perhaps this stop was thought missed; and earlier ones may now be."""
    if device.plan is None:
        return
    device.withdraw(NAME, str(fact.place), "served_later")
    device.end_risk(fact.place, SUSPECTED | FINAL)
    served = device.visit.served_n.tolist()
    if 0 not in served[: max(served)]:
        return  # none before them is left out
    served_later = 0
    for k in range(len(served) - 1, -1, -1):
        if served[k] > 0:
            served_later += 1
        elif served_later >= device.values["missed_stop.later_stops"]:
            _suspect(device, k, "later_stops_served", fact.decided_us)


def _suspect(device: Device, number: int, why: str, now_us: int) -> None:
    visit = device.visit
    if not device.is_open(number) or visit.marks.item(number) & (_UNKNOWN | SUSPECTED):
        return
    if visit.state.item(number) == CODE[VisitState.arrived]:
        return
    if device.held_until(BREAKDOWN, now_us) is not None:
        return
    device.put_at_risk(number, SUSPECTED)
    _open(device, number, now_us, 0.6, {"stage": "suspected", "why": why})


def _open(device: Device, number: int, at_us: int, confidence: float, facts: dict[str, object]) -> None:
    severity = Severity.high if device.values["missed_stop.key_outlet"] else Severity.medium
    stop = device.planned.trip.stops[number]
    facts = {**facts, "position_no": number + 1, "outlet_id": stop.outlet_id}
    device.open(NAME, str(number), at_us, severity, stop=number, confidence=confidence, facts=facts)


def _windows(device: Device, now_us: int) -> None:
    for k in range(len(device.visits)):
        if device.is_open(k) and _final_us(device, k) <= now_us:
            _decide(device, k, now_us, "window_passed")
    _set_timer(device)


def _final_us(device: Device, number: int) -> int:
    """A while after the window; not during an approved breakdown."""
    final_us = device.planned.stop.closes_us.item(number) + int(device.values["missed_stop.after_window_s"] * 1e6)
    return device.held_until(BREAKDOWN, final_us) or final_us


def _set_timer(device: Device) -> None:
    due = [_final_us(device, k) for k, state in enumerate(device.states()) if state in OPEN_STATES]
    device.timers.pop(NAME, None)
    if due and min(due) < device.planned.longest_us:
        device.timers[NAME] = min(due)


def _home(device: Device, fact: Fact) -> None:
    """The van stands in its depot again: what it did not serve is missed, unless it goes out once more."""
    if device.held_until(BREAKDOWN, fact.decided_us) is not None:
        return
    device.last_good = GoodFix(fact.decided_us, fact.longitude_e7, fact.latitude_e7)
    for k in range(len(device.visits)):
        if device.plan is not None and device.is_open(k):
            _decide(device, k, fact.decided_us, "home")
    device.last_good = None


def _decide(device: Device, number: int, now_us: int, why: str) -> None:
    """Missed for good, unless the data does not say so."""
    good = device.last_good
    if good is None:
        device.mark(number, POSSIBLE)
    elif now_us - good.time_us > device.values["gap.least_s"] * 1e6:
        mark_gap(device, Gap(good.time_us, now_us, (good.longitude_e7, good.latitude_e7)))
    marks = device.visit.marks.item(number)
    if marks & (LIKELY | SHARED):
        _give_up(device, number, VisitState.probable, "probable")
    elif marks & POSSIBLE:
        _give_up(device, number, VisitState.no_data, "no_data")
    else:
        device.mark(number, FINAL)
        confidence = 0.8 if marks & DROVE_BY else 0.95
        _open(device, number, now_us, confidence, {})
        episode = device.episodes.get(f"{NAME}|{number}")
        if episode is not None:
            episode.confidence = confidence
        device.change(NAME, str(number), stage="final", why=why, drove_by=bool(marks & DROVE_BY))
        device.set_visit(number, VisitState.missed, confidence)


def _give_up(device: Device, number: int, state: VisitState, reason: str) -> None:
    device.withdraw(NAME, str(number), reason)
    device.set_visit(number, state, 0.5)


def _begin(device: Device, _now_us: int) -> None:
    _set_timer(device)


def _finish(device: Device, now_us: int) -> None:
    is_broken = device.held_until(BREAKDOWN, now_us) is not None
    for k in range(len(device.visits)):
        left_out_before = device.visit.marks.item(k) & SUSPECTED
        if device.is_open(k) and is_broken and not left_out_before:
            device.withdraw(NAME, str(k), "breakdown")
            device.set_visit(k, VisitState.skipped, 0.9)
        elif device.is_open(k):
            _decide(device, k, now_us, "trip_over")


_ON = {STOP_PASSED: _passed, STOP_SERVED: _served, HOME: _home}
RULE = Rule(NAME, _PARAMETERS, on=_ON, wake=_windows, begin=_begin, finish=_finish)
