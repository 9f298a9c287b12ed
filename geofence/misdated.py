"""Rows made by a clock that was wrong, found by the odometer: in the order in which the wheels turned the rows were made.

Within a backlog nothing else tells: such rows are no later than their receipt, and where the clock was off by less than the
fault lasted they come first after the hole that they ought to fill. Unless rows of the same clock were sent at once: those are
refused on receipt, and tell by how much it was off, though it was never seen to be set right. Refused rows of a backlog, in
turn, are later than their receipt by less than their clock was ahead: the odometer tells when they were made.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.rows import MISSING_US, Rows

_S: Final = 1_000_000
BACK_M: Final = 100.0
"""An odometer that falls by more goes back in time."""
LEAST_US: Final = 120 * _S
LONGEST_US: Final = 1800 * _S
"""A fault that lasts for longer is not looked for,"""
FURTHEST_US: Final = 3600 * _S
"""nor one that is off by more."""
REACH_US: Final = LONGEST_US + FURTHEST_US
"""How far around where an odometer falls, or a row was refused, rows can be misdated."""
GROUP_US: Final = 6 * 3600 * _S
"""An odometer that goes on falling for longer is itself what is wrong."""
_ROWS: Final = 3
_LOOSE_US: Final = 900 * _S
_MOST_MPS: Final = 50.0
_USUAL_MPS: Final = 30.0
_REPORT_US: Final = 30 * _S
LATE_US: Final = 60 * _S
_EARLY_US: Final = 30 * _S
_AWAY: Final = 0.25
_FURTHEST_REFUSED_US: Final = 86_400 * _S
_LINK_US: Final = 70 * _S
_WITNESSES: Final = 5

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
        mine = rows[low:high]
        for block in blocks(mine["fix_time_us"], mine["odometer_m"], mine["received_at_us"]):
            found[low + block.places] = block.off_us
    return found


def is_sent_at_once(at_us: Moments, received_us: Moments) -> NDArray[np.bool_]:
    """Shapes (n,) -> (n,): whose time is that of their receipt, as it is of a right clock, and seldom by chance."""
    waited_us = np.where(received_us == MISSING_US, LATE_US + 1, received_us - at_us)
    sent: NDArray[np.bool_] = (waited_us >= -_EARLY_US) & (waited_us <= LATE_US)
    return sent


def is_refused(rows: Rows) -> NDArray[np.bool_]:
    """Shape (n,) -> (n,): whose clock is seen to be ahead on receipt, by no more than a backlog may take to be sent."""
    ahead_us = _ahead_us(rows)
    told: NDArray[np.bool_] = (ahead_us > LEAST_US) & (ahead_us <= _FURTHEST_REFUSED_US)
    return told


def _ahead_us(rows: Rows) -> Moments:
    return np.where(rows["received_at_us"] == MISSING_US, 0, rows["fix_time_us"] - rows["received_at_us"])


def carried(rows: Rows) -> Moments:
    """Rows in order, with those that were refused on receipt -> (n,): by how many microseconds each one's time is ahead, as
    rows of the same clock that were sent at once tell; 0: by nothing known.

    A clock that is wrong is wrong for the rows after them, too, which nobody refused because they came late: as long as their
    times and their odometers go on as if nothing were wrong, if that is no longer than for `FURTHEST_US`.
    """
    found = np.zeros(len(rows), np.int64)
    ahead_us, told = _ahead_us(rows), is_refused(rows)
    for device in np.unique(rows["device"][told]).tolist():
        low, high = np.searchsorted(rows["device"], [device, device + 1]).tolist()
        places = low + np.flatnonzero(told[low:high])
        others = low + np.flatnonzero(ahead_us[low:high] <= LEAST_US)
        for run in np.split(places, np.flatnonzero(np.diff(rows["fix_time_us"][places]) > _LINK_US) + 1):
            lately = run[-_WITNESSES:]
            at_once = np.ptp(ahead_us[lately]) < 0.25 * np.ptp(rows["fix_time_us"][lately])  # not so in a backlog
            if at_once:
                found[_going_on(rows, ahead_us < -LATE_US, run[-1], others)] = int(ahead_us[lately].max())
    return found


def _going_on(rows: Rows, late: NDArray[np.bool_], last: int, others: Moments) -> list[int]:
    """Of `others` those that were driven on from the row `last`, one from the other, until the time jumps: none if that is at
    once, or if they lead to rows that were sent at once, whose clock is right."""
    near_us = np.abs(rows["fix_time_us"][others] - rows["fix_time_us"][last])
    others = others[near_us <= FURTHEST_US + _LINK_US]
    further_m = rows["odometer_m"][others] - rows["odometer_m"][last]
    driven = others[(further_m > 0.0) | ((further_m == 0.0) & (others > last))]
    linked, seen = list[int](), last
    for place in driven[np.lexsort((rows["fix_time_us"][driven], rows["odometer_m"][driven]))].tolist():
        apart_s = float(rows["fix_time_us"][place] - rows["fix_time_us"][last]) / _S
        gained_m = float(rows["odometer_m"][place] - rows["odometer_m"][last])
        if not 0.0 < apart_s <= _LINK_US / _S or gained_m > _USUAL_MPS * apart_s:
            break
        if not late[place] or rows["fix_time_us"][place] - rows["fix_time_us"][seen] > FURTHEST_US:
            return []
        linked.append(place)
        last = place
    return linked


def disordered_devices(rows: Rows) -> frozenset[int]:
    """Whose odometer ever falls, by rows sorted by (device, fix time): a sieve for all faults."""
    known = rows[~np.isnan(rows["odometer_m"])]
    falls = (np.diff(known["odometer_m"]) < -BACK_M) & (np.diff(known["device"]) == 0)
    return frozenset(known["device"][1:][falls].tolist())


def blocks(at_us: Moments, odometer_m: NDArray[np.float64], received_us: Moments) -> list[Block]:
    """The misdated rows of one device, whose times rise; shapes (n,), NaN = no odometer, MISSING_US = receipt not known."""
    known = np.flatnonzero(~np.isnan(odometer_m))
    falls_us = at_us[known][1:][np.diff(odometer_m[known]) < -BACK_M]
    found = list[Block]()
    if not len(falls_us):
        return found
    apart = np.flatnonzero(np.diff(falls_us) > 2 * REACH_US) + 1
    away = ~is_sent_at_once(at_us, received_us)
    for falls in np.split(falls_us, apart):
        if falls[-1] - falls[0] > GROUP_US:
            continue
        near = known[(at_us[known] >= falls[0] - REACH_US) & (at_us[known] <= falls[-1] + REACH_US)]
        told = (Block(near[places], off_us) for places, off_us in _as_driven(at_us[near], odometer_m[near]))
        found += [block for block in told if np.mean(away[block.places]) >= _AWAY]
    return found


def _as_driven(at_us: Moments, odometer_m: NDArray[np.float64]) -> list[Block]:
    """In the order in which the wheels turned, a wrong clock jumps one way and back by about as much."""
    order = _driving_order(at_us, odometer_m)
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


def _driving_order(at_us: Moments, odometer_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places by the odometer. Where the wheels stand times alone tell the order, and they may jump there, too: what goes on
    from the row before comes first, and what leads to the row after last."""
    order: NDArray[np.int64] = np.lexsort((at_us, odometer_m))
    jumps = (np.diff(at_us[order]) > LEAST_US) & (np.diff(odometer_m[order]) == 0.0)
    for stood_m in np.unique(odometer_m[order][1:][jumps]).tolist():
        low, high = (int(np.searchsorted(odometer_m, stood_m, side, order)) for side in ("left", "right"))
        parts = np.split(order[low:high], np.flatnonzero(np.diff(at_us[order[low:high]]) > LEAST_US) + 1)
        before = [low > 0 and 0 <= at_us[part[0]] - at_us[order[low - 1]] <= LEAST_US for part in parts]
        after = [high < len(order) and 0 <= at_us[order[high]] - at_us[part[-1]] <= LEAST_US for part in parts]
        ranks = [-1 if leads else int(follows) for leads, follows in zip(before, after, strict=True)]
        order[low:high] = np.concatenate([parts[n] for n in sorted(range(len(parts)), key=ranks.__getitem__)])
    return order


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
        and lasted_us <= LONGEST_US
        and least_us <= FURTHEST_US
        and gained_m <= _MOST_MPS * (spare_us / _S) + BACK_M
    )


def _off_us(first_us: int, last_us: int) -> int:
    """By how much the clock was ahead, by its two jumps: the lesser is the clock's, the other one holds a silence, too."""
    off_us = min(abs(first_us), abs(last_us)) + min((first_us + last_us) // 2, _REPORT_US)
    return off_us if first_us > 0 else -off_us
