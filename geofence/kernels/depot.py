"""Away from the depot, and back in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofence.facts import HOME, OUT, TRIP_OFF
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.ground import is_within
from geofence.kernels.telling import Fix, Record, Teller, tell
from geofence.state import BIT_PASSED, BIT_SERVED


@inner_kernel
def at_depot(s: Record, p: Record, fix: Fix, trip: Record, out: Teller) -> bool:
    """Whether the fix is within the depot; what is far enough outside it has been away, and is out until it is home."""
    if trip["depot_m"] <= 0.0:
        return False
    away_m = trip["depot_m"] + max(float(p["trip_away_m"]), 2.0 * fix.sigma)
    if fix.good and not is_within(trip["depot_lon"], trip["depot_lat"], fix.lon, fix.lat, away_m):
        if not s["away"] or s["home"]:
            tell(out, OUT, fix.t, s["trip"], fix.lon, fix.lat, 0.0, s["driven_m"], s["rt_s"], 0.0)
        s["away"], s["home"] = 1, 0
    return is_within(trip["depot_lon"], trip["depot_lat"], fix.lon, fix.lat, trip["depot_m"] + fix.sigma)


@inner_kernel
def come_back(s: Record, p: Record, trip: Record, in_depot: bool, fix: Fix, visits: NDArray[np.void], out: Teller) -> None:
    """Standing in the depot again ends the trip when nothing is left to serve, or its time has come.

    Else the round may look driven and yet go on, as after a second loading: that it is home is told, and may be revised.
    """
    if not (fix.good and in_depot and s["away"] and s["still"]) or (s["st_phase"] != 1 and s["ig"] != 1):
        return
    if fix.t >= trip["planned_end_us"] or _have_all(visits, BIT_SERVED):
        s["over"] = 1
        tell(out, TRIP_OFF, fix.t, s["trip"], fix.lon, fix.lat, 1.0, s["driven_m"], s["rt_s"], 0.0)
        return
    driven = s["rt_known"] and s["rt_s"] >= p["trip_done_share"] * trip["length_m"]
    if not s["home"] and (driven or _have_all(visits, BIT_SERVED | BIT_PASSED)):
        s["home"] = 1
        tell(out, HOME, fix.t, s["trip"], fix.lon, fix.lat, 0.0, s["driven_m"], s["rt_s"], 0.0)


@inner_kernel
def _have_all(visits: NDArray[np.void], bits: int) -> bool:
    for k in range(len(visits)):
        if not visits[k]["bits"] & bits:
            return False
    return True
