"""What kernels tell rules: sparse facts, each about one device and decided by one row."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

FACT: Final = np.dtype(
    [
        ("kind", "<i4"),
        ("slot", "<i4"),
        ("decided_us", "<i8"),  # fix time of the row that decided
        ("time_us", "<i8"),  # what the fact is about, such as the beginning of a stop
        ("place", "<i4"),  # a zone, a stop's number in its trip, or a code; see the kinds
        ("longitude_e7", "<i4"),
        ("latitude_e7", "<i4"),
        ("a", "<f8"),
        ("b", "<f8"),
        ("c", "<f8"),
        ("d", "<f8"),
    ]
)


class Fact(NamedTuple):
    """A row of FACT as plain Python values."""

    kind: int
    slot: int
    decided_us: int
    time_us: int
    place: int
    longitude_e7: int
    latitude_e7: int
    a: float
    b: float
    c: float
    d: float


KINDS: Final = (
    "none",
    "trip_on",  # place: trip; a: metres driven so far; b: 1 when it never was seen before
    "trip_off",  # place: trip; a: 1 back at the depot, 0 its time is over
    "gap",  # time: last good fix; at: its place; place: 1 slept, ignition off; a, b: the next lon, lat; c, d: progress m
    "silence",  # time: last word; place: 1 known; a: next (us) or NaN; b: metres by then; c: 1 ignition off; d: 1 off route
    "stay_on",  # time: beginning; at: centroid; a: seconds stood; b: sigma; c: allowed place; d: red zone or -1
    "stay_held",  # likewise, at each of the durations asked for; place: 1 of a red zone, 2 of others, + 4 ignition was off
    "stay_off",  # time: beginning; a: end (us); place: allowed place
    "zone_on",  # place: zone; time: entry; a: signed distance
    "zone_off",  # place: zone; time: exit; a: entry (us)
    "zone_crossed",  # place: zone, passed between two fixes
    "stop_near",  # place: stop; a: metres from its boundary
    "stop_arrived",  # place: stop; time: arrival; a: metres from its centre
    "stop_served",  # place: stop; time: arrival; a: seconds stood; b: metres from its centre; c: metres driven so far
    "stop_shared",  # place: stop, whose neighbour the halt was given to
    "stop_dwells",  # place: stop; time: since it is served; a: seconds stood, longer than its limit; c: 1 in a place for that
    "stop_left",  # place: stop; time: arrival; a: departure (us); b: s stood; c: closest m; d: 1 served, else - s unseen
    "stop_passed",  # place: stop, now well behind along the route; a: metres past
    "stop_crossed",  # place: stop, passed between two fixes
    "off_route",  # time: first fix off; a: cross-track m; b: progress m; c: heading difference deg
    "off_route_far",  # time: first fix off; a: peak m, which has grown; b: seconds; c: 1 far off or for long
    "on_route",  # time: rejoined; a: first fix off (us); b: peak m; c: extra m; d: progress m
    "progress",  # a: metres along the route; b: metres driven
    "speed_on",  # time: first fix too fast; a: limit; b: peak m/s; place: zone of the limit or -1
    "speed_off",  # time: last fix too fast; a: limit; b: peak m/s; c: first fix (us)
    "harsh",  # a: m/s2; place: 0 computed, else alarm bit + 1
    "door_on",  # time: opened
    "door_held",  # time: opened; open for long enough to unload
    "door_off",  # time: closed; a: opened (us)
    "door_moving_on",  # time: first fix; a: m/s; b: opened (us)
    "door_moving_off",  # time: last fix; a: first (us)
    "power_on",  # external supply failed; a: volts
    "power_off",  # and is back
    "alarm",  # a: bits that are new
    "fix_lost",  # time: last accepted fix; a: odometer gained m
    "fix_back",  # time: now; a: lost since (us)
    "spoof_on",  # time: anchor; a: odometer gained m; b: spread m
    "spoof_off",
    "night_on",  # time: left; a: metres from where it rested
    "tow_on",  # time: left; a: metres from where ignition went off
    "moved_off",  # rests again
    "ignition_long",  # time: on since; on for long outside every trip
    "ignition_off",  # time: off; a: on since (us)
    "cargo_drop",  # told by its rule; time: since it stood; a: kg lost; b: before; c: after
    "fuel_drop",  # time: before; a: litres lost; b: before; c: after; d: allowed place
    "fuel_back",  # place: 0 the level is back, 1 the next stand confirms that it is gone; a: litres; b: before
    "proof",  # place: proof's number, of the trip or of that just over; at: the van; a: m of doubt by the time between fixes
    "home",  # stands in the depot again, the round driven, with stops left open; place: trip
    "stand_on",  # time: since wheels stand; at: median; place: allowed place; a: seconds; b: sigma; c: unseen s; d: driven m
    "stand_off",  # likewise; a: until (us)
    "cargo_level",  # time: since it stands; a: kg at first; b: kg at last; c: weighings that agree, -1 no place; d: until
    "gap_way",  # comes before its gap; a: m by odometer or NaN; b: s it can have stood; c: s without a row; d: m driven by then
    "slow",  # time: since when it has not got on, outside every allowed place; a: seconds
    "estimate",  # place: stop, whose estimated arrival has passed its window's end, or no longer; a: seconds after it
    "out",  # has left the depot; place: trip
    "stay_queued",  # time: its begin; place: how often it has crept on; it is a queue that it stands in
    "stop_waited",  # place: stop; time: since when it is served, having waited before it until then, and rolled on
)
"""Names of the kinds; a kind's code is its place here, and the constants below are the same."""

(
    NONE,
    TRIP_ON,
    TRIP_OFF,
    GAP,
    SILENCE,
    STAY_ON,
    STAY_HELD,
    STAY_OFF,
    ZONE_ON,
    ZONE_OFF,
    ZONE_CROSSED,
    STOP_NEAR,
    STOP_ARRIVED,
    STOP_SERVED,
    STOP_SHARED,
    STOP_DWELLS,
    STOP_LEFT,
    STOP_PASSED,
    STOP_CROSSED,
    OFF_ROUTE,
    OFF_ROUTE_FAR,
    ON_ROUTE,
    PROGRESS,
    SPEED_ON,
    SPEED_OFF,
    HARSH,
    DOOR_ON,
    DOOR_HELD,
    DOOR_OFF,
    DOOR_MOVING_ON,
    DOOR_MOVING_OFF,
    POWER_ON,
    POWER_OFF,
    ALARM,
    FIX_LOST,
    FIX_BACK,
    SPOOF_ON,
    SPOOF_OFF,
    NIGHT_ON,
    TOW_ON,
    MOVED_OFF,
    IGNITION_LONG,
    IGNITION_OFF,
    CARGO_DROP,
    FUEL_DROP,
    FUEL_BACK,
    PROOF,
    HOME,
    STAND_ON,
    STAND_OFF,
    CARGO_LEVEL,
    GAP_WAY,
    SLOW,
    ESTIMATE,
    OUT,
    STAY_QUEUED,
    STOP_WAITED,
) = range(57)

ALLOWED_NOWHERE: Final = -1
ALLOWED_DEPOT: Final = -2
ALLOWED_STOP: Final = -3  # minus the stop's number; zero and above is a zone
