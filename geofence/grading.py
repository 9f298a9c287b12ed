"""Codes of what a fix is worth, and the clock test that comes before any judgement."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.misdated import FURTHEST_US, LATE_US, carried, shifts
from geofence.rows import MISSING_E7, MISSING_US, ROW, Rows, in_order

GOOD, DEGRADED, REJECTED, SUSPECT = 0, 1, 2, 3
"""Grades. A suspect fix jumped and waits for up to three successors; a rejected one is kept but never moves state."""
GRADES: Final = ("good", "degraded", "rejected", "suspect")

REASONS: Final = (
    "",
    "invalid_flag",
    "null_island",
    "out_of_range",
    "no_position",
    "implied_speed",
    "few_satellites",
    "high_hdop",
    "poor_accuracy",
    "clock_ahead",
    "too_old",
    "odometer",
)
"""Why a fix is not good; a reason's code is its place here."""
(
    NO_REASON,
    INVALID_FLAG,
    NULL_ISLAND,
    OUT_OF_RANGE,
    NO_POSITION,
    IMPLIED_SPEED,
    FEW_SATELLITES,
    HIGH_HDOP,
    POOR_ACCURACY,
    CLOCK_AHEAD,
    TOO_OLD,
    ODOMETER,
) = range(12)

AHEAD_US: Final = 120 * 1_000_000
OLD_US: Final = 30 * 86_400 * 1_000_000
EPOCHS_US: Final = 1_420_070_400_000_000
"""2015: clocks that begin anew show a time before this (1970, 1980, 2000; 2006 when GPS weeks have rolled over)."""


def clock_reason(rows: Rows) -> NDArray[np.int8]:
    """Shape (n,) of ROW -> (n,) reason codes: CLOCK_AHEAD when the fix is more than 120 s later than its receipt, TOO_OLD when
    more than 30 days earlier, else NO_REASON. Rows of unknown receipt pass."""
    ahead_us = rows["fix_time_us"] - rows["received_at_us"]
    known = rows["received_at_us"] != MISSING_US
    return np.where(
        known & (ahead_us > AHEAD_US), CLOCK_AHEAD, np.where(known & (ahead_us < -OLD_US), TOO_OLD, NO_REASON)
    ).astype(np.int8)


def is_heard(rows: Rows) -> NDArray[np.bool_]:
    """Shape (n,) -> (n,): whose clock is ahead or at its epoch, so that nothing is known but that the device spoke when the row
    was received. Of others that are behind nobody knows when they were made."""
    reasons = clock_reason(rows)
    heard: NDArray[np.bool_] = (reasons == CLOCK_AHEAD) | ((reasons == TOO_OLD) & (rows["fix_time_us"] < EPOCHS_US))
    return heard


def moments_us(rows: Rows) -> NDArray[np.int64]:
    """Shape (n,) -> (n,): when a row counts, which is its receipt where it `is_heard`, and its fix elsewhere."""
    return np.where(is_heard(rows), rows["received_at_us"], rows["fix_time_us"])


def heard_rows(rows: Rows) -> Rows:
    """Rows that are heard as rows that say nothing else, at the time of their receipt, each once."""
    broken = in_order(rows[is_heard(rows)])
    return spoken_rows(broken, broken["received_at_us"])


def believed_rows(rows: Rows) -> Rows:
    """Rows in order with those that are heard as such, in order."""
    heard = is_heard(rows)
    return in_order(np.concatenate((rows[~heard], heard_rows(rows[heard])))) if heard.any() else rows


def is_datable(rows: Rows) -> NDArray[np.bool_]:
    """Shape (n,) -> (n,): of which others may tell by how much their time is wrong; not of those seen to be off by an hour."""
    ahead_us = rows["fix_time_us"] - rows["received_at_us"]
    datable: NDArray[np.bool_] = ~is_heard(rows) | ((ahead_us > 0) & (ahead_us <= FURTHEST_US))
    return datable


def in_their_time(rows: Rows) -> Rows:
    """Rows in order, each once, none too old to be believed -> those with a believable clock, and that the others spoke, in
    order and each once: at about the time at which they were made, if others tell that, and else when they were received."""
    off_us = carried(rows)
    asked = is_datable(rows) & (off_us == 0)
    off_us[asked] = shifts(rows[asked])
    made_us = rows["fix_time_us"] - off_us
    at_once = is_heard(rows) & (rows["received_at_us"] - made_us <= LATE_US)
    wrong = (off_us != 0) & ~at_once
    if not wrong.any():
        return believed_rows(rows)
    return in_order(np.concatenate((believed_rows(rows[~wrong]), spoken_rows(rows[wrong], made_us[wrong]))))


def spoken_rows(rows: Rows, at_us: NDArray[np.int64]) -> Rows:
    """Rows that say nothing but that their devices spoke at these moments, shape (n,)."""
    heard = np.zeros(len(rows), ROW)
    for name in ROW.names or ():
        if ROW[name].kind == "f":
            heard[name] = np.nan
    heard["longitude_e7"] = heard["latitude_e7"] = MISSING_E7
    heard["satellites"] = -1
    heard["device"], heard["seq"] = rows["device"], rows["seq"]
    heard["fix_time_us"] = heard["received_at_us"] = at_us
    return heard
