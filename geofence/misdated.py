"""Rows made by a clock that was wrong, found by the odometer: in the order in which the wheels turned the rows were made.

Within a backlog nothing else tells: such rows are no later than their receipt, and where the clock was off by less than the
fault lasted they come first after the hole that they ought to fill.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.rows import Rows

_S: Final = 1_000_000
BACK_M: Final = 100.0
"""An odometer that falls by more goes back in time."""
LEAST_US: Final = 120 * _S
LONGEST_US: Final = 1800 * _S
"""A fault that lasts for longer is not looked for,"""
FURTHEST_US: Final = 3600 * _S
"""nor one that is off by more."""
REACH_US: Final = LONGEST_US + FURTHEST_US
"""How far around a row others can tell that it is misdated."""
_SHORTEST_US: Final = 60 * _S
_ROWS: Final = 3
_LOOSE_US: Final = 900 * _S
_MOST_MPS: Final = 50.0
_REPORT_US: Final = 30 * _S

Moments = NDArray[np.int64]


class Block(NamedTuple):
    """Rows made one after the other by a clock that was `off_us` ahead (negative: behind), by their places."""

    places: NDArray[np.int64]
    off_us: int


def shifts(rows: Rows) -> Moments:
    """Rows sorted by (device, fix time) -> (n,): by how many microseconds each one's time is ahead; 0: by nothing known."""
    found = np.zeros(len(rows), np.int64)
    for device in disordered_devices(rows):
        low, high = np.searchsorted(rows["device"], [device, device + 1]).tolist()
        for block in blocks(rows["fix_time_us"][low:high], rows["odometer_m"][low:high]):
            found[low + block.places] = block.off_us
    return found


def disordered_devices(rows: Rows) -> frozenset[int]:
    """Whose odometer ever falls, by rows sorted by (device, fix time): a sieve for all faults."""
    known = rows[~np.isnan(rows["odometer_m"])]
    falls = (np.diff(known["odometer_m"]) < -BACK_M) & (np.diff(known["device"]) == 0)
    return frozenset(known["device"][1:][falls].tolist())


def blocks(at_us: Moments, odometer_m: NDArray[np.float64]) -> list[Block]:
    """The misdated rows of one device, whose times rise; shapes (n,), NaN = no odometer."""
    known = np.flatnonzero(~np.isnan(odometer_m))
    falls_us = at_us[known][1:][np.diff(odometer_m[known]) < -BACK_M]
    found = list[Block]()
    if not len(falls_us):
        return found
    apart = np.flatnonzero(np.diff(falls_us) > 2 * REACH_US) + 1
    for falls in np.split(falls_us, apart):
        near = known[(at_us[known] >= falls[0] - REACH_US) & (at_us[known] <= falls[-1] + REACH_US)]
        found += [Block(near[places], off_us) for places, off_us in _as_driven(at_us[near], odometer_m[near])]
    return found


def _as_driven(at_us: Moments, odometer_m: NDArray[np.float64]) -> list[Block]:
    """In the order in which the wheels turned, a wrong clock jumps one way and back by about as much."""
    order = np.lexsort((at_us, odometer_m))
    made_us, driven_m = at_us[order], odometer_m[order]
    steps_us = np.diff(made_us)
    ups, downs = np.flatnonzero(steps_us > LEAST_US), np.flatnonzero(steps_us < -LEAST_US)
    found, taken = list[Block](), -1
    for down in downs.tolist():
        pairs = [(int(up), down) for up in ups[ups < down][-1:]] + [(down, int(up)) for up in ups[ups > down][:1]]
        fitting = [(first, last) for first, last in pairs if first >= taken and _fit(steps_us, driven_m, made_us, first, last)]
        if fitting:
            first, last = min(fitting, key=lambda pair: abs(int(steps_us[pair[0]] + steps_us[pair[1]])))
            found.append(Block(np.sort(order[first + 1 : last + 1]), _off_us(int(steps_us[first]), int(steps_us[last]))))
            taken = last
    return found


def _fit(steps_us: Moments, driven_m: NDArray[np.float64], made_us: Moments, first: int, last: int) -> bool:
    """Whether the rows between two jumps have room in the hole in the others' time, as they would had the clock not jumped.

    They fill it, unless the others' time goes on around them.
    """
    spare_us = int(steps_us[first] + steps_us[last])  # on both sides, beyond what they fill
    least_us = min(abs(int(steps_us[first])), abs(int(steps_us[last])))
    lasted_us = int(made_us[last] - made_us[first + 1])
    gained_m = max(driven_m[first + 1] - driven_m[first], driven_m[last + 1] - driven_m[last])
    return bool(
        spare_us >= 0
        and (spare_us <= _LOOSE_US or least_us >= lasted_us)
        and last - first >= _ROWS
        and _SHORTEST_US <= lasted_us <= LONGEST_US
        and least_us <= FURTHEST_US
        and gained_m <= _MOST_MPS * (spare_us / _S) + BACK_M
    )


def _off_us(first_us: int, last_us: int) -> int:
    """By how much the clock was ahead, by its two jumps: the lesser is the clock's, the other one holds a silence, too."""
    off_us = min(abs(first_us), abs(last_us)) + min((first_us + last_us) // 2, _REPORT_US)
    return off_us if first_us > 0 else -off_us
