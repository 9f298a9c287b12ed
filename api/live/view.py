"""What one stream shows: the part of the map that its page looks at, no finer than its page can draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

from domain.errors import InvalidInputError

_TILE: Final = 256  # pixels of the whole world at zoom 0


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east and north in degrees; a box over the antimeridian has its west east of its east."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude_deg: float, latitude_deg: float) -> bool:
        """Whether a place is inside, or on the edge."""
        if not self.south <= latitude_deg <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= longitude_deg <= self.east
        return longitude_deg >= self.west or longitude_deg <= self.east


def box_of(text: str) -> Box:
    """`west,south,east,north` in degrees. Raises InvalidInputError."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInputError("query.bbox", "must be west,south,east,north in degrees") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInputError("query.bbox", "longitudes go from -180 to 180, latitudes from -90 to 90, south before north")
    return Box(west, south, east, north)


@dataclass(slots=True)
class View:
    """Remembers what it has shown: a vehicle that leaves the box is shown once more, so that its page can take it away."""

    box: Box | None = None
    zoom: float | None = None
    _inside: dict[str, tuple[float, float, str]] = field(default_factory=dict)

    def chosen(self, kind: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the items that it shows, in their order. What has no place is shown everywhere."""
        if kind == "positions":
            return [item for item in items if self._shows_vehicle(item)]
        return [item for item in items if self._holds(item.get("place"))]

    def _shows_vehicle(self, vehicle: dict[str, Any]) -> bool:
        here, name = vehicle["position"], vehicle["vehicle_id"]
        if here is None or here["longitude_deg"] is None:
            return True
        before = self._inside.get(name)
        if not self._holds(here):
            return self._inside.pop(name, None) is not None
        if before is not None and before[2] == vehicle["state"] and not self._is_seen_to_move(before, here):
            return False
        self._inside[name] = (here["longitude_deg"], here["latitude_deg"], vehicle["state"])
        return True

    def _holds(self, place: dict[str, Any] | None) -> bool:
        if self.box is None or place is None:
            return True
        return self.box.holds(place["longitude_deg"], place["latitude_deg"])

    def _is_seen_to_move(self, before: tuple[float, float, str], here: dict[str, Any]) -> bool:
        """By a pixel or more, on a map in Mercator's projection."""
        if self.zoom is None:
            return True
        pixel_deg = 360.0 / _TILE / 2.0**self.zoom
        shrink: float = max(math.cos(math.radians(here["latitude_deg"])), 0.01)
        east_deg: float = (here["longitude_deg"] - before[0] + 180.0) % 360.0 - 180.0
        north_deg: float = (here["latitude_deg"] - before[1]) / shrink
        return bool(math.hypot(east_deg, north_deg) >= pixel_deg)
