"""A device whose clock or whose numbering of its own readings cannot be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from math import nan
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Severity
from geofence.journal import event_id
from geofence.misdated import BACK_M, blocks
from geofence.parameters import Parameter
from geofence.rows import from_us

NAME: Final = "clock_fault"
PARAMETERS: Final = (
    Parameter(f"{NAME}.least_s", 120, "s", 10, 86_400, "A clock this far ahead of the receipt, or this far back, is wrong."),
    Parameter(f"{NAME}.old_days", 30, "d", 1, 365, "So is one that is older than any buffer."),
    Parameter(f"{NAME}.apart_s", 900, "s", 60, 86_400, "Faults within this of each other are one."),
    Parameter(f"{NAME}.least_numbers", 100, "1", 1, 1e6, "A sequence that falls by more without a new boot was reset."),
)
_DAY_US: Final = 86_400_000_000
_ROLLOVER_US: Final = 1024 * 7 * _DAY_US
_REMEMBERED: Final = 64
_WRAPS: Final = (2**8, 2**16, 2**31, 2**32)


class Stamp(NamedTuple):
    """When and as what a device says that it made a reading; negative `seq`: it does not number them."""

    received_us: int
    at_us: int
    seq: int = -1
    boot_id: int | None = None
    buffered: bool = False
    odometer_m: float = nan


@dataclass(slots=True)
class Clock:
    """One device's clock, reading after reading in the order of their receipt."""

    device_id: str
    values: Mapping[str, float]
    fault: dict[str, Any] | None = None
    recent: list[Stamp] = field(default_factory=list)  # of the present boot
    highest: tuple[int, int] = (-1, -_DAY_US)  # number and time, of the present boot

    def judge(self, stamps: Iterable[Stamp]) -> list[Event]:
        """Take more stamps, copies and all, in whatever order -> the faults that are new or have gone on."""
        known = self.fault and dict(self.fault)
        found = [self.take(stamp) for stamp in sorted(_once(stamps), key=lambda one: (one.received_us, one.seq, one.at_us))]
        last = self.going_on() if self.fault != known else None
        return [event for event in (*found, last) if event is not None]

    def take(self, stamp: Stamp) -> Event | None:
        """Take the next stamp -> the fault that is over by then."""
        over = None
        if self.fault is not None and stamp.received_us - self.fault["until_us"] > self.values[f"{NAME}.apart_s"] * 1e6:
            over, self.fault = self.going_on(), None
        kind, off_s = self._judge(stamp)
        if not kind:
            return over
        if self.fault is None:
            self.fault = {"since_us": stamp.received_us, "kind": kind, "off_s": off_s, "readings": 0}
        self.fault["until_us"] = stamp.received_us
        self.fault["readings"] += 1
        self.fault["off_s"] = max(self.fault["off_s"], off_s, key=abs)
        return over

    def going_on(self) -> Event | None:
        """The fault that may not be over."""
        fault = self.fault
        if fault is None:
            return None
        since = from_us(fault["since_us"])
        facts = {name: fault[name] for name in ("kind", "off_s", "readings")}
        name = event_id(NAME, self.device_id, None, "", fault["since_us"])
        until = from_us(fault["until_us"])
        return Event(name, NAME, Severity.info, self.device_id, None, None, since, until, since, confidence=0.95, facts=facts)

    def _judge(self, stamp: Stamp) -> tuple[str, float]:
        ahead_us = stamp.at_us - stamp.received_us
        least_us, old_us = self.values[f"{NAME}.least_s"] * 1e6, self.values[f"{NAME}.old_days"] * _DAY_US
        if -old_us <= ahead_us + _ROLLOVER_US <= least_us:
            return "", 0.0  # the receiver's week counter has turned over: known, and to be put right by adding it
        if ahead_us > least_us:
            return "ahead", round(ahead_us / 1e6, 1)
        if ahead_us < -old_us:
            return "behind", round(ahead_us / 1e6, 1)
        return self._compare(stamp, least_us)

    def _compare(self, stamp: Stamp, least_us: float) -> tuple[str, float]:
        """Numbers and times of one boot have to rise together, however late a reading comes."""
        if stamp.seq < 0:
            return "", 0.0
        if self.recent and stamp.boot_id != self.recent[-1].boot_id:
            if stamp.boot_id in {one.boot_id for one in self.recent}:
                return "", 0.0
            self._begin([])
        if stamp.seq > self.highest[0] and stamp.at_us >= self.highest[1]:
            return self._remember(stamp)
        is_fresh = not stamp.buffered and stamp.received_us - stamp.at_us <= 60e6
        newest = max((one.seq for one in self.recent), default=-1)
        if is_fresh and newest - stamp.seq > self.values[f"{NAME}.least_numbers"]:
            self._begin([stamp])
            return ("", 0.0) if _wraps(newest, stamp.seq) else ("sequence_reset", float(stamp.seq - newest))
        before = [one.at_us for one in self.recent if one.seq < stamp.seq]
        back_us = max(before, default=stamp.at_us) - stamp.at_us
        if stamp.boot_id is not None and not stamp.buffered and back_us > least_us:
            return "back", round(-back_us / 1e6, 1)
        return self._remember(stamp)

    def _begin(self, recent: list[Stamp]) -> None:
        self.recent = recent
        self.highest = max(((one.seq, one.at_us) for one in recent), default=(-1, -_DAY_US))

    def _remember(self, stamp: Stamp) -> tuple[str, float]:
        self.recent.append(stamp)
        del self.recent[:-_REMEMBERED]
        self.highest = max(self.highest[0], stamp.seq), max(self.highest[1], stamp.at_us)
        return "", 0.0


