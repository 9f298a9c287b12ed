"""What a single row is worth, before anything before it is looked at."""

from __future__ import annotations

from geofence.grading import (
    DEGRADED,
    FEW_SATELLITES,
    GOOD,
    HIGH_HDOP,
    INVALID_FLAG,
    NO_POSITION,
    NO_REASON,
    NULL_ISLAND,
    OUT_OF_RANGE,
    POOR_ACCURACY,
    REJECTED,
)
from geofence.kernels.compiler import inner_kernel
from geofence.kernels.telling import Record
from geofence.rows import MISSING_E7

_NULL_E7 = 100
_HALF_TURN_E7 = 1_800_000_000
_POLE_E7 = 900_000_000


@inner_kernel
def flag(flags: int, bit: int) -> int:
    """0 unknown, 1 false, 2 true."""
    if not (flags >> bit) & 1:
        return 0
    return 2 if (flags >> (bit + 8)) & 1 else 1


@inner_kernel
def grade(row: Record, p: Record) -> tuple[int, int]:
    """Grade and reason of a row by its own values."""
    lon, lat = row["longitude_e7"], row["latitude_e7"]
    if flag(row["flags"], 0) == 1:
        return REJECTED, INVALID_FLAG
    if MISSING_E7 in (lon, lat):
        return REJECTED, NO_POSITION
    if abs(lon) < _NULL_E7 and abs(lat) < _NULL_E7:
        return REJECTED, NULL_ISLAND
    if abs(lon) > _HALF_TURN_E7 or abs(lat) > _POLE_E7:
        return REJECTED, OUT_OF_RANGE
    if 0 <= row["satellites"] < p["fix_least_satellites"]:
        return DEGRADED, FEW_SATELLITES
    if row["hdop"] > p["fix_most_hdop"]:
        return DEGRADED, HIGH_HDOP
    if row["accuracy_m"] > p["fix_most_accuracy_m"]:
        return DEGRADED, POOR_ACCURACY
    return GOOD, NO_REASON


@inner_kernel
def says_nothing(row: Record) -> bool:
    """No position, and nothing else either."""
    silent = MISSING_E7 in (row["longitude_e7"], row["latitude_e7"]) and row["flags"] == 0 and row["alarms"] == 0
    numbers = row["speed_mps"] == row["speed_mps"] or row["odometer_m"] == row["odometer_m"]
    sensors = row["cargo_kg"] == row["cargo_kg"] or row["fuel_l"] == row["fuel_l"] or row["external_v"] == row["external_v"]
    return bool(silent and not numbers and not sensors)


@inner_kernel
def sigma_m(row: Record, p: Record) -> float:
    """max(accuracy, 5 * HDOP, 10) metres of what is known."""
    widest = float(p["sigma_least_m"])
    if row["accuracy_m"] > widest:
        widest = float(row["accuracy_m"])
    if p["sigma_hdop_m"] * row["hdop"] > widest:
        widest = float(p["sigma_hdop_m"] * row["hdop"])
    return widest
