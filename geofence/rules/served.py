"""Which planned stops are served, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.events import VisitState
from geofence.kernels.sequence import came_between, number_served
from geofence.rules.gaps import LEEWAY_US
from geofence.visit_states import CODE, OPEN_STATES, SERVED_STATES

if TYPE_CHECKING:
    from geofence.tracking import Device

_IN_ORDER, _OUT_OF_SEQUENCE = CODE[VisitState.serviced], CODE[VisitState.out_of_sequence]
_SERVED: Final = sum(1 << code for code in SERVED_STATES)
UNSERVED: Final = OPEN_STATES | {CODE[state] for state in (VisitState.missed, VisitState.no_data, VisitState.probable)}
"""States of a stop that a visit may still change, late as it may be."""


def is_unserved(device: Device, number: int) -> bool:
    """Whether a visit may still be taken to serve a stop."""
    return device.visit.state.item(number) in UNSERVED


def served_within(device: Device, since_us: int, until_us: int) -> list[int]:
    """The stops whose service began within a span."""
    low, high = device.ms(since_us - LEEWAY_US), device.ms(until_us)
    first, end = came_between(device.visits, _SERVED, low, high)
    came, state = device.visit.came_ms, device.visit.state
    return [k for k in range(first, end) if low <= came.item(k) <= high and state.item(k) in SERVED_STATES]


def number_stops(device: Device) -> None:
    """Number the stops served by their arrivals; those outside the longest increasing subsequence of the plan are out of it."""
    changed = np.empty(len(device.visits), np.int64)
    count = number_served(device.visits, _IN_ORDER, _OUT_OF_SEQUENCE, changed)
    for k in changed[:count].tolist():
        if k >= 0:
            device.set_visit(k, VisitState.serviced)
        else:
            device.set_visit(-1 - k, VisitState.out_of_sequence)
