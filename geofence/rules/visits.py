"""The life of a planned stop: pending, approaching, arrived, serviced, or driven by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.rules.gaps import note_way, see_first, take_gap
from geofence.rules.leaving import doubt_again, leave
from geofence.rules.served import is_unserved, number_stops
from geofence.rules.serving import begin_stand, end_stand, sign
from geofence.rules.standing import NAME
from geofence.visit_states import BROKEN_DOWN, CODE, CROSSED, OPEN_STATES, SERVED_STATES, SHARED, SHORT, SHUT, TOO_LATE

if TYPE_CHECKING:
    from geofence.tracking import Device

_PENDING: Final = CODE[VisitState.pending]
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


def _signed(device: Device, fact: Fact) -> None:
    sign(device, fact)
    if device.plan is not None:
        doubt_again(device, fact.decided_us)


def _near(device: Device, fact: Fact) -> None:
    if device.plan is None:
        return
    state = device.visit.state
    if state.item(fact.place) == _PENDING and OPEN_STATES.isdisjoint(state[: fact.place].tolist()):
        device.set_visit(fact.place, VisitState.approaching)


def _arrived(device: Device, fact: Fact) -> None:
    if device.plan is None or not is_unserved(device, fact.place):
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
    visit.went_ms[k] = -1
    visit.risk_s[k], visit.marks[k] = -1, visit.marks.item(k) & ~(TOO_LATE | BROKEN_DOWN | SHUT | SHORT)
    device.set_visit(k, VisitState.serviced, _confidence(device, fact))
    number_stops(device)


def _confidence(device: Device, fact: Fact) -> float:
    """High in the middle of the circle and with a halt as long as the service planned."""
    stop, k = device.planned.stop, fact.place
    place = min(1.0, stop.radius_m.item(k) / max(fact.b + 0.5 * fact.d, 1.0))
    length = min(1.0, fact.a / max(0.5 * stop.service_s.item(k), 1.0))
    return 0.5 + 0.3 * place + 0.2 * length


def _opened(device: Device, fact: Fact) -> None:
    known = device.memory.setdefault(NAME, {})
    known["opened"], known["doors"] = fact.time_us, known.get("doors", 0) + 1


def _shut(device: Device, fact: Fact) -> None:
    device.memory.setdefault(NAME, {})["shut"] = fact.time_us


def _crossed(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        device.mark(fact.place, CROSSED)


def _shared(device: Device, fact: Fact) -> None:
    if device.plan is not None:
        device.mark(fact.place, SHARED)


def _begin(device: Device, _now_us: int) -> None:
    for k in range(len(device.visits)):
        device.show(k)


RULE = Rule(
    NAME,
    _PARAMETERS,
    on={
        TRIP_ON: see_first,
        STAND_ON: begin_stand,
        STAND_OFF: end_stand,
        PROOF: _signed,
        DOOR_ON: _opened,
        DOOR_OFF: _shut,
        STOP_NEAR: _near,
        STOP_ARRIVED: _arrived,
        STOP_SERVED: _served,
        STOP_LEFT: leave,
        STOP_CROSSED: _crossed,
        STOP_SHARED: _shared,
        GAP_WAY: note_way,
        GAP: take_gap,
    },
    begin=_begin,
)
