"""Trips whose vehicle gets another tracker on the way: from then on the new one's rows go on telling the old one's story.

A trip is judged by the state of the device that it names. That state is a vehicle's story, and a device only the first to tell
it: whose story a row tells is decided here, by its device and its fix time, before the engine sees it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from domain.devices import Assignment, Mount
from domain.trips import Trip
from geofence.grading import moments_us
from geofence.parameters import Parameters
from geofence.rows import Rows, from_us, to_us
from geofence.rulebook import resolve

_NOBODY: Final = -1
_BEGINNING, _END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_APART_M: Final = 1e9  # further than anything ever drove


class Turn(NamedTuple):
    """Rows of `device` with `since_us <= fix time < until_us` tell the story of `track`; nobody's, where that is -1."""

    device: int
    track: int
    since_us: int
    until_us: int


class Handovers:
    """All turns of some organisations' devices."""

    def __init__(self, turns: Iterable[Turn] = (), siblings: Mapping[int, frozenset[int]] | None = None) -> None:
        self._turns = tuple(turns)
        self._by_device: dict[int, list[Turn]] = defaultdict(list)
        # Who tells a story is heard, taken off or not: the later turn decides.
        for turn in sorted(self._turns, key=lambda turn: (turn.track != _NOBODY, turn)):
            self._by_device[turn.device].append(turn)
        self._devices = np.array(sorted(self._by_device), np.int32)
        self._apart_m = _apart_m(self._turns)
        self._siblings = siblings or {}
        self.tracks = frozenset(turn.track for turn in self._turns) - {_NOBODY}
        self.changes = _changes(self._turns)

    def siblings(self, device: int) -> frozenset[int]:
        """Devices that have been on a vehicle with this one: what is planned for it may concern whose story they tell."""
        return self._siblings.get(device, frozenset())

    def tracked(self, rows: Rows) -> Rows:
        """Rows as those of the device whose story they tell, in order; without those that tell nobody's."""
        concerned = np.flatnonzero(np.isin(rows["device"], self._devices))
        if not len(concerned):
            return rows
        track, apart_m = rows["device"].copy(), np.zeros(len(rows))
        concerned = concerned[np.argsort(rows["device"][concerned], kind="stable")]
        starts = np.flatnonzero(np.diff(rows["device"][concerned], prepend=-1))
        for mine in np.split(concerned, starts[1:]):
            fixes_us = moments_us(rows[mine])
            for turn in self._by_device[int(rows["device"][mine[0]])]:
                within = mine[(fixes_us >= turn.since_us) & (fixes_us < turn.until_us)]
                track[within], apart_m[within] = turn.track, self._apart_m[turn]
        told: Rows = rows[track != _NOBODY]
        told["device"] = track[track != _NOBODY]
        told["odometer_m"] += apart_m[track != _NOBODY]
        in_order: Rows = told[np.lexsort((told["seq"], told["fix_time_us"], told["device"]))]
        return in_order

    def sources(self, spans: Mapping[int, tuple[datetime, datetime]]) -> dict[int, tuple[datetime, datetime]]:
        """Spans of stories -> spans of the devices that tell them; the latter may hold more than is asked for."""
        wanted = dict(spans)
        for turn in self._turns:
            if turn.track in spans and turn.device != turn.track:
                after, until = spans[turn.track]
                after, until = max(after, from_us(turn.since_us - 1)), min(until, from_us(turn.until_us))
                if after < until:
                    before = wanted.get(turn.device, (after, until))
                    wanted[turn.device] = min(after, before[0]), max(until, before[1])
        return wanted

    def within(self, rows: Rows, spans: Mapping[int, tuple[datetime, datetime]]) -> Rows:
        """Of tracked rows those with `after < fix time <= until` of their story's span, and those that count within it though
        their clock says otherwise."""
        kept, counts_us = np.zeros(len(rows), np.bool_), moments_us(rows)
        for device, (after, until) in spans.items():
            first, last = np.searchsorted(rows["device"], [device, device + 1])
            for at_us in (rows["fix_time_us"][first:last], counts_us[first:last]):
                kept[first:last] |= (at_us > to_us(after)) & (at_us <= to_us(until))
        held: Rows = rows[kept]
        return held


def _apart_m(turns: Iterable[Turn]) -> dict[Turn, float]:
    """What to add to the odometer of each turn, so that within a story none falls when another takes over: rows are taken for
    misdated where it does (`geofence.misdated`)."""
    turn_no: dict[int, int] = defaultdict(int)
    found: dict[Turn, float] = {}
    for turn in sorted(turns, key=lambda turn: turn.since_us):
        turn_no[turn.track] += 1
        found[turn] = turn_no[turn.track] * _APART_M
    return found


