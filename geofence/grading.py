"""Codes of what a fix is worth, and the clock test that comes before any judgement."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.rows import MISSING_US, Rows

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
) = range(11)

AHEAD_US: Final = 120 * 1_000_000
OLD_US: Final = 30 * 86_400 * 1_000_000


def clock_reason(rows: Rows) -> NDArray[np.int8]:
    """Shape (n,) of ROW -> (n,) reason codes: CLOCK_AHEAD when the fix is more than 120 s later than its receipt, TOO_OLD when
    more than 30 days earlier, else NO_REASON. Rows of unknown receipt pass."""
    ahead_us = rows["fix_time_us"] - rows["received_at_us"]
    known = rows["received_at_us"] != MISSING_US
    return np.where(
        known & (ahead_us > AHEAD_US), CLOCK_AHEAD, np.where(known & (ahead_us < -OLD_US), TOO_OLD, NO_REASON)
    ).astype(np.int8)
