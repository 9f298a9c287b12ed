"""Which zones hold which points, many at a time. Pure.

A point counts as inside by its coordinates alone: a rule that must not see a fix jump over a boundary says for how long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from domain.zones import Zone
from own_rules.hours import is_open, zone_of

_METRES_PER_DEGREE: Final = 111_195.08
_CIRCLE_SEGMENTS: Final = 32  # for each quarter: the area is that of the circle to a thousandth
MOST: Final = 32  # zones around one point that an expression sees


class Places:
    """The zones of an organisation, by place."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = sorted(zones, key=lambda zone: zone.zone_id)
        self._tree = shapely.STRtree([_area(zone) for zone in self._zones])

    def around(self, points: NDArray[np.float64], moments: Sequence[datetime]) -> list[list[Zone]]:
        """The zones that hold each of (n, 2) points, longitude before latitude, and were in force at its moment."""
        found: list[list[Zone]] = [[] for _ in moments]
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if not len(self._zones) or not len(known):
            return found
        pairs = self._tree.query(shapely.points(points[known]), predicate="covered_by")
        for place, number in sorted(zip(known[pairs[0]].tolist(), pairs[1].tolist(), strict=True)):
            zone = self._zones[number]
            if len(found[place]) < MOST and _is_in_force(zone, moments[place]):
                found[place].append(zone)
        return found


def _is_in_force(zone: Zone, moment: datetime) -> bool:
    if zone.valid_from is not None and moment < zone.valid_from:
        return False
    if zone.valid_until is not None and moment >= zone.valid_until:
        return False
    if zone.schedule is None:
        return True
    return is_open(zone.schedule.hours, moment.astimezone(zone_of(zone.schedule.time_zone)))


def _area(zone: Zone) -> BaseGeometry:
    """In degrees; widened, where it is a circle or a corridor, in metres around its middle."""
    drawn = shape(zone.geometry)
    widened_m = (zone.radius_m or 0.0) + (zone.width_m or 0.0)
    if widened_m:
        latitude_deg = drawn.centroid.y
        narrowing = max(1e-6, math.cos(math.radians(latitude_deg)))
        metres = shapely.transform(drawn, lambda degrees: degrees * [_METRES_PER_DEGREE * narrowing, _METRES_PER_DEGREE])
        wide = metres.buffer(widened_m, quad_segs=_CIRCLE_SEGMENTS)
        drawn = shapely.transform(wide, lambda far: far / [_METRES_PER_DEGREE * narrowing, _METRES_PER_DEGREE])
    return drawn if drawn.is_valid else shapely.make_valid(drawn)
