"""All zones of an organisation, by place: an index that changes zone by zone and answers in flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import NotFoundError
from domain.zones import Zone
from geofence.index.outlines import Repair
from geofence.index.pools import Room, grown
from geofence.index.schedules import clock_changes_us, microseconds, validity_us, week_windows_us
from geofence.index.shapes import Shapes, shapes_of
from geofence.kernels.cell_pages import PAGE_FAN, renew_pages
from geofence.kernels.cells import (
    AHEAD,
    DEEPEST,
    FAN,
    FREE_LIST,
    FREE_NODE,
    LIST_HEAD,
    LISTS_USED,
    NODE_SLOTS,
    NODES_USED,
    PIECES_USED,
    ROOT_COLUMNS,
    ROOT_ROWS,
    USED_SIZE,
)
from geofence.kernels.outline_cells import corridor_margin_deg
from geofence.kernels.raster import put_zones, take_zone
from geofence.kernels.slabs import cut_outline
from geofence.kernels.zone_arrays import (
    EDGE_COUNT,
    FIRST_EDGE,
    FIRST_SLAB,
    FREE,
    REACH,
    SLAB_COUNT,
    Scratch,
    ZoneArrays,
)
from geofence.kernels.zone_batches import (
    covering_pairs,
    distances_m,
    near_triples,
)

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Integers = NDArray[np.int32]

_ANY_TIME = np.empty(0, dtype=np.int64)


def _empty_arrays() -> ZoneArrays:
    return ZoneArrays(
        root=np.zeros((ROOT_COLUMNS * ROOT_ROWS, 2), dtype=np.int32),
        nodes=np.zeros((64 * NODE_SLOTS, 2), dtype=np.int32),
        pages=np.zeros((1, PAGE_FAN * PAGE_FAN), dtype=np.int32),
        page_root=np.full(1, -1, dtype=np.int32),
        lists=np.zeros((512, 2), dtype=np.int32),
        pieces=np.zeros((64, 4), dtype=np.int32),
        shape=np.zeros(16, dtype=np.int8),
        box=np.zeros((16, 4)),
        circle=np.zeros((16, 8)),
        disc=np.zeros((16, 4), dtype=np.int32),
        span=np.zeros((16, 4), dtype=np.int32),
        slab=np.zeros((16, 2)),
        slab_first=np.zeros(64, dtype=np.int32),
        edges=np.zeros((64, 4)),
        valid_us=np.zeros((16, 2), dtype=np.int64),
        schedule=np.full(16, -1, dtype=np.int32),
        week=np.zeros((1, 4), dtype=np.int64),
        window_us=np.zeros((1, 2), dtype=np.int64),
        clock_us=np.zeros((1, 2), dtype=np.int64),
    )


class ZoneIndex:
    """Which zones cover a place, how far it is to their boundaries, which a movement touches.

    A zone has a number, its row in `arrays`, from when it is added until it is removed; the number is then used again. Several
    versions of one zone may be held together, told apart by their validity. Not for use by one thread while another changes it.
    """

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        """Build from zones, numbered in their order. Raises InvalidInputError naming the zone and field that is wrong."""
        self.repairs: list[Repair] = []
        self._arrays = _empty_arrays()
        self._zones: list[Zone | None] = []
        self._free: list[int] = []
        self._used = np.zeros(USED_SIZE, dtype=np.int64)
        self._used[FREE_NODE] = -1
        self._used[FREE_LIST:] = -1
        self._used[LISTS_USED] = LIST_HEAD + AHEAD  # an empty list at 0, for slots that lead to none
        self._edge_room, self._slab_room = Room(), Room()
        self._weeks: dict[Any, int] = {}
        self._window_count = self._clock_count = 0
        self.add_all(list(zones))

    @property
    def arrays(self) -> ZoneArrays:
        """The flat form for kernels; take it anew after each change."""
        return self._arrays

    @property
    def zones(self) -> Sequence[Zone | None]:
        """Zones by number; None where one was removed."""
        return self._zones

    def __len__(self) -> int:
        return len(self._zones) - len(self._free)

    def scratch(self) -> Scratch:
        """Room for the answers of `zones_near` and `zones_crossed`; take it anew after zones were added."""
        capacity = len(self._arrays.shape)
        stack = np.zeros((FAN * FAN * DEEPEST + 1, 3), dtype=np.int64)
        return Scratch(np.zeros(capacity, dtype=np.int32), np.zeros(capacity), np.zeros(capacity, dtype=np.bool_), stack)

    def add(self, zone: Zone) -> int:
        """Add one zone; its number. Raises InvalidInputError naming the field that is wrong, and changes nothing then."""
        return int(self.add_all([zone])[0])

    def add_all(self, zones: Sequence[Zone]) -> NDArray[np.int64]:
        """Add zones; their numbers. Raises InvalidInputError for the first that is wrong, and adds none then."""
        if not zones:
            return np.empty(0, dtype=np.int64)
        shapes = shapes_of(zones)
        fields = [f"zones.{zone.zone_id}" for zone in zones]
        valid_us = [validity_us(zone, field) for zone, field in zip(zones, fields, strict=True)]
        weeks = [self._week(zone, field) for zone, field in zip(zones, fields, strict=True)]
        reused = [self._free.pop() for _ in range(min(len(self._free), len(zones)))]
        fresh = range(len(self._zones), len(self._zones) + len(zones) - len(reused))
        numbers = np.array([*reused, *fresh], dtype=np.int64)
        self._zones.extend([None] * len(fresh))
        self._reserve_rows(len(self._zones))
        for number, zone in zip(numbers, zones, strict=True):
            self._zones[number] = zone
        self._write(numbers, shapes)
        self._arrays.valid_us[numbers] = valid_us
        self._arrays.schedule[numbers] = weeks
        self.repairs.extend(shapes.repairs)
        self._put(numbers)
        return numbers

    def remove(self, number: int) -> Zone:
        """Take a zone out. Raises NotFoundError if there is none of that number."""
        zone = self._zones[number] if 0 <= number < len(self._zones) else None
        if zone is None:
            raise NotFoundError("zone number", str(number))
        arrays = self._arrays
        take_zone(arrays, self._used, number)
        self._renew_pages(np.array([number]))
        span = arrays.span[number]
        if span[SLAB_COUNT] > 0:
            self._edge_room.give_back(int(span[FIRST_EDGE]), int(span[EDGE_COUNT]))
            self._slab_room.give_back(int(span[FIRST_SLAB]), int(span[SLAB_COUNT]) + 1)
        arrays.shape[number] = FREE
        arrays.span[number] = 0
        self._zones[number] = None
        self._free.append(number)
        return zone

    def covers(self, longitude_deg: Floats, latitude_deg: Floats, at_us: Longs | None = None) -> tuple[Longs, Integers]:
        """Pairs (place, zone number) of zones that cover places, boundary included; by place, then number.

        `at_us`, microseconds since 1970 UTC, one for all (1,) or for each place (n,), leaves zones out that are not valid
        or not open then. Places out of range or not a number are in no zone.
        """
        return covering_pairs(self._arrays, longitude_deg, latitude_deg, _ANY_TIME if at_us is None else at_us)

    def signed_distance_m(self, number: int, longitude_deg: Floats, latitude_deg: Floats, limit_m: float = np.inf) -> Floats:
        """Metres from each place to a zone's boundary, negative inside, cut at `limit_m` either way."""
        return distances_m(self._arrays, number, longitude_deg, latitude_deg, limit_m)

    def near(self, longitude_deg: Floats, latitude_deg: Floats, radius_m: float) -> tuple[Longs, Integers, Floats]:
        """(place, zone number, signed distance in metres) of zones at most `radius_m` away; by place, nearest first."""
        return near_triples(self._arrays, longitude_deg, latitude_deg, radius_m, self.scratch())

    def at(self, moment: datetime) -> Longs:
        """A moment as `covers` wants it."""
        return np.array([microseconds(moment, "at")], dtype=np.int64)

    def _reserve_rows(self, rows: int) -> None:
        arrays = self._arrays
        self._arrays = arrays._replace(
            shape=grown(arrays.shape, rows),
            box=grown(arrays.box, rows),
            circle=grown(arrays.circle, rows),
            disc=grown(arrays.disc, rows),
            span=grown(arrays.span, rows),
            slab=grown(arrays.slab, rows),
            valid_us=grown(arrays.valid_us, rows),
            schedule=grown(arrays.schedule, rows, -1),
        )

    def _write(self, numbers: NDArray[np.int64], shapes: Shapes) -> None:
        arrays = self._arrays
        arrays.shape[numbers] = shapes.shape
        arrays.box[numbers] = shapes.box
        arrays.circle[numbers] = shapes.circle
        arrays.span[numbers] = 0
        starts = shapes.edges.starts
        for place, number in enumerate(numbers):
            if starts[place + 1] > starts[place]:
                self._write_outline(int(number), shapes.edges.rows[starts[place] : starts[place + 1]])

    def _write_outline(self, number: int, edges: Floats) -> None:
        box = self._arrays.box[number]
        margin_deg = corridor_margin_deg(self._arrays.circle[number, REACH])
        first, cut, density = cut_outline(edges, box[1], box[3], margin_deg)
        edge, slab = self._edge_room.take(len(cut)), self._slab_room.take(len(first))
        self._arrays = arrays = self._arrays._replace(
            edges=grown(self._arrays.edges, self._edge_room.end),
            slab_first=grown(self._arrays.slab_first, self._slab_room.end),
        )
        arrays.edges[edge : edge + len(cut)] = cut
        arrays.slab_first[slab : slab + len(first)] = first
        arrays.span[number] = edge, len(cut), slab, len(first) - 1
        arrays.slab[number] = box[1], density

    def _put(self, numbers: NDArray[np.int64]) -> None:
        for first, last in _runs(numbers):
            done = first
            while (done := put_zones(self._arrays, self._used, done, last)) < last:
                self._grow_pools()
        self._renew_pages(numbers)

    def _renew_pages(self, numbers: NDArray[np.int64]) -> None:
        while not renew_pages(self._arrays, numbers):
            pages, page_root = self._arrays.pages, self._arrays.page_root
            more = grown(pages, len(pages) + 1)
            self._arrays = self._arrays._replace(pages=more, page_root=np.full(len(more), -1, dtype=np.int32))
            self._arrays.page_root[: len(page_root)] = page_root

    def _grow_pools(self) -> None:
        """Make the pools larger that are fullest; what is put in fails when one has no room."""
        arrays, used = self._arrays, self._used
        nodes, lists, pieces = arrays.nodes, arrays.lists, arrays.pieces
        fullness = (used[NODES_USED] * NODE_SLOTS / len(nodes), used[LISTS_USED] / len(lists), used[PIECES_USED] / len(pieces))
        full = [share >= 0.8 * max(fullness) for share in fullness]
        self._arrays = arrays._replace(
            nodes=grown(nodes, len(nodes) + full[0]),
            lists=grown(lists, len(lists) + full[1]),
            pieces=grown(pieces, len(pieces) + full[2]),
        )

    def _week(self, zone: Zone, field: str) -> int:
        """Row of the zone's schedule in `week`, written if it is new; -1 for none."""
        schedule = zone.schedule
        if schedule is None:
            return -1
        if schedule in self._weeks:
            return self._weeks[schedule]
        windows, clocks = week_windows_us(schedule, field), clock_changes_us(schedule, field)
        row = len(self._weeks)
        arrays = self._arrays
        self._arrays = arrays = arrays._replace(
            week=grown(arrays.week, row + 1),
            window_us=grown(arrays.window_us, self._window_count + len(windows)),
            clock_us=grown(arrays.clock_us, self._clock_count + len(clocks)),
        )
        arrays.week[row] = self._window_count, len(windows), self._clock_count, len(clocks)
        arrays.window_us[self._window_count : self._window_count + len(windows)] = windows
        arrays.clock_us[self._clock_count : self._clock_count + len(clocks)] = clocks
        self._window_count += len(windows)
        self._clock_count += len(clocks)
        self._weeks[schedule] = row
        return row


def _runs(numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Stretches of consecutive numbers as (first, one past last)."""
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    edges = [0, *breaks.tolist(), len(numbers)]
    return [(int(numbers[start]), int(numbers[stop - 1]) + 1) for start, stop in pairwise(edges)]
