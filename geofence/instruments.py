"""Another tracker tells of a vehicle from a moment on: places go on, but what the old one's sensors said is no measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from geofence.rows import Rows

_UNKNOWN: Final = (
    *("ig", "ig_told", "ig_slept", "ig_awake_us", "tw_on", "tw_n"),
    *("dr_state", "dr_raw", "dr_told", "dr_closed", "al_bits", "ol_odd_n"),
    *("cg_n", "fu_n", "fu_i", "fu_lost", "fu_low_us", "drv_rolls"),
)
_NOT_A_NUMBER: Final = (
    *("pv_odo", "odo_m", "ol_m", "acc_odo", "sp_odo", "sd_odo", "gp_odo", "gp_from", "st_odo", "drv_odo", "by_odo"),
    *("fu_ref", "fu_last", "fu_drop"),
)

Changes = Mapping[int, Sequence[int]]
"""By device, the moments in order from which on another tracker tells of its vehicle."""


def forget_instruments(state: Any) -> None:
    """Make unknown, in a row of STATE, what ignition, door, odometer, scales and tank of the old tracker said."""
    for name in _UNKNOWN:
        state[name] = 0
    for name in _NOT_A_NUMBER:
        state[name] = np.nan


def parts(rows: Rows, changes: Changes) -> Iterator[tuple[Rows, dict[int, int]]]:
    """Ordered rows in parts that hold no device's rows from both sides of a change, and the changes before each, by device.

    Rows of devices that do not change are in the first part. A change before a device's first row may be known to its state.
    """
    turn = np.zeros(len(rows), np.int64)
    before: dict[int, dict[int, int]] = {}
    for device in np.intersect1d(rows["device"], list(changes)).tolist() if changes else ():
        first, last = np.searchsorted(rows["device"], [device, device + 1])
        passed = np.searchsorted(np.array(changes[device], np.int64), rows["fix_time_us"][first:last], side="right")
        begins = np.flatnonzero(np.diff(passed, prepend=0))
        turn[first:last] = np.searchsorted(begins, np.arange(last - first), side="right")
        for number, begin in enumerate(begins.tolist(), 1):
            before.setdefault(number, {})[device] = changes[device][passed[begin] - 1]
    for number in range(int(turn.max(initial=0)) + 1):
        yield rows[turn == number] if before else rows, before.get(number, {})
