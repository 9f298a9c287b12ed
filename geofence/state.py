"""What the kernels remember of a device: one row of STATE, three suspect rows, and one VISIT per planned stop."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.rows import ROW

ZONES_AT_ONCE: Final = 8
SUSPECTS: Final = 3
STAND_PLACES: Final = 8
STAND_WEIGHINGS: Final = 4
FUEL_SAMPLES: Final = 5

_FIELDS: Final[list[tuple[str, str] | tuple[str, str, int]]] = [
    # what was heard last, and the last fix that was believed, and the last good one
    ("last_us", "<i8"),
    ("interval_s", "<f4"),
    ("quiet", "<u1"),  # its silence was told already
    ("acc_us", "<i8"),
    ("acc_lon", "<i4"),
    ("acc_lat", "<i4"),
    ("acc_mps", "<f4"),
    ("acc_course", "<f4"),
    ("acc_speed_known", "<u1"),
    ("good_us", "<i8"),
    ("good_lon", "<i4"),
    ("good_lat", "<i4"),
    ("suspects", "<u1"),
    # metres driven, counted from the place counted last
    ("driven_m", "<f8"),
    ("drv_lon", "<i4"),
    ("drv_lat", "<i4"),
    ("drv_odo", "<f8"),
    ("drv_rolls", "<u1"),  # it agreed with the places last
    # the trip
    ("trip", "<i4"),
    ("away", "<u1"),  # has been away from the depot
    ("over", "<u1"),  # back at the depot for good
    ("home", "<u1"),  # back at the depot, with stops left open
    ("in_depot", "<u1"),
    ("mark", "<i4"),  # proofs passed
    # the stop that stands, or was left so lately that it may go on; and the candidate for the next
    ("st_phase", "<u1"),  # 0 none, 1 stands, 2 left
    ("st_out", "<u1"),
    ("st_level", "<u1"),
    ("st_n", "<i4"),
    ("st_lon", "<f8"),
    ("st_lat", "<f8"),
    ("st_start", "<i8"),
    ("st_last", "<i8"),
    ("st_allowed", "<i4"),
    ("st_odo", "<f8"),
    ("st_roll", "<f8"),  # the odometer when it crept on last, how often it did, and seconds watched since then
    ("st_rolls", "<u1"),
    ("st_part", "<f4"),
    ("st_parked", "<u1"),  # the engine was off
    ("cd_n", "<i4"),
    ("cd_lon", "<f8"),
    ("cd_lat", "<f8"),
    ("cd_start", "<i8"),
    ("cd_last", "<i8"),
    ("st_seen", "<f4"),  # seconds of the stop that were watched
    ("cd_seen", "<f4"),
    # at a stop: where it stands, and from when to when it stood where it was busy: with the engine off, or the door open
    ("by_odo", "<f8"),
    ("by_us", "<i8"),
    ("by_busy", "<u1"),
    ("by_first", "<i8"),
    ("by_last", "<i8"),
    ("ig_slept", "<u1"),  # the ignition was off when it last spoke
    ("still", "<u1"),  # this fix belongs to a halt
    # standing by speed and odometer; the row before; what may have happened since the last good fix
    ("pv_us", "<i8"),
    ("pv_odo", "<f8"),
    ("sd_on", "<u1"),
    ("sd_told", "<u1"),
    ("sd_slides", "<u1"),  # the wheels turn and the place does not follow
    ("sd_n", "<u1"),
    ("sd_since", "<i8"),
    ("sd_last", "<i8"),
    ("sd_odo", "<f8"),
    ("sd_before", "<f4"),  # s it may have stood there already, unheard
    ("sd_lon", "<i4", STAND_PLACES),
    ("sd_lat", "<i4", STAND_PLACES),
    ("sd_sigma", "<f4", STAND_PLACES),
    ("gp_may", "<f4"),
    ("gp_best", "<f4"),
    ("gp_odo", "<f8"),
    ("gp_from", "<f8"),  # the odometer where it began to stand, if it does
    ("gp_mute", "<f4"),  # the longest pause between rows since then
    # zones it is in, comes into or leaves
    ("zn_id", "<i4", ZONES_AT_ONCE),
    ("zn_phase", "<u1", ZONES_AT_ONCE),  # 0 free, 1 entering, 2 inside, 3 leaving
    ("zn_n", "<u1", ZONES_AT_ONCE),
    ("zn_since", "<i8", ZONES_AT_ONCE),
    ("zn_in", "<i8", ZONES_AT_ONCE),
    ("nearest_allowed", "<i4"),
    ("nearest_red", "<i4"),
    ("in_dead", "<u1"),
    ("zone_limit", "<f4"),
    ("limit_zone", "<i4"),
    # progress along the route
    ("rt_known", "<u1"),
    ("rt_seg", "<i4"),
    ("rt_s", "<f8"),
    ("rt_drv", "<f8"),
    ("rt_max", "<f8"),
    ("rt_told", "<f8"),
    ("rt_lost_n", "<u1"),
    ("rt_lost_us", "<i8"),
    ("off_n", "<u1"),
    ("off_us", "<i8"),
    ("off_drv", "<f8"),
    ("off_s", "<f8"),
    ("off_peak", "<f4"),
    ("off_was", "<f4"),  # metres off at the fix before, and metres driven by then
    ("off_was_drv", "<f8"),
    ("off_turned_s", "<f4"),
    ("off_on", "<u1"),
    ("off_far", "<u1"),
    ("off_told", "<f4"),  # the peak that was told last
    ("on_us", "<i8"),
    ("on_drv", "<f8"),
    # where it has not got on from lately
    ("sl_us", "<i8"),
    ("sl_lon", "<i4"),
    ("sl_lat", "<i4"),
    ("sl_told", "<u1"),
    # speed, doors, ignition, movement, supply
    ("os_n", "<u1"),
    ("os_on", "<u1"),
    ("os_us", "<i8"),
    ("os_last", "<i8"),
    ("os_peak", "<f4"),
    ("os_limit", "<f4"),
    ("hs_us", "<i8"),
    ("dr_state", "<u1"),  # 0 unknown, 1 closed, 2 open
    ("dr_raw", "<u1"),
    ("dr_raw_us", "<i8"),
    ("dr_us", "<i8"),
    ("dr_told", "<u1"),
    ("dr_closed", "<u1"),  # was seen closed once
    ("dm_on", "<u1"),
    ("dm_us", "<i8"),
    ("dm_last", "<i8"),
    ("dm_halts", "<u1"),  # since it drove last; and the seconds that it halted before
    ("dm_halted_s", "<f4"),
    ("ig", "<u1"),  # 0 unknown, 1 off, 2 on
    ("ig_us", "<i8"),
    ("ig_turn_us", "<i8"),  # when the ignition changed
    ("ig_heard_us", "<i8"),  # since when it is heard without a pause, ignition off
    ("ig_awake_us", "<i8"),  # the longest that it was
    ("ig_told", "<u1"),
    ("rs_known", "<u1"),
    ("rs_lon", "<i4"),
    ("rs_lat", "<i4"),
    ("mv_n", "<u1"),
    ("nm_on", "<u1"),
    ("tw_on", "<u1"),
    ("tw_n", "<u1"),
    ("tw_lon", "<i4"),
    ("tw_lat", "<i4"),
    ("pw_n", "<u1"),
    ("pw_on", "<u1"),
    ("pw_us", "<i8"),
    ("al_bits", "<u4"),
    # odometer against position
    ("odo_m", "<f8"),
    ("ol_m", "<f8"),  # the odometer as it goes on, when it was read last, and how often it was told otherwise since
    ("ol_us", "<i8"),
    ("ol_odd_n", "<u1"),
    ("acc_odo", "<f8"),
    ("fl_on", "<u1"),
    ("fl_moved", "<u1"),
    ("sp_lon", "<i4"),
    ("sp_lat", "<i4"),
    ("sp_odo", "<f8"),
    ("sp_us", "<i8"),
    ("sp_on", "<u1"),
    ("sp_spread", "<f4"),
    # levels
    ("cg_n", "<u1"),  # weighings of this stand
    ("cg_entry", "<f4"),  # the first of them
    ("cg_kg", "<f4", STAND_WEIGHINGS),
    ("cg_us", "<i8", STAND_WEIGHINGS),
    ("fu_n", "<i8"),
    ("fu_i", "<u1"),
    ("fu_l", "<f4", FUEL_SAMPLES),
    ("fu_lost", "<u1"),  # it may have stood elsewhere unheard, where anything may have gone
    ("fu_since", "<i8"),  # begin of the stand whose readings these are
    ("fu_last", "<f4"),  # the last of them
    ("fu_last_us", "<i8"),
    ("fu_ref", "<f4"),  # what to compare with
    ("fu_ref_us", "<i8"),
    ("fu_ref_drv", "<f8"),  # metres driven by then
    ("fu_low_us", "<i8"),  # since when it is too low
    ("fu_drop", "<f4"),  # the level before the drop told of this stand or the one before
    ("fu_drop_us", "<i8"),  # begin of the stand where it was told
    ("fu_drop_drv", "<f8"),
]
STATE: Final = np.dtype(_FIELDS)

VISIT: Final = np.dtype(
    [
        ("bits", "<u2"),  # kernel's; see the BIT constants
        ("n", "<u1"),
        ("closest_m", "<f4"),
        ("entered_ms", "<i4"),  # since the trip's begin, as all four
        ("arrived_ms", "<i4"),
        ("stood_ms", "<i4"),
        ("state", "<u1"),  # tracking's, from here on: geofence.tracking.STATES
        ("marks", "<u2"),
        ("confidence", "<u1"),  # percent
        ("served_n", "<i2"),  # 1 = served first, 0 = not
        ("came_ms", "<i4"),
        ("went_ms", "<i4"),
        ("dwell_s", "<f4"),
        ("away_m", "<f4"),
        ("risk_s", "<i4"),  # since the trip's begin; -1 = not at risk
        ("eta_min", "<u2"),  # estimated arrival, minutes since the trip's begin; 0 = none
    ]
)
BIT_NEAR, BIT_INSIDE, BIT_ARRIVED, BIT_SERVED, BIT_SHARED, BIT_PASSED, BIT_LONG, BIT_ENTERED, BIT_CROSSED = (
    1 << n for n in range(9)
)
NEVER_US: Final = -(2**62)


def fresh_states(count: int) -> NDArray[np.void]:
    """Shape (count,) of STATE that knows nothing."""
    states = np.zeros(count, STATE)
    for name in ("last_us", "acc_us", "good_us", "hs_us", "pv_us"):
        states[name] = NEVER_US
    for name in ("trip", "nearest_allowed", "nearest_red", "limit_zone", "zn_id", "st_allowed"):
        states[name] = -1
    for name in (
        "odo_m",
        "ol_m",
        "acc_odo",
        "sp_odo",
        "fu_last",
        "fu_ref",
        "fu_drop",
        "zone_limit",
        "acc_course",
        "pv_odo",
        "sd_odo",
        "gp_odo",
        "gp_from",
        "st_odo",
        "by_odo",
        "drv_odo",
    ):
        states[name] = np.nan
    return states


def fresh_visits(count: int) -> NDArray[np.void]:
    """Shape (count,) of VISIT, all pending."""
    visits = np.zeros(count, VISIT)
    visits["closest_m"] = np.inf
    visits["risk_s"] = -1
    for name in ("entered_ms", "arrived_ms", "stood_ms", "came_ms", "went_ms"):
        visits[name] = -1
    return visits


def fresh_suspects(count: int) -> NDArray[np.void]:
    """Shape (count, SUSPECTS) of ROW."""
    return np.zeros((count, SUSPECTS), ROW)
