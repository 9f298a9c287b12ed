"""Codes of what a fix is worth, and the clock test that comes before any judgement."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.misdated import shifts
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


def heard_rows(rows: Rows) -> Rows:
    """Rows with a broken clock as rows that say nothing but that the device spoke, at the time of their receipt, each once.

    Those of clocks that are ahead or at their epoch; of others that are behind nobody knows when they were made.
    """
    reasons = clock_reason(rows)
    broken = in_order(rows[(reasons == CLOCK_AHEAD) | ((reasons == TOO_OLD) & (rows["fix_time_us"] < EPOCHS_US))])
    return _spoken(broken, broken["received_at_us"])


def put_right(rows: Rows) -> Rows:
    """Rows in order, those that a wrong clock has put among others as rows that say nothing but that the device spoke, at about
    the time at which they were made."""
    off_us = shifts(rows)
    wrong = off_us != 0
    if not wrong.any():
        return rows
    heard = _spoken(rows[wrong], rows["fix_time_us"][wrong] - off_us[wrong])
    return in_order(np.concatenate((rows[~wrong], heard)))


def _spoken(rows: Rows, at_us: NDArray[np.int64]) -> Rows:
    heard = np.zeros(len(rows), ROW)
    for name in ROW.names or ():
        if ROW[name].kind == "f":
            heard[name] = np.nan
    heard["longitude_e7"] = heard["latitude_e7"] = MISSING_E7
    heard["satellites"] = -1
    heard["device"], heard["seq"] = rows["device"], rows["seq"]
    heard["fix_time_us"] = heard["received_at_us"] = at_us
    return heard