def _changes(turns: Iterable[Turn]) -> dict[int, tuple[int, ...]]:
    found: dict[int, set[int]] = defaultdict(set)
    for turn in turns:
        if turn.track != _NOBODY:
            found[turn.track] |= {turn.since_us, turn.until_us}
    return {track: tuple(sorted(moments)) for track, moments in found.items()}


def siblings_of(mounts: Iterable[Mount]) -> dict[int, frozenset[int]]:
    """By device, the others that have been on one of its vehicles."""
    together: dict[tuple[int, str], set[int]] = defaultdict(set)
    for mount in mounts:
        together[mount.org_id, mount.vehicle_id].add(mount.device_id)
    found: dict[int, frozenset[int]] = {}
    for devices in together.values():
        for device in devices:
            found[device] = found.get(device, frozenset()) | (devices - {device})
    return found


def mounts_of(assignments: Iterable[Assignment], numbers: Mapping[str, int]) -> tuple[Mount, ...]:
    """Assignments of devices that have a number as `turns_of` wants them."""
    mounts = [
        Mount(0, one.vehicle_id, numbers[one.device_id], one.valid_from or _BEGINNING, one.valid_until or _END)
        for one in assignments
        if one.device_id in numbers
    ]
    return tuple(sorted(mounts, key=lambda mount: (mount.vehicle_id, mount.since, mount.device_id)))


def turns_of(
    trips: Iterable[Trip], numbers: Mapping[str, int], mounts: Sequence[Mount], parameters: Parameters, organisation: str
) -> Iterator[Turn]:
    """The turns of one organisation's devices. `trips` are by planned start, `mounts` by vehicle and beginning.

    A trip changes hands where the tracker that it names has been taken off its vehicle before the trip is over, and another was
    put on it then. Each of those that follow tells of the trip while it is on the vehicle, until a trip of its own begins.
    """
    mounted = _Mounted(mounts)
    of_device: dict[int, list[Trip]] = defaultdict(list)
    for trip in trips:
        if numbers.get(trip.device_id) in mounted.of_device:
            of_device[numbers[trip.device_id]].append(trip)
    spans = {device: _spans(theirs, parameters, organisation) for device, theirs in of_device.items()}
    for device, theirs in spans.items():
        for begin_us, end_us in theirs:
            yield from _hand_over(device, begin_us, end_us, mounted, spans)


class _Mounted:
    """Mounts by vehicle and beginning, as lists by device and by vehicle."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self.of_device: dict[int, list[Mount]] = defaultdict(list)
        self.of_vehicle: dict[str, list[Mount]] = defaultdict(list)
        for mount in mounts:
            self.of_device[mount.device_id].append(mount)
            self.of_vehicle[mount.vehicle_id].append(mount)


def _spans(trips: Sequence[Trip], parameters: Parameters, organisation: str) -> list[tuple[int, int]]:
    """When each of a device's trips begins at the earliest and is over at the latest, as `geofence.plan` has it."""
    spans: list[tuple[int, int]] = []
    for trip in trips:
        start_us, end_us = to_us(trip.planned_start), to_us(trip.planned_end)
        values = resolve(parameters.at(start_us), organisation, trip.route_id)
        longest_s = max(values["trip.overrun_s"], values["trip.longest_s"] if trip.depot is not None else 0.0)
        spans.append((start_us - int(values["trip.lead_s"] * 1e6), end_us + int(longest_s * 1e6)))
    ends = [
        min(one[1], max(after[0], to_us(trip.planned_end))) for trip, (one, after) in zip(trips, pairwise(spans), strict=False)
    ]
    return [(begin_us, end_us) for (begin_us, _), end_us in zip(spans, [*ends, *(end for _, end in spans[-1:])], strict=True)]


def _hand_over(
    device: int, begin_us: int, end_us: int, mounted: _Mounted, spans: Mapping[int, list[tuple[int, int]]]
) -> Iterator[Turn]:
    own = sorted((to_us(mount.until), to_us(mount.since), mount.vehicle_id) for mount in mounted.of_device[device])
    left = next(((off_us, vehicle_id) for off_us, on_us, vehicle_id in own if on_us < end_us and off_us > begin_us), None)
    if left is None:
        return
    free_us, vehicle_id = left
    first_us: int | None = None
    for mount in mounted.of_vehicle[vehicle_id]:
        on_us = to_us(mount.since)
        if free_us <= on_us < end_us:
            first_us = on_us if first_us is None else first_us
            free_us = to_us(mount.until)
            calls_us = [begin for begin, _ in spans.get(mount.device_id, ()) if begin > on_us and mount.device_id != device]
            yield Turn(mount.device_id, device, on_us, min(free_us, end_us, *calls_us))
    if first_us is not None:
        yield Turn(device, _NOBODY, first_us, end_us)
