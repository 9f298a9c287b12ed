"""What the engine judges against: zones and trips, valid as of the fix time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.deliveries import Order
from domain.suppressor_validity import check_suppressor
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.validity import check_trip
from domain.zones import Zone


@dataclass(frozen=True, slots=True)
class World:
    """Everything planned and drawn that can touch the devices. Zones hold for their validity, trips for their own time.

    A trip is frozen at dispatch: give the revision that was dispatched. Trips of one device must not begin together.
    Raises InvalidInputError naming the field (`trips.3.stops.0.window_end`) for an impossible trip; the engine does for a zone.
    """

    zones: tuple[Zone, ...] = ()
    trips: tuple[Trip, ...] = ()
    devices: Mapping[int, str] = field(default_factory=dict)  # number in ROW -> the tracker's key in trips and events
    organisations: Mapping[int, int] = field(default_factory=dict)  # device number -> organisation; missing = 0
    suppressors: tuple[Suppressor, ...] = ()
    orders: tuple[Order, ...] = ()  # what each stop was to get and got; a delivery counts from its proof on

    def __post_init__(self) -> None:
        for number, trip in enumerate(self.trips):
            check_trip(trip, f"trips.{number}")
        for number, suppressor in enumerate(self.suppressors):
            check_suppressor(suppressor, f"suppressors.{number}")
