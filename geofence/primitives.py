"""Parameters of the primitives that every rule stands on."""

from __future__ import annotations

from typing import Final

from geofence.parameters import Parameter


def _kernel(name: str, default: float, unit: str, low: float, high: float, explanation: str) -> Parameter:
    return Parameter(name, default, unit, low, high, explanation, in_kernel=True)


PRIMITIVES: Final = (
    _kernel("fix.top_speed_mps", 150 / 3.6, "m/s", 10, 400, "A fix that implies more than this from the last one jumped."),
    _kernel("fix.least_satellites", 4, "1", 0, 20, "With fewer satellites a fix is degraded."),
    _kernel("fix.most_hdop", 4, "1", 0.5, 50, "With a higher dilution of precision a fix is degraded."),
    _kernel("fix.most_accuracy_m", 75, "m", 5, 75, "With a wider accuracy radius a fix is degraded."),
    _kernel("sigma.least_m", 10, "m", 1, 100, "No fix is believed to be better than this."),
    _kernel("sigma.hdop_m", 5, "m", 1, 20, "Metres of uncertainty per unit of HDOP."),
    _kernel("stop.least_radius_m", 40, "m", 10, 200, "All fixes of a stop lie within this, or within sigmas, of its centre."),
    _kernel("stop.sigmas", 2, "1", 1, 5, "Fixes of a stop lie within so many sigma of its centre."),
    _kernel("stop.least_s", 90, "s", 30, 900, "A halt of this length is a stop."),
    _kernel("stop.leave_m", 20, "m", 5, 100, "A stop ends with two fixes this far beyond its radius."),
    _kernel("stop.leave_mps", 10 / 3.6, "m/s", 1, 10, "A stop ends with two fixes faster than this."),
    _kernel("stop.merge_s", 60, "s", 0, 600, "A stop left for less than this goes on."),
    _kernel("stop.merge_m", 50, "m", 10, 200, "A stop goes on only this near to its centre."),
    _kernel("stop.wait_s", 300, "s", 0, 3600, "Standing for less than this between creeps is waiting, engine on."),
    _kernel("stop.creeps", 2, "1", 1, 50, "A stop with so many of these is a queue, and no halt."),
    _kernel("stop.hold_m", 150, "m", 50, 1000, "With the ignition off, drift up to this is not believed."),
    _kernel("zone.enter_fixes", 2, "1", 1, 10, "So many fixes inside are an entry."),
    _kernel("zone.enter_s", 20, "s", 0, 600, "Or this long inside."),
    _kernel("zone.slow_mps", 5 / 3.6, "m/s", 0, 10, "Slower than this, one fix inside is an entry."),
    _kernel("zone.exit_m", 20, "m", 0, 200, "An exit needs the distance less sigma to be more than this, and more than sigma."),
    _kernel("zone.exit_fixes", 2, "1", 1, 10, "So many fixes outside are an exit."),
    _kernel("zone.exit_s", 30, "s", 0, 600, "And this long outside."),
    _kernel("zone.cross_m", 40, "m", 0, 1000, "A way between two fixes longer than this is tested against zones it may cross."),
    _kernel("stand.least_s", 40, "s", 10, 600, "Wheels that stand for this long are a stand, whatever the fixes are worth."),
    _kernel("stand.move_m", 15, "m", 2, 500, "A stand ends when the odometer has gained this much."),
    _kernel("gap.least_s", 120, "s", 30, 3600, "A longer pause between good fixes is a gap in the data."),
    _kernel("gap.intervals", 3, "1", 1, 20, "But not while shorter than so many reporting intervals."),
    _kernel("trip.away_m", 100, "m", 10, 2000, "The van has left the depot when it is this far outside it."),
    _kernel("trip.done_share", 0.8, "1", 0.1, 1, "Back at the depot with this share of the route driven, the trip is over."),
    Parameter("trip.lead_s", 1800, "s", 0, 14_400, "A trip may begin this long before its planned start."),
    Parameter("trip.overrun_s", 7200, "s", 0, 43_200, "A trip is over this long after its planned end, unless the van is out,"),
    Parameter("trip.longest_s", 28_800, "s", 0, 86_400, "and this long after it in any case."),
    _kernel("visit.approach_m", 500, "m", 50, 5000, "This near to its boundary a stop is being approached."),
    _kernel(
        "visit.passed_m", 1000, "m", 100, 20_000, "A stop this far behind along the route, unvisited, is suspected missed."
    ),
    Parameter("visit.least_s", 45, "s", 10, 600, "The shortest halt that can serve a stop."),
    Parameter("visit.service_share", 0.3, "1", 0, 1, "A halt serves a stop after this share of the service planned."),
    Parameter("visit.most_s", 120, "s", 30, 3600, "No stop needs a longer halt than this to count as served."),
    Parameter("visit.base_s", 60, "s", 0, 3600, "Service expected at a stop whose plan does not say, before its cases."),
    Parameter("visit.case_s", 4, "s", 0, 60, "Service expected per case."),
    _kernel("route.width_m", 200, "m", 20, 2000, "Half the width of the corridor of a route that has none of its own."),
    _kernel("route.back_m", 200, "m", 0, 2000, "Progress may fall back this far."),
    _kernel("route.forward", 1.5, "1", 1, 5, "Progress may grow by so many times the distance driven,"),
    _kernel("route.forward_m", 300, "m", 50, 5000, "and by this much."),
    _kernel("route.again_fixes", 3, "1", 1, 20, "Elsewhere on the route, so many fixes move the progress there,"),
    _kernel("route.again_s", 60, "s", 0, 600, "when they last this long."),
    _kernel("traffic.cell_m", 200, "m", 50, 2000, "A van that has not left this much of the road"),
    _kernel("traffic.slow_s", 120, "s", 30, 3600, "for this long, outside every allowed place, does not get on."),
    _kernel("route.tell_m", 2000, "m", 200, 20_000, "Arrivals are estimated anew after so much progress."),
    _kernel("door.least_s", 3, "s", 0, 60, "A door's change is believed after this long."),
    _kernel("cargo.window_s", 60, "s", 10, 300, "The load is the median of what it weighed this long at the end of a stand."),
    _kernel("fuel.steady_s", 10, "s", 0, 900, "The tank is read when the ignition has not changed for this long."),
    _kernel("fuel.tank_l", 60, "l", 5, 1000, "Content of the tank."),
    _kernel("local.by_longitude", 1, "1", 0, 1, "1: the night is told by longitude, to half an hour. 0: by local.offset_min."),
    _kernel("local.offset_min", 330, "min", -720, 840, "Minutes that local time is ahead of UTC."),
    Parameter(
        "alarm.cool_down_s", 900, "s", 0, 86_400, "The same rule at the same place of the same trip is quiet for this long."
    ),
)
