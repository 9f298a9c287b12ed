"""Reads the world that devices are judged against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from domain.deliveries import Order
from domain.errors import InvalidInputError
from domain.suppressor_validity import check_suppressor
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.validity import check_trip, check_zone
from domain.zones import Zone
from geofence.parameters import Parameters
from geofence.worker.settings import parameters_of
from geofence.world import World
from store.conclusions import Judged
from store.lanes import lane_of, registered_devices
from store.parameters import settings
from store.planning import trips_between, zones_between
from store.pool import Connection
from store.suppressors import approved_between
from store.trip_orders import trip_orders_between

HISTORY: Final = timedelta(days=8)
"""For how long before the newest fixes plans are kept at hand; older data that comes fetches what it needs."""
TRIP_SPAN: Final = timedelta(days=2)
"""For how long before a fix a trip may have been planned to end and still be the one that is driven."""
_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)
_log = structlog.get_logger("geofence")
Planned = TypeVar("Planned")


@dataclass(slots=True)
class Plans:
    """What is planned for the active devices of some lanes, for fixes from `since` on."""

    devices: dict[int, list[Judged]] = field(default_factory=dict)  # by organisation
    since: datetime = _END_OF_TIME
    org_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))  # by device number; 0 = nobody's
    judged: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, np.bool_))  # by device number
    _zones: Mapping[int, tuple[Zone, ...]] = field(default_factory=dict)
    _trips: Mapping[int, tuple[Trip, ...]] = field(default_factory=dict)
    _orders: Mapping[int, tuple[Order, ...]] = field(default_factory=dict)
    _suppressors: Mapping[int, tuple[Suppressor, ...]] = field(default_factory=dict)
    _parameters: Mapping[int, Parameters] = field(default_factory=dict)

    def read(self, connection: Connection, lanes: Collection[int], since: datetime) -> None:
        """Read everything again, for fixes from `since` on."""
        zones = zones_between(connection, since - TRIP_SPAN, None)
        self._zones = {org_id: usable(versions, check_zone) for org_id, versions in zones.items()}
        self.since = since
        self.read_trips(connection, lanes)

    def read_trips(self, connection: Connection, lanes: Collection[int]) -> None:
        """Read devices, trips, orders, approvals and parameters again; the zones stay the very same."""
        self.read_devices(connection, lanes)
        trips = trips_between(connection, self.since - TRIP_SPAN, _END_OF_TIME)
        self._trips = {org_id: usable(planned, check_trip) for org_id, planned in trips.items()}
        self._orders = trip_orders_between(connection, self.since - TRIP_SPAN, _END_OF_TIME)
        approved = approved_between(connection, self.since - TRIP_SPAN, None)
        self._suppressors = {org_id: usable(records, check_suppressor) for org_id, records in approved.items()}
        self._parameters = parameters_of(settings(connection))

    def read_devices(self, connection: Connection, lanes: Collection[int]) -> None:
        """Read the devices alone."""
        registered = registered_devices(connection)
        size = max((device.device_id for device, _ in registered), default=0) + 1
        self.org_of, self.judged = np.zeros(size, np.int32), np.zeros(size, np.bool_)
        grouped: dict[int, list[Judged]] = defaultdict(list)
        for device, is_active in registered:
            self.org_of[device.device_id] = device.org_id
            if is_active and lane_of(device.device_id) in lanes:
                self.judged[device.device_id] = True
                grouped[device.org_id].append(device)
        self.devices = dict(grouped)

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
