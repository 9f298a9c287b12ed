"""The clocks of devices that gave cause to look at them, followed as their readings come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.events import Event
from geofence.parameters import Parameters
from geofence.rows import to_us
from geofence.rulebook import resolve
from geofence.rules.clock_fault import Clock, Stamp
from store import night
from store.conclusions import Judged, put_events, tell_concluded
from store.night import Batches, StampRow
from store.pool import Connection

LOOK_ROWS: Final = 200_000
"""Readings to look at, at most, while the stream waits."""
_REMEMBERED: Final = timedelta(minutes=30)
"""For how long before and after what was odd a clock is followed, by receipt."""


@dataclass(slots=True)
class _Followed:
    clock: Clock
    until_us: int  # of receipt: what is told after this is another matter


class ClockWatch:
    """Looks at what was stored since the last look: a sieve in the database leaves few devices to follow."""

    def __init__(self) -> None:
        self._followed: dict[int, _Followed] = {}
        self._upto = 0
        self.has_more = False

    def look(
        self, connection: Connection, devices: Mapping[int, Judged], parameters: Mapping[int, Parameters] | None = None
    ) -> int:
        """Look at the next readings -> how many faults were told. `devices` are all there are."""
        batches = night.batches_to_watch(connection, LOOK_ROWS)
        self.has_more = batches.has_more
        if batches.upto <= batches.after:
            return 0
        if batches.after != self._upto:  # another worker has looked in between
            self._followed = {}
        told = {
            devices[device]: self._judge(devices[device], stamps, begins_us, parameters or {})
            for device, (stamps, begins_us) in self._stamps(connection, batches).items()
            if device in devices
        }
        _store(connection, {judged: events for judged, events in told.items() if events})
        night.note_clocks_watched(connection, batches.upto)
        self._upto = batches.upto
        return sum(map(len, told.values()))

    def _stamps(self, connection: Connection, batches: Batches) -> dict[int, tuple[list[Stamp], int]]:
        """By device, what to judge, and the receipt of the first of it where more was said before that nobody remembers."""
        heard = night.devices_heard(connection, batches)
        newly = {one.device_id: one.first_at for one in heard if one.is_odd and one.device_id not in self._followed}
        wanted = newly.keys() | ({one.device_id for one in heard} & self._followed.keys())
        if not wanted:
            return {}
        stamps = _by_device(night.stamps_of_batches(connection, batches, wanted))
        before = {}
        if newly:
            before = _by_device(night.stamps_before(connection, batches, newly, min(newly.values()) - _REMEMBERED))
        begins = {device: min(stamp.received_us for stamp in said) for device, said in before.items()}
        return {device: ([*before.get(device, ()), *said], begins.get(device, -1)) for device, said in stamps.items()}

    def _judge(self, judged: Judged, stamps: list[Stamp], begins_us: int, parameters: Mapping[int, Parameters]) -> list[Event]:
        latest = parameters.get(judged.org_id, Parameters()).versions()[-1]
        values = resolve(latest, str(judged.org_id), None)
        followed = self._followed.setdefault(judged.device_id, _Followed(Clock(judged.key, values), 0))
        followed.clock.values = values
        told = followed.clock.judge(stamps)
        newest_us = max(stamp.received_us for stamp in stamps)
        if told or not followed.until_us:
            followed.until_us = newest_us + _REMEMBERED // timedelta(microseconds=1)
        elif newest_us > followed.until_us:
            del self._followed[judged.device_id]
        # What begins with the first stamp that was read may have begun before it, and has been told then.
        return [event for event in told if to_us(event.started_at) > begins_us]


def _store(connection: Connection, told: Mapping[Judged, list[Event]]) -> None:
    organisations = sorted({judged.org_id for judged in told})
    for org_id in organisations:
        names = {judged.key: judged for judged in told if judged.org_id == org_id}
        put_events(connection, names, [event for judged in names.values() for event in told[judged]])
    tell_concluded(connection, organisations)


def _by_device(rows: Iterable[StampRow]) -> dict[int, list[Stamp]]:
    grouped: dict[int, list[Stamp]] = defaultdict(list)
    for row in rows:
        grouped[row.device_id].append(Stamp(to_us(row.received_at), to_us(row.at), row.seq, row.boot_id, row.buffered))
    return grouped
