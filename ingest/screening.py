"""How far a reading can be trusted by itself alone: pure functions over columns. What needs its neighbours is the engine's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.grades import Grade, GradeReason
from store.telemetry import MISSING_INT4

Mask = NDArray[np.bool_]
_HALF_TURN_E7: Final = 1_800_000_000
_GPS_WEEK_ROLLOVER_US: Final = 1024 * 7 * 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Screening:
    """What is believed of a reading; defaults as in the rule book."""

    max_ahead_s: float = 120.0  # a fix later than its receipt by more is a wrong clock
    max_age_s: float = 30 * 86_400.0  # no buffer is older
    min_satellites: int = 4
    max_hdop: float = 4.0
    max_accuracy_m: float = 75.0


def grade_positions(rows: NDArray[Any], retained_now: Mask, inactive: Mask, screening: Screening) -> None:
    """Set `grade` and `grade_reason` of `rows` (dtype store.telemetry.POSITION) in place.

    `retained_now` marks retained messages without a time of their own, `inactive` readings of disabled devices. The gravest
    finding wins; among equals the one named last here.
    """
    longitude, latitude = rows["longitude_e7"], rows["latitude_e7"]
    with np.errstate(invalid="ignore"):
        _mark(rows, rows["accuracy_m"] > screening.max_accuracy_m, Grade.degraded, GradeReason.poor_accuracy)
        _mark(rows, rows["hdop"] > screening.max_hdop, Grade.degraded, GradeReason.high_hdop)
    few = (rows["satellites"] >= 0) & (rows["satellites"] < screening.min_satellites)
    _mark(rows, few, Grade.degraded, GradeReason.few_satellites)
    beyond = (np.abs(longitude.astype(np.int64)) > _HALF_TURN_E7) | (np.abs(latitude.astype(np.int64)) > _HALF_TURN_E7 // 2)
    _mark(rows, beyond, Grade.rejected, GradeReason.position_out_of_range)
    _mark(rows, (longitude == 0) & (latitude == 0), Grade.rejected, GradeReason.null_island)
    _mark(rows, (longitude == MISSING_INT4) | (latitude == MISSING_INT4), Grade.rejected, GradeReason.no_position)
    _mark(rows, rows["fix_valid"] == 0, Grade.rejected, GradeReason.fix_invalid)
    grade_times(rows, "fix_time", retained_now, inactive, screening)


def grade_times(rows: NDArray[Any], time: str, retained_now: Mask, inactive: Mask, screening: Screening) -> None:
    """Quarantine readings of any kind whose time cannot be, or whose device is disabled; in place."""
    ahead_us = (rows[time] - rows["received_at"]).astype(np.int64)
    max_ahead_us, max_age_us = round(screening.max_ahead_s * 1e6), round(screening.max_age_s * 1e6)
    _mark(rows, ahead_us < -max_age_us, Grade.quarantined, GradeReason.clock_behind)
    shifted_us = ahead_us + _GPS_WEEK_ROLLOVER_US
    rolled_over = (shifted_us >= -max_age_us) & (shifted_us <= max_ahead_us)
    _mark(rows, rolled_over, Grade.quarantined, GradeReason.week_rollover)
    _mark(rows, ahead_us > max_ahead_us, Grade.quarantined, GradeReason.clock_ahead)
    _mark(rows, retained_now, Grade.quarantined, GradeReason.no_time)
    _mark(rows, inactive, Grade.quarantined, GradeReason.device_disabled)


def _mark(rows: NDArray[Any], found: Mask, grade: Grade, reason: GradeReason) -> None:
    rows["grade_reason"][found] = reason
    rows["grade"][found] = grade
