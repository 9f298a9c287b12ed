"""What the numbers of zones and trips stand for in one world: in another world the same names have other numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.zones import Zone
from geofence.planned import PlannedTrip


@dataclass(frozen=True, slots=True)
class Names:
    """Zones and trips by their numbers, and the numbers by their names."""

    zones: tuple[Zone, ...]
    trips: tuple[PlannedTrip, ...]
    zone_numbers: Mapping[str, int]
    trip_numbers: Mapping[str, int]

    def zone(self, number: int) -> str:
        """The name of a zone."""
        return zone_name(self.zones[number])

    def trip(self, number: int) -> str | None:
        """The name of a trip; None for none, which is -1."""
        return self.trips[number].trip.trip_id if number >= 0 else None


def zone_name(zone: Zone) -> str:
    """Tells the versions of one zone apart."""
    return zone.zone_id if zone.valid_from is None else f"{zone.zone_id} since {zone.valid_from.isoformat()}"
