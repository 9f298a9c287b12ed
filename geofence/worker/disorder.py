"""Devices whose odometers go back in time: which of their rows are misdated is told by what was said around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from geofence.grading import put_right
from geofence.misdated import REACH_US, shifts
from geofence.rows import ROW, Rows, from_us, to_us

_REACH: Final = timedelta(microseconds=REACH_US)
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC) + _REACH
_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
Spans = Mapping[int, tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Disorder:
    """All rows of these devices from well before what is to be replayed."""

    devices: frozenset[int]
    rows: Rows

    @classmethod
    def of(cls, devices: Set[int], spans: Spans, read: Callable[[Spans], Rows]) -> Disorder:
        """What was said from well before each span's beginning on."""
        wanted = {device: (max(spans[device][0], _EARLIEST) - _REACH, _END) for device in devices}
        return cls(frozenset(devices), read(wanted))

    def reaching_before(self, spans: Spans) -> dict[int, datetime]:
        """Devices with misdated rows made or dated before the span's beginning, and the first of these moments."""
        off_us = shifts(self.rows)
        wrong, moments_us = off_us != 0, np.minimum(self.rows["fix_time_us"], self.rows["fix_time_us"] - off_us)
        first = {
            device: from_us(int(moments_us[wrong & (self.rows["device"] == device)].min()))
            for device in np.unique(self.rows["device"][wrong]).tolist()
        }
        return {device: at for device, at in first.items() if at <= spans[device][0]}

    def right(self, rows: Rows, spans: Spans) -> tuple[Rows, Rows]:
        """`rows` with those of these devices put right, and their rows after the end of each span."""
        if not self.devices:
            return rows, np.empty(0, ROW)
        right = put_right(self.rows)
        after_us = {device: _clamped_us(after) for device, (after, _) in spans.items()}
        until_us = {device: _clamped_us(until) for device, (_, until) in spans.items()}
        right = right[right["fix_time_us"] > np.array([after_us[device] for device in right["device"].tolist()], np.int64)]
        known = right["fix_time_us"] <= np.array([until_us[device] for device in right["device"].tolist()], np.int64)
        others = rows[~np.isin(rows["device"], list(self.devices))]
        both = np.concatenate((others, right[known]))
        return both[np.lexsort((both["seq"], both["fix_time_us"], both["device"]))], right[~known]


def _clamped_us(moment: datetime) -> int:
    return to_us(moment) if moment.year > 1 else -(2**62)
