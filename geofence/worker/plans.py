"""Reads the world that devices are judged against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Final, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from domain.deliveries import Order
from domain.devices import Mount
from domain.errors import InvalidInputError
from domain.suppressor_validity import check_suppressor
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.validity import check_trip, check_zone
from domain.zones import Zone
from geofence.handover import Handovers, siblings_of, turns_of
from geofence.parameters import Parameters
from geofence.worker.settings import parameters_of
from geofence.world import World
from store.conclusions import Judged
from store.lanes import lane_of, registered_devices
from store.mounts import shared_mounts
from store.parameters import settings
from store.planning import trips_between, trips_of_devices, zones_between
from store.pool import Connection
from store.suppressors import approved_between
from store.trip_orders import orders_of_trips

HISTORY: Final = timedelta(days=8)
"""For how long before the newest fixes plans are kept at hand; older data that comes fetches what it needs."""
TRIP_SPAN: Final = timedelta(days=2)
"""For how long before a fix a trip may have been planned to end and still be the one that is driven."""
_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)
_log = structlog.get_logger("geofence")
_BY_START: Final = attrgetter("planned_start", "trip_id")
_BY_TRIP: Final = attrgetter("trip_id", "order_id")
Planned = TypeVar("Planned")


@dataclass(slots=True)
class Plans:
    """What is planned for the active devices of some lanes, for fixes from `since` on."""

    devices: dict[int, list[Judged]] = field(default_factory=dict)  # by organisation
    since: datetime = _END_OF_TIME
    org_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))  # by device number; 0 = nobody's
    judged: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, np.bool_))  # by device number
    handovers: Handovers = field(default_factory=Handovers)  # of all lanes' devices: who tells whose story
    _registered: list[tuple[Judged, bool]] = field(default_factory=list)
    _keys: dict[int, str] = field(default_factory=dict)  # of all devices by number
    _mounts: dict[int, tuple[Mount, ...]] = field(default_factory=dict)
    _zones: dict[int, tuple[Zone, ...]] = field(default_factory=dict)
    _trips: dict[int, tuple[Trip, ...]] = field(default_factory=dict)  # by start
    _orders: dict[int, tuple[Order, ...]] = field(default_factory=dict)  # by trip
    _suppressors: dict[int, tuple[Suppressor, ...]] = field(default_factory=dict)
    _parameters: dict[int, Parameters] = field(default_factory=dict)

    def read(self, connection: Connection, lanes: Collection[int], since: datetime) -> None:
        """Read everything again, for fixes from `since` on."""
        self.since = since
        self._mounts = shared_mounts(connection, since - TRIP_SPAN)
        self.read_devices(connection, lanes)
        self._read_all(connection, None)
        self.settle_handovers(lanes)

    def read_organisation(self, connection: Connection, org_id: int) -> None:
        """Read all of one organisation again, but for its devices."""
        self._read_all(connection, org_id)

    def read_mounts(self, connection: Connection, lanes: Collection[int]) -> None:
        """Read again which trackers have been on which vehicles, after all else that was to be read."""
        self._mounts = shared_mounts(connection, self.since - TRIP_SPAN)
        self.settle_handovers(lanes)

    def read_trips(self, connection: Connection, devices: Mapping[int, Collection[int]]) -> None:
        """Read trips of devices, given by organisation, again, with what is approved there; all else stays the very same."""
        numbers = [number for theirs in devices.values() for number in theirs]
        trips = trips_of_devices(connection, self.since - TRIP_SPAN, _END_OF_TIME, numbers)
        for org_id, theirs in devices.items():
            keys = {self._keys[number] for number in theirs if number in self._keys}
            read, held = trips.get(org_id, ()), self._trips.get(org_id, ())
            kept = [trip for trip in held if trip.device_id not in keys]
            self._trips[org_id] = tuple(sorted((*kept, *usable(read, check_trip)), key=_BY_START))
            self._read_orders(connection, org_id, {trip.trip_id for trip in (*read, *held) if trip.device_id in keys})
            self._suppressors.update({org_id: ()} | self._approved(connection, org_id))

    def _read_all(self, connection: Connection, org_id: int | None) -> None:
        """Read zones, trips, orders, approvals and parameters of one organisation or, for None, of all of them."""
        since = self.since - TRIP_SPAN
        zones = zones_between(connection, since, None, org_id=org_id)
        trips = trips_between(connection, since, _END_OF_TIME, org_id=org_id)
        held: tuple[dict[int, Any], ...] = (self._zones, self._trips, self._orders, self._suppressors, self._parameters)
        for records in held:
            if org_id is None:
                records.clear()
            else:
                records.pop(org_id, None)
        self._zones.update((org, usable(versions, check_zone)) for org, versions in zones.items())
        for org, planned in trips.items():
            self._trips[org] = tuple(sorted(usable(planned, check_trip), key=_BY_START))
            self._read_orders(connection, org, {trip.trip_id for trip in planned})
        self._suppressors.update(self._approved(connection, org_id))
        self._parameters.update(parameters_of(settings(connection, org_id=org_id)))

    def _read_orders(self, connection: Connection, org_id: int, trip_ids: Collection[str]) -> None:
        kept = [order for order in self._orders.get(org_id, ()) if order.trip_id not in trip_ids]
        self._orders[org_id] = tuple(sorted((*kept, *orders_of_trips(connection, org_id, trip_ids)), key=_BY_TRIP))

    def _approved(self, connection: Connection, org_id: int | None) -> dict[int, tuple[Suppressor, ...]]:
        approved = approved_between(connection, self.since - TRIP_SPAN, None, org_id=org_id)
        return {org: usable(records, check_suppressor) for org, records in approved.items()}

    def read_devices(self, connection: Connection, lanes: Collection[int]) -> None:
        """Read the devices alone."""
        registered = registered_devices(connection)
        size = max((device.device_id for device, _ in registered), default=0) + 1
        self.org_of = np.zeros(size, np.int32)
        self._registered = registered
        self._keys = {device.device_id: device.key for device, _ in registered}
        for device, _ in registered:
            self.org_of[device.device_id] = device.org_id
        self._choose(lanes)

    def _choose(self, lanes: Collection[int]) -> None:
        """Those to be judged: active ones, and those whose story another tells on."""
        self.judged = np.zeros(len(self.org_of), np.bool_)
        grouped: dict[int, list[Judged]] = defaultdict(list)
        for device, is_active in self._registered:
            if (is_active or device.device_id in self.handovers.tracks) and lane_of(device.device_id) in lanes:
                self.judged[device.device_id] = True
                grouped[device.org_id].append(device)
        self.devices = dict(grouped)

    def settle_handovers(self, lanes: Collection[int]) -> None:
        """Find out who tells whose story, from trips, mounts and parameters."""
        numbers: dict[int, dict[str, int]] = defaultdict(dict)
        for number, key in self._keys.items() if self._mounts else ():
            numbers[int(self.org_of[number])][key] = number
        turns = [
            turn
            for org, mounts in self._mounts.items()
            for turn in turns_of(self._trips.get(org, ()), numbers[org], mounts, self.parameters(org), str(org))
        ]
        self.handovers = Handovers(turns, siblings_of(mount for mounts in self._mounts.values() for mount in mounts))
        self._choose(lanes)

    def knows(self, devices: NDArray[np.int32]) -> bool:
        """Whether all these device numbers were registered when this was read."""
        return not len(devices) or (int(devices.max()) < len(self.org_of) and bool(self.org_of[devices].all()))

    def world(self, org_id: int) -> World:
        """The world of one organisation, with the trips of the judged devices alone: other lanes judge the others."""
        keys = {device.device_id: device.key for device in self.devices.get(org_id, ())}
        names = frozenset(keys.values())
        trips = tuple(trip for trip in self._trips.get(org_id, ()) if trip.device_id in names)
        approved, orders = self._suppressors.get(org_id, ()), self._orders.get(org_id, ())
        return World(self._zones.get(org_id, ()), trips, keys, dict.fromkeys(keys, org_id), approved, orders)

    def parameters(self, org_id: int) -> Parameters:
        """The parameters of one organisation, with their history."""
        return self._parameters.get(org_id, Parameters())


def usable(records: Iterable[Planned], check: Callable[[Planned], None]) -> tuple[Planned, ...]:
    """Records that pass the check. What was written past the checks of `store.planning` must not stop everybody's judgement."""
    kept = []
    for record in records:
        try:
            check(record)
        except InvalidInputError as error:
            _log.error("left_out_of_the_world", record=type(record).__name__, reason=str(error))
        else:
            kept.append(record)
    return tuple(kept)
