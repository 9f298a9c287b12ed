"""Rows of tracks as one numpy record each, before they become messages or text."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FIX: Final = np.dtype(
    [
        ("device", "i4"),  # index into the simulation's devices
        ("fix_us", "i8"),  # Unix microseconds, by the device's clock
        ("received_us", "i8"),
        ("longitude_e7", "i4"),
        ("latitude_e7", "i4"),
        ("speed_mps", "f8"),  # NaN: not reported, in every float column
        ("course_deg", "f8"),
        ("accuracy_m", "f8"),
        ("hdop", "f8"),
        ("satellites", "i2"),
        ("fix_valid", "i1"),  # -1 not reported, 0 false, 1 true, in every flag
        ("ignition", "i1"),
        ("door_open", "i1"),
        ("buffered", "i1"),
        ("cargo_kg", "f8"),
        ("fuel_l", "f8"),
        ("odometer_m", "f8"),
        ("external_v", "f8"),
        ("alarms", "u4"),  # bits in the order of ALARM_NAMES
        ("boot_id", "i8"),
        ("seq", "i8"),
    ]
)
"""The columns of a row of track; a row with no fix has longitude and latitude `NO_PLACE`."""

NO_PLACE: Final = -(2**31)

ALARM_NAMES: Final = (
    "sos",
    "tow",
    "jamming",
    "power_cut",
    "power_restored",
    "low_battery",
    "tamper",
    "crash",
    "harsh_acceleration",
    "harsh_braking",
    "harsh_cornering",
    "gps_antenna_cut",
)

Fixes = NDArray[np.void]


def alarm_bits(*names: str) -> int:
    """The bits of alarms by name."""
    return sum(1 << ALARM_NAMES.index(name) for name in names)


def alarm_names(bits: int) -> tuple[str, ...]:
    """The names of set bits, in the order of ALARM_NAMES."""
    return tuple(name for index, name in enumerate(ALARM_NAMES) if bits >> index & 1)
