"""What gives cause to look whether a device's rows are misdated: its odometer fell, or rows were refused, near late ones.

Few devices give any. Of the others it is enough to take rows as they come; of these all rows around have to be read together,
as those may tell of each other (`geofence.misdated`). What is remembered is as of a moment of the device's own time, and saved
with its checkpoints, so that a replay from there on knows as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from geofence.grading import is_datable, moments_us
from geofence.misdated import BACK_M, GROUP_US, REACH_US, is_refused, is_sent_at_once
from geofence.rows import Rows

_CHAINED_US: Final = 2 * REACH_US
_LONGEST_US: Final = GROUP_US + 2 * _CHAINED_US
_MERGED_US: Final = 600 * 1_000_000
Mask = NDArray[np.bool_]
Span = tuple[int, int]
Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Doubts:
    """What a device's rows up to a moment give cause for. Spans of its own time, in microseconds, by their beginnings."""

    odometer_m: float = nan  # as the last row with one said it
    odd: Spans = ()  # where the odometer fell, or rows were refused
    late: Spans = ()  # where rows were not sent at once

    def following(self, odd: Iterable[Span], late: Iterable[Span]) -> Doubts:
        """With what the next rows gave cause for."""
        return Doubts(self.odometer_m, _merged(self.odd, odd), _merged(self.late, late))

    def kept(self, at_us: int) -> Doubts:
        """Without what is too far before a moment to matter to what follows."""
        since_us = _chained_since(self.odd + self.late, at_us)
        odd, late = (tuple(span for span in spans if span[1] >= since_us) for spans in (self.odd, self.late))
        return Doubts(self.odometer_m, odd, late)

    def is_grave(self, since_us: int, *, is_late: bool = False) -> bool:
        """Whether rows from a moment on may be misdated, or say that others are; `is_late`: if any of them came late."""
        return bool(self.odd and (self.late or is_late)) and max(end for _, end in self.odd) >= self.reading_since_us(since_us)

    def reading_since_us(self, since_us: int) -> int:
        """From when on rows have to be read to know which of those from `since_us` on are misdated."""
        return _chained_since(self.odd + self.late, since_us) - _CHAINED_US


NO_DOUBTS: Final = Doubts()


def encoded(doubts: Doubts) -> str:
    """As JSON."""
    return msgspec.json.encode((doubts.odometer_m, doubts.odd, doubts.late)).decode()  # NaN as null


def decoded(saved: str | None, at_us: int) -> Doubts:
    """What `encoded` gave. Of a checkpoint from before doubts were saved: all that there can be, so that its rows are read."""
    if saved is None:
        return Doubts(odd=((at_us, at_us),), late=((at_us, at_us),))
    odometer_m, odd, late = msgspec.json.decode(saved, type=tuple[float | None, Spans, Spans])
    return Doubts(nan if odometer_m is None else odometer_m, odd, late)


def doubts_after(rows: Rows, before: Mapping[int, Doubts], odometers_m: Mapping[int, float]) -> dict[int, Doubts]:
    """The doubts about devices after their next rows, as they were said and in order: of those with any, or had any before."""
    if not len(rows):
        return {}
    datable = is_datable(rows)
    odd = _spans(rows, is_refused(rows) | _falls(rows, datable, odometers_m))
    late = _spans(rows, datable & ~is_sent_at_once(rows["fix_time_us"], rows["received_at_us"]))
    return {
        device: before.get(device, NO_DOUBTS).following(odd.get(device, ()), late.get(device, ()))
        for device in np.unique(rows["device"]).tolist()
        if device in odd or device in late or device in before
    }


def newest_us(rows: Rows) -> dict[int, int]:
    """By device, the last moment at which any of its rows counts."""
    if not len(rows):
        return {}
    starts = np.flatnonzero(np.diff(rows["device"], prepend=-1))
    last_us = np.maximum.reduceat(moments_us(rows), starts)
    return dict(zip(rows["device"][starts].tolist(), last_us.tolist(), strict=True))


def last_odometers(rows: Rows) -> dict[int, float]:
    """By device, what the last of its datable rows in order that has an odometer says."""
    known = rows[~np.isnan(rows["odometer_m"]) & is_datable(rows)]
    ends = np.flatnonzero(np.diff(known["device"], append=-1))
    return dict(zip(known["device"][ends].tolist(), known["odometer_m"][ends].tolist(), strict=True))


def _falls(rows: Rows, datable: Mask, odometers_m: Mapping[int, float]) -> Mask:
    """Shape (n,): where the odometer is less than before."""
    known = np.flatnonzero(datable & ~np.isnan(rows["odometer_m"]))
    devices, odometer_m = rows["device"][known], rows["odometer_m"][known]
    before_m = np.concatenate((odometer_m[:1], odometer_m[:-1]))
    firsts = np.flatnonzero(np.diff(devices, prepend=-1))
    before_m[firsts] = [odometers_m.get(device, nan) for device in devices[firsts].tolist()]
    found = np.zeros(len(rows), np.bool_)
    found[known] = odometer_m < before_m - BACK_M
    return found


def _spans(rows: Rows, which: Mask) -> dict[int, list[Span]]:
    """By device, when it said those rows that the mask marks."""
    found = defaultdict[int, list[Span]](list)
    marked = rows[which]
    if len(marked):
        devices, at_us = marked["device"], marked["fix_time_us"]
        starts = (np.diff(devices, prepend=-1) != 0) | (np.diff(at_us, prepend=at_us[0]) > _MERGED_US)
        sinces_us, untils_us = at_us[starts], at_us[np.append(starts[1:], True)]
        for device, since_us, until_us in zip(devices[starts].tolist(), sinces_us.tolist(), untils_us.tolist(), strict=True):
            found[device].append((since_us, until_us))
    return found


def _merged(spans: Spans, others: Iterable[Span]) -> Spans:
    found = list[Span]()
    for since_us, until_us in sorted([*spans, *others]):
        if found and since_us - found[-1][1] <= _MERGED_US:
            found[-1] = found[-1][0], max(found[-1][1], until_us)
        else:
            found.append((since_us, until_us))
    return tuple(found)


def _chained_since(spans: Spans, since_us: int) -> int:
    """The beginning of the chain of spans, none further from the next than rows can tell of each other, that ends there."""
    earliest_us = since_us - _LONGEST_US
    for begin_us, until_us in sorted(spans, key=lambda span: span[1], reverse=True):
        if until_us < since_us - _CHAINED_US:
            break
        since_us = min(since_us, begin_us)
    return max(since_us, earliest_us)
