"""Stops served in another order than planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events import Severity, VisitState
from geofence.facts import STOP_LEFT, STOP_SERVED, Fact
from geofence.parameters import Parameter
from geofence.rule import Rule
from geofence.visit_states import CODE

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "out_of_sequence"
_OUTSIDE = CODE[VisitState.out_of_sequence]
_PARAMETERS = (
    Parameter(f"{NAME}.least_stops", 2, "1", 1, 50, "So many stops outside the planned order are told,"),
    Parameter(f"{NAME}.share", 0.2, "1", 0, 1, "or more than this share of the trip's stops."),
    Parameter(f"{NAME}.low_share", 0.3, "1", 0, 1, "More than this share makes it of low severity instead of information."),
)


def _served(device: Device, fact: Fact) -> None:
    plan = device.plan
    if plan is None:
        return
    states = device.states()
    if _OUTSIDE not in states:
        device.withdraw(NAME, "", "in_order")
        return
    outside = [k for k, state in enumerate(states) if state == _OUTSIDE]
    share = len(outside) / len(device.visits)
    if len(outside) < device.values[f"{NAME}.least_stops"] and share <= device.values[f"{NAME}.share"]:
        device.withdraw(NAME, "", "in_order")
        return
    severity = Severity.low if share > device.values[f"{NAME}.low_share"] else Severity.info
    names = [plan.trip.stops[k].stop_id for k in outside]
    device.open(NAME, "", fact.time_us, severity, confidence=0.9)
    device.change(NAME, "", severity, stop_ids=names, share=share)


def _left(device: Device, fact: Fact) -> None:
    """What was taken for a service out of order may have been a wait."""
    if f"{NAME}|" in device.episodes:
        _served(device, fact)


RULE = Rule(NAME, _PARAMETERS, on={STOP_SERVED: _served, STOP_LEFT: _left})
