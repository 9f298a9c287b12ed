"""Devices whose clocks are in doubt: which of their rows are misdated is told by what was said around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geofence.grading import in_their_time
from geofence.rows import ROW, Rows, from_us, in_order, to_us

EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
Spans = Mapping[int, tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Disorder:
    """All that these devices said since well before what is to be replayed, as they said it, and as it is to be judged."""

    devices: frozenset[int]
    said: Rows
    judged: Rows

    @classmethod
    def of(cls, sinces_us: Mapping[int, int], read: Callable[[Spans], Rows]) -> Disorder:
        """What was said from `sinces_us[device]` on."""
        said = in_order(read({device: (_moment(since_us), _END) for device, since_us in sinces_us.items()}))
        return cls(frozenset(sinces_us), said, in_their_time(said))

    def changed_us(self, fresh: Rows) -> dict[int, int]:
        """By device, the first moment of which something else is judged than without these rows, which were said, too."""
        before = in_their_time(self.said[~np.isin(_keys(self.said), _keys(fresh))])
        others = [one[~np.isin(_keys(one), _keys(other))] for one, other in ((before, self.judged), (self.judged, before))]
        changed = np.concatenate(others)
        return {
            device: int(changed["fix_time_us"][changed["device"] == device].min())
            for device in np.unique(changed["device"]).tolist()
        }

    def right(self, rows: Rows, spans: Spans) -> tuple[Rows, Rows]:
        """`rows` with those of these devices in their time, and their rows after the end of each span."""
        if not self.devices:
            return rows, np.empty(0, ROW)
        right = self.judged[self.judged["fix_time_us"] > ends_us(self.judged, spans, 0)]
        known = right["fix_time_us"] <= ends_us(right, spans, 1)
        others = rows[~np.isin(rows["device"], list(self.devices))]
        both = np.concatenate((others, right[known]))
        return both[np.lexsort((both["seq"], both["fix_time_us"], both["device"]))], right[~known]


def ends_us(rows: Rows, spans: Spans, end: int) -> NDArray[np.int64]:
    """Shape (n,) -> (n,): when the span of each row's device begins (0) or ends (1)."""
    devices = np.array(sorted(spans), np.int64)
    moments_us = np.array([to_us(spans[device][end]) for device in devices.tolist()], np.int64)
    found: NDArray[np.int64] = moments_us[np.searchsorted(devices, rows["device"])]
    return found


def _moment(at_us: int) -> datetime:
    return max(EARLIEST, from_us(at_us)) if at_us > to_us(EARLIEST) else EARLIEST


def _keys(rows: Rows) -> Rows:
    """What tells rows apart, as one value a row."""
    keys = np.empty(len(rows), [("device", "<i8"), ("fix_time_us", "<i8"), ("seq", "<i8")])
    for name in keys.dtype.names or ():
        keys[name] = rows[name]
    return keys.view("V24")