def _wraps(newest: int, seq: int) -> bool:
    """Whether a counter of some bytes came to its end."""
    return any(0.98 * wrap < newest < wrap and seq < 0.02 * wrap for wrap in _WRAPS)


def suspects(
    device: NDArray[np.int32],
    at_us: NDArray[np.int64],
    seq: NDArray[np.int64],
    received_us: NDArray[np.int64],
    odometer_m: NDArray[np.float64],
) -> set[int]:
    """Devices whose clock is worth looking at: columns of readings, shape (n,) each -> device numbers.

    A quick sieve that lets nothing through that `judge_clock` would find: readings that do not fit their receipt (`received_us`
    below zero = unknown), and numbers, or an odometer, that do not rise with time.
    """
    known = received_us >= 0
    off_us = np.where(known, at_us - received_us, 0)
    odd = known & ((off_us > 10_000_000) | (off_us < -_DAY_US))
    order = np.lexsort((seq, at_us, device))
    numbered = device[order][1:][(np.diff(device[order]) == 0) & (np.diff(seq[order]) < 0) & (seq[order][1:] >= 0)]
    order = order[~np.isnan(odometer_m[order])]
    wheels = (np.diff(device[order]) == 0) & (np.diff(odometer_m[order]) < -BACK_M)
    return {*device[odd].tolist(), *device[order][1:][wheels].tolist(), *numbered.tolist()}


def judge_clock(device_id: str, stamps: Iterable[Stamp], values: Mapping[str, float]) -> list[Event]:
    """The clock faults of a device; the order of the stamps does not matter, nor do copies that came later."""
    found, said = Clock(device_id, values).judge(stamps), _once(stamps)
    return found + _judge_wheels(device_id, said, found, values)


def _judge_wheels(device_id: str, stamps: Sequence[Stamp], found: Sequence[Event], values: Mapping[str, float]) -> list[Event]:
    """Faults within a backlog that nothing but the odometer tells, by `stamps` in the order of their times: of a clock that was
    ahead, as one that fell back looks as a backlog does."""
    at_us = np.array([one.at_us for one in stamps], np.int64)
    apart, told = timedelta(seconds=values[f"{NAME}.apart_s"]), list[Event]()
    known = [(one.started_at - apart, (one.ended_at or one.started_at) + apart) for one in found]
    received_us = np.array([one.received_us for one in stamps], np.int64)
    for block in blocks(at_us, np.array([one.odometer_m for one in stamps], np.float64), received_us):
        mine = [stamps[place] for place in block.places.tolist()]
        since_us, until_us = min(one.received_us for one in mine), max(one.received_us for one in mine)
        fault = {"since_us": since_us, "until_us": until_us, "kind": "disordered", "off_s": round(block.off_us / 1e6, 1)}
        is_known = any(since <= from_us(until_us) and from_us(since_us) <= until for since, until in known)
        event = Clock(device_id, values, fault | {"readings": len(mine)}).going_on()
        if block.off_us > 0 and not is_known and event is not None:
            told.append(event)
    return told


def _once(stamps: Iterable[Stamp]) -> list[Stamp]:
    """In the order of their times, each reading as it came first."""
    by_reading = sorted(stamps, key=lambda one: (one.at_us, one.seq, one.boot_id or 0, one.received_us))
    return [next(copies) for _, copies in groupby(by_reading, key=lambda one: (one.at_us, one.seq, one.boot_id))]
