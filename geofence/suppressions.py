"""Which approvals hold for a device at a moment, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from domain.suppressor_validity import place_of
from domain.suppressors import Suppressor, SuppressorKind
from domain.zones import Schedule, Zone, ZoneKind
from geofence.index import ZoneIndex
from geofence.rows import from_us, to_us

BREAKDOWN: Final = frozenset({SuppressorKind.breakdown})
PAUSED: Final = frozenset({SuppressorKind.breakdown, SuppressorKind.break_window})
_FOREVER_US: Final = 2**62
_EVERYBODY: Final = ""


class _Held(NamedTuple):
    kind: SuppressorKind
    since_us: int
    until_us: int
    trip_id: str | None
    schedule: Schedule | None
    area: int  # in the index of detours, or -1


class Suppressions:
    """The approvals of one world. Zones of the kind `detour` are approved detours for everybody."""

    def __init__(self, suppressors: Iterable[Suppressor] = (), zones: Iterable[Zone] = ()) -> None:
        self._held: dict[str, list[_Held]] = defaultdict(list)
        areas: list[Zone] = []
        for one in suppressors:
            if one.kind is SuppressorKind.approved_place:
                continue
            area = -1
            if one.geometry is not None:
                area = len(areas)
                areas.append(place_of(one))
            until_us = _FOREVER_US if one.valid_until is None else to_us(one.valid_until)
            held = _Held(one.kind, to_us(one.valid_from), until_us, one.trip_id, one.schedule, area)
            self._held[one.device_id or _EVERYBODY].append(held)
        areas += [zone for zone in zones if zone.kind is ZoneKind.detour]
        self._areas = ZoneIndex(areas) if areas else None
        self._trip_of_area = {held.area: held.trip_id for kept in self._held.values() for held in kept if held.area >= 0}

    def until(self, device_id: str, trip_id: str | None, kinds: Collection[SuppressorKind], at_us: int) -> int | None:
        """Until when something of these kinds holds without a pause; None: nothing does at this moment."""
        until_us, moment_us = None, at_us
        spans = sorted(self._spans(device_id, trip_id, kinds, at_us, at_us + 8 * 86_400_000_000))
        for low, high in spans:
            if low <= moment_us < high:
                until_us = moment_us = high
        return until_us

    def seconds(
        self, device_id: str, trip_id: str | None, kinds: Collection[SuppressorKind], low_us: int, high_us: int
    ) -> float:
        """How many of the seconds between two moments are covered by these kinds."""
        covered_us, reached_us = 0, low_us
        for since_us, until_us in sorted(self._spans(device_id, trip_id, kinds, low_us, high_us)):
            covered_us += max(0, min(until_us, high_us) - max(since_us, reached_us))
            reached_us = max(reached_us, min(until_us, high_us))
        return covered_us / 1e6

    def next_turn(self, device_id: str, trip_id: str | None, after_us: int) -> int | None:
        """When the next breakdown begins or ends."""
        turns = [
            moment_us
            for held in self._of(device_id, trip_id)
            if held.kind is SuppressorKind.breakdown
            for moment_us in (held.since_us, held.until_us)
            if after_us < moment_us < _FOREVER_US
        ]
        return min(turns, default=None)

    def is_on_detour(self, device_id: str, trip_id: str | None, at_us: int, place: tuple[int, int] | None) -> bool:
        """Whether a detour is approved for the trip, there (longitude, latitude e7) and then."""
        for held in self._of(device_id, trip_id):
            if held.kind is SuppressorKind.detour and held.area < 0 and held.since_us <= at_us < held.until_us:
                return True
        if self._areas is None or place is None:
            return False
        at = np.array([at_us], np.int64)
        _, areas = self._areas.covers(np.array([place[0] * 1e-7]), np.array([place[1] * 1e-7]), at)
        return any(self._trip_of_area.get(area) in (None, trip_id) for area in areas.tolist())

    def __bool__(self) -> bool:
        return bool(self._held) or self._areas is not None

    def _of(self, device_id: str, trip_id: str | None) -> Iterator[_Held]:
        for held in (*self._held.get(device_id, ()), *self._held.get(_EVERYBODY, ())):
            if held.trip_id is None or held.trip_id == trip_id:
                yield held

    def _spans(
        self, device_id: str, trip_id: str | None, kinds: Collection[SuppressorKind], low_us: int, high_us: int
    ) -> Iterator[tuple[int, int]]:
        for held in self._of(device_id, trip_id):
            if held.kind not in kinds or held.since_us >= high_us or held.until_us <= low_us:
                continue
            if held.schedule is None:
                yield held.since_us, held.until_us
                continue
            for opens_us, closes_us in _windows(held.schedule, low_us, high_us):
                low, high = max(opens_us, held.since_us), min(closes_us, held.until_us)
                if high > low:
                    yield low, high


def _windows(schedule: Schedule, low_us: int, high_us: int) -> Iterator[tuple[int, int]]:
    """The windows of a schedule that meet a span, as moments."""
    zone = ZoneInfo(schedule.time_zone)
    day = from_us(low_us).astimezone(zone).date() - timedelta(days=1)
    last = from_us(high_us).astimezone(zone).date()
    while day <= last:
        for hours in schedule.hours:
            if hours.weekday == day.weekday():
                closing = day if hours.closes > hours.opens else day + timedelta(days=1)
                opens = datetime.combine(day, hours.opens, zone).astimezone(UTC)
                closes = datetime.combine(closing, hours.closes, zone).astimezone(UTC)
                yield to_us(opens), to_us(closes)
        day += timedelta(days=1)


def approved_zones(suppressors: Sequence[Suppressor]) -> tuple[Zone, ...]:
    """The approved places as zones where everybody may halt."""
    return tuple(place_of(one) for one in suppressors if one.kind is SuppressorKind.approved_place)
