"""While a breakdown is approved, the stops ahead are at risk; rules that hold back ask for it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geofence.rule import Rule
from geofence.suppressions import BREAKDOWN
from geofence.visit_states import BROKEN_DOWN

if TYPE_CHECKING:
    from geofence.tracking import Device

NAME = "breakdown"


def _turned(device: Device, now_us: int) -> None:
    """The trip begins, or a breakdown begins or ends."""
    if device.plan is None:
        return
    is_broken = device.held_until(BREAKDOWN, now_us) is not None
    for number in range(len(device.visits)):
        if is_broken and device.is_open(number):
            device.put_at_risk(number, BROKEN_DOWN)
        elif not is_broken and int(device.visits[number]["marks"]) & BROKEN_DOWN:
            device.end_risk(number, BROKEN_DOWN)
    device.await_breakdown()


RULE = Rule(NAME, wake=_turned, begin=_turned)
