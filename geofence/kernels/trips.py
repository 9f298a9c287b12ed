"""Which trip a device is on, and the parameters that hold for it."""

from __future__ import annotations

import numpy as np

from geofence.facts import TRIP_OFF, TRIP_ON
from geofence.kernels.compiler import inlined, inner_kernel
from geofence.kernels.layout import Memory, Plans
from geofence.kernels.telling import Record, Teller, tell

_NEVER_US = -(2**62)


@inlined
def choose_trip(s: Record, memory: Memory, plans: Plans, slot: int, t: int, out: Teller) -> None:
    """The last trip that has begun, until its time is over."""
    k = s["trip"]
    following = plans.first_trip[slot] if k < 0 else k + 1
    if k >= 0 and not s["over"] and t >= _end_us(s, plans.trips[k]):
        s["over"] = 2
        tell(out, TRIP_OFF, _end_us(s, plans.trips[k]), k, s["acc_lon"], s["acc_lat"], 0.0, s["driven_m"], s["rt_s"], 0.0)
    while following < plans.first_trip[slot + 1] and plans.trips[following]["begin_us"] <= t:
        s["trip"] = following
        following += 1
    if s["trip"] != k:
        _begin_trip(s, memory, plans, slot, t, out)


@inner_kernel
def _end_us(s: Record, trip: Record) -> int:
    """When its time is over: later while the van is out."""
    return int(trip["longest_us"] if s["away"] and not s["home"] else trip["end_us"])


@inner_kernel
def _begin_trip(s: Record, memory: Memory, plans: Plans, slot: int, t: int, out: Teller) -> None:
    trip = plans.trips[s["trip"]]
    s["away"], s["home"], s["mark"] = 0, 0, 0
    s["over"] = 2 if t >= trip["end_us"] else 0
    s["rt_known"], s["rt_seg"], s["rt_s"], s["rt_max"], s["rt_told"], s["rt_lost_n"] = 0, 0, 0.0, 0.0, 0.0, 0
    s["rt_drv"] = s["driven_m"]
    s["off_n"], s["off_on"], s["off_far"], s["sl_us"] = 0, 0, 0, 0
    base = plans.first_visit[slot]
    for k in range(trip["stops"]):
        visit = memory.visits[base + k]
        visit["bits"], visit["n"], visit["closest_m"] = 0, 0, np.inf
        visit["entered_ms"], visit["arrived_ms"], visit["stood_ms"] = -1, -1, -1
    unseen = 1.0 if s["acc_us"] == _NEVER_US else 0.0
    tell(out, TRIP_ON, trip["begin_us"], s["trip"], s["acc_lon"], s["acc_lat"], s["driven_m"], unseen, 0.0, 0.0)


@inlined
def tuning(s: Record, plans: Plans, slot: int, at_us: int) -> Record:
    """The parameters of the trip, or else of the device, as they were at a moment."""
    scope = plans.trips[s["trip"]]["tuning"] if s["trip"] >= 0 else plans.slot_tuning[slot]
    versions = len(plans.tuning_from)
    version = 0
    while version + 1 < versions and plans.tuning_from[version + 1] <= at_us:
        version += 1
    return plans.tunings[scope * versions + version]


@inner_kernel
def is_on_trip(s: Record) -> bool:
    """Whether a trip goes on."""
    return bool(s["trip"] >= 0 and not s["over"])
