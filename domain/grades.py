"""How far a reading can be trusted. Every reading is stored; its grade says what it may be used for."""

from __future__ import annotations

from enum import IntEnum


class Grade(IntEnum):
    """Best first. A rejected fix moves no state; a quarantined reading is not judged at all until somebody has looked."""

    good = 0
    degraded = 1
    rejected = 2
    quarantined = 3


class GradeReason(IntEnum):
    """Why a reading is not good. The numbers are stored: add, never renumber."""

    none = 0
    few_satellites = 1
    high_hdop = 2
    poor_accuracy = 3
    value_out_of_range = 4  # a secondary value was implausible and is kept as missing
    fix_invalid = 10  # the device says so
    null_island = 11  # (0, 0)
    position_out_of_range = 12
    no_position = 13
    clock_ahead = 20  # later than its receipt
    clock_behind = 21  # older than a buffer can be
    week_rollover = 22  # 1,024 weeks behind: the receiver's week counter has turned over
    no_time = 23  # a retained message without a time of its own says nothing about now
    device_disabled = 24
