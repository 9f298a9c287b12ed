"""What a part of a world tells: a van's days, or the sensors of a town."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.deliveries import Order
from domain.devices import Assignment
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.fleet.days import Day
from simulators.fleet.fixes import Fixes
from simulators.order import trip_order, truth_order
from simulators.sensors.network import Sensed
from simulators.simulation import NearIncident
from wire.files.orders_json import order_line
from wire.files.trip_json import trip_line
from wire.files.truth_jsonl import truth_line
from wire.files.zone_geojson import zone_line

Line = tuple[Any, bytes]
"""A line of a file, and what puts it in order there."""


@dataclass
class Lines:
    """Records as they stand in their files: far less to hand to another process and to keep than the records themselves."""

    trips: list[Line] = field(default_factory=list)
    orders: list[Line] = field(default_factory=list)
    truth: list[Line] = field(default_factory=list)
    zones: list[Line] = field(default_factory=list)


@dataclass
class Told:
    """Rows and records in the order in which they were made; after `ink` the records are lines."""

    fixes: list[Fixes] = field(default_factory=list)
    trips: list[Trip] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    truth: list[Incident | TrueVisit] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)
    approvals: list[Suppressor] = field(default_factory=list)
    nearly: list[NearIncident] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    sensed: Sensed = field(default_factory=Sensed)
    days: int = 0
    last: datetime | None = None

    def take(self, day: Day) -> None:
        """Add a vehicle-day."""
        self.fixes.append(day.fixes)
        self.trips.append(day.trip)
        self.orders += day.orders
        self.truth += day.truth
        self.zones += day.zones
        self.approvals += day.approvals
        self.nearly += [NearIncident(kind, day.trip.device_id, day.trip.planned_start.date()) for kind in day.nearly]
        self.last = max(self.last or day.trip.planned_end, day.trip.planned_end)
        self.days += 1

    def add(self, part: Told, vans: int) -> None:
        """Add what another part told; assets are devices numbered after all `vans`."""
        self.sensed.add(part.sensed, vans)
        self.truth += self.sensed.truth
        self.fixes += self.sensed.fixes
        self.sensed.truth, self.sensed.fixes = [], []
        for ours, theirs in zip(_lists(self), _lists(part), strict=True):
            ours.extend(theirs)
        self.last = max((one for one in (self.last, part.last) if one is not None), default=None)
        self.days += part.days

    def ink(self) -> Told:
        """Turn records into lines; itself."""
        self.truth += self.sensed.truth
        self.lines.trips += [(trip_order(trip), trip_line(trip, self.approvals)) for trip in self.trips]
        self.lines.orders += [(None, order_line(order)) for order in self.orders]
        self.lines.truth += [(truth_order(record), truth_line(record).encode()) for record in self.truth]
        self.lines.zones += [(None, zone_line(zone)) for zone in self.zones]
        self.trips, self.orders, self.truth, self.zones, self.sensed.truth = [], [], [], [], []
        return self


def _lists(told: Told) -> Iterator[list[Any]]:
    for name in _OWN:
        yield getattr(told, name)
    for name in _LINED:
        yield getattr(told.lines, name)


_LINED: Final = ("trips", "orders", "truth", "zones")
_OWN: Final = ("fixes", *_LINED, "approvals", "nearly", "assignments")
