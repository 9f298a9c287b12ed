"""A proof of delivery without a delivery: no visit, or one too short for the goods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity, VisitState
from geofence.facts import PROOF, STOP_LEFT, STOP_SERVED, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.visit_states import CODE, LIKELY, POSSIBLE, SERVED_STATES, SHARED

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "ghost_delivery"
_PARAMETERS = (
    Parameter(f"{NAME}.least_s", 45, "s", 0, 3600, "A visit with a proof takes at least this long,"),
    Parameter(f"{NAME}.share", 0.3, "1", 0, 1, "and this share of the time its cases need."),
    Parameter(f"{NAME}.wait_s", 600, "s", 0, 14_400, "A proof away from its stop waits this long for the visit."),
    Parameter(f"{NAME}.unsure_s", 20, "s", 0, 600, "By so much a visit may be longer than its fixes tell."),
)
_UNKNOWN = LIKELY | POSSIBLE | SHARED
_MISSED = CODE[VisitState.missed]


def _signed(device: Device, fact: Fact) -> None:
    """Somebody signed; if the van is not there, give it time to come, else the visit's end decides."""
    number = device.planned.proofs[fact.place].stop
    if device.plan is None:
        _signed_at_home(device, number, fact.time_us)
    elif device.visit.went_ms.item(number) >= 0:
        _weigh(device, number, device.visit.dwell_s.item(number))
    elif device.is_open(number):
        device.timers[f"{NAME}:{number}"] = fact.time_us + int(device.values["ghost_delivery.wait_s"] * 1e6)


def _signed_at_home(device: Device, number: int, proof_us: int) -> None:
    """The trip is over, and nobody will come any more: what was missed on it was not delivered."""
    if device.visit.state.item(number) != _MISSED or device.planned.signed_us[number] != proof_us:
        return
    facts = {"why": "no_visit", "cases": device.planned.trip.stops[number].cases}
    device.tell(NAME, str(number), proof_us, Severity.high, stop=number, confidence=0.9, facts=facts, trip=device.planned)


def _left(device: Device, fact: Fact) -> None:
    if device.plan is not None and fact.d == 1.0:
        _weigh(device, fact.place, device.visit.dwell_s.item(fact.place))


def _weigh(device: Device, number: int, dwell_s: float) -> None:
    proof_us = _proof_us(device, number)
    visit = device.visit
    if proof_us is None or visit.state.item(number) not in SERVED_STATES or visit.marks.item(number) & POSSIBLE:
        return
    cases = device.planned.trip.stops[number].cases or 0.0
    needed_s = device.values["ghost_delivery.share"] * (device.values["visit.base_s"] + device.values["visit.case_s"] * cases)
    needed_s = max(device.values["ghost_delivery.least_s"], needed_s)
    if dwell_s + device.values["ghost_delivery.unsure_s"] < needed_s:
        facts = {"why": "short_visit", "dwell_s": dwell_s, "needed_s": needed_s, "cases": cases}
        device.open(NAME, str(number), proof_us, Severity.high, stop=number, confidence=0.7, facts=facts)


def _waited(device: Device, now_us: int) -> None:
    """Nobody came; but while the van is not seen it may be there, and what the gap may have held is decided when it is over."""
    good = device.last_good
    if good is None or now_us - good.time_us > device.values["gap.least_s"] * 1e6:
        return
    wait_us = int(device.values["ghost_delivery.wait_s"] * 1e6)
    for number in range(len(device.visits)):
        proof_us = _proof_us(device, number)
        if proof_us is not None and proof_us + wait_us <= now_us:
            _unvisited(device, number, proof_us)


def _unvisited(device: Device, number: int, proof_us: int) -> None:
    visit = device.visit
    if visit.state.item(number) in SERVED_STATES or visit.marks.item(number) & _UNKNOWN:
        return
    if visit.came_ms.item(number) >= 0 and device.is_open(number):
        return
    facts = {"why": "no_visit", "cases": device.planned.trip.stops[number].cases}
    device.open(NAME, str(number), proof_us, Severity.high, stop=number, confidence=0.9, facts=facts)


def _served(device: Device, fact: Fact) -> None:
    episode = device.episodes.get(f"{NAME}|{fact.place}")
    if episode is not None and episode.facts.get("why") == "no_visit":
        device.withdraw(NAME, str(fact.place), "served_later")


def _proof_us(device: Device, number: int) -> int | None:
    """When a stop's first proof was captured, if that was before now."""
    at_us = device.planned.signed_us.get(number)
    return at_us if at_us is not None and at_us <= device.now_us else None


def _finish(device: Device, _now_us: int) -> None:
    for number in range(len(device.visits)):
        proof_us = _proof_us(device, number)
        if proof_us is not None:
            _unvisited(device, number, proof_us)
        device.timers.pop(f"{NAME}:{number}", None)


RULE = Rule(NAME, _PARAMETERS, on={PROOF: _signed, STOP_LEFT: _left, STOP_SERVED: _served}, wake=_waited, finish=_finish)
