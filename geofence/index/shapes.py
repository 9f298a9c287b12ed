"""From zones as people give them to rows of the index's arrays, many at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from domain.errors import InvalidInputError
from domain.zones import Zone
from geofence.index.outlines import (
    NO_EDGES,
    Edges,
    Repair,
    canonical_turn,
    check_range,
    may_cross,
    outline_edges,
    read_geometry,
    repair_areas,
    unwrap_area,
    unwrap_line,
)
from geofence.kernels.metres import NEAR_M, POLEWARD_DEG, scale_at
from geofence.kernels.outline_cells import corridor_margin_deg
from geofence.kernels.zone_arrays import AREA, CIRCLE, CORRIDOR, EAST, LATITUDE, LONGITUDE, REACH

Floats = NDArray[np.float64]

MOST_METRES = 10_000_000.0
_SHAPES = {"Point": CIRCLE, "Polygon": AREA, "MultiPolygon": AREA, "LineString": CORRIDOR, "MultiLineString": CORRIDOR}


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the arrays say of some zones; `edges` has none for circles."""

    shape: NDArray[np.int8]  # (n,)
    box: Floats  # (n, 4)
    circle: Floats  # (n, 8)
    edges: Edges
    repairs: list[Repair]


def _reach_m(zone: Zone, kind: int, field: str) -> float:
    """Radius of a circle or half-width of a corridor. Raises InvalidInputError if it is missing or makes no sense."""
    if kind == AREA:
        return 0.0
    name, value = ("radius_m", zone.radius_m) if kind == CIRCLE else ("width_m", zone.width_m)
    if value is None:
        raise InvalidInputError(f"{field}.{name}", f"is missing; a {zone.geometry.get('type')} needs it")
    if not (math.isfinite(value) and 0.0 < value <= MOST_METRES):
        raise InvalidInputError(f"{field}.{name}", f"{value} is not a number of metres above 0 and up to {MOST_METRES:.0f}")
    return float(value)


def circle_row(longitude_deg: float, latitude_deg: float, radius_m: float) -> Floats:
    """A row of `ZoneArrays.circle`; a circle that is large or near a pole has no scale."""
    row = np.zeros(8)
    row[LONGITUDE], row[LATITUDE], row[REACH] = longitude_deg, latitude_deg, radius_m
    if radius_m <= NEAR_M - 500.0 and abs(latitude_deg) <= POLEWARD_DEG:
        row[EAST : EAST + 5] = scale_at(latitude_deg)
    return row


def widened(box: Floats, reach_m: float) -> Floats:
    """A box (west, south, east, north) with at least `reach_m` more on each side; all round if that reaches a pole."""
    margin = corridor_margin_deg(reach_m) + 1e-9
    south, north = max(-90.0, box[1] - margin), min(90.0, box[3] + margin)
    furthest = max(abs(box[1]), abs(box[3]))
    # The meridians that touch a circle are further apart than its centre's parallel says: sin(radius) / cos(latitude).
    sine = math.sin(math.radians(min(90.0, margin))) / max(1e-12, math.cos(math.radians(furthest)))
    margin = math.degrees(math.asin(sine)) * 1.001 + 1e-9 if sine < 1.0 else 180.0
    if box[2] - box[0] + 2.0 * margin >= 360.0:
        middle = (box[0] + box[2]) / 2.0
        return np.array([middle - 180.0, south, middle + 180.0, north])
    return np.array([box[0] - margin, south, box[2] + margin, north])


def _boxes(edges: Edges) -> Floats:
    """(n, 4) west, south, east, north of each outline."""
    low, high = np.minimum(edges.rows[:, :2], edges.rows[:, 2:]), np.maximum(edges.rows[:, :2], edges.rows[:, 2:])
    starts = edges.starts[:-1]
    return np.hstack((np.minimum.reduceat(low, starts, axis=0), np.maximum.reduceat(high, starts, axis=0)))


def _read(zone: Zone, field: str) -> BaseGeometry | tuple[float, float]:
    """A circle's centre, or the geometry of an area or line."""
    kind = zone.geometry.get("type") if isinstance(zone.geometry, Mapping) else None
    if kind not in _SHAPES:
        raise InvalidInputError(f"{field}.geometry.type", f"{kind!r} is none of {', '.join(_SHAPES)}")
    geometry = read_geometry(zone.geometry, f"{field}.geometry")
    return (geometry.x, geometry.y) if kind == "Point" else geometry


def _straightened(geometries: list[BaseGeometry]) -> list[BaseGeometry]:
    """Those that cross the anti-meridian put in one turn of the Earth."""
    straight = list(geometries)
    for place in np.flatnonzero(may_cross(geometries)):
        unwrap = unwrap_area if geometries[place].geom_type.endswith("Polygon") else unwrap_line
        straight[place] = unwrap(geometries[place])
    return straight


def _edges_of(geometries: list[BaseGeometry], kinds: list[int], zone_ids: list[str]) -> tuple[Edges, list[Repair]]:
    """Edges of areas (repaired) and lines in the order given."""
    straight = _straightened(geometries)
    areas = [place for place, kind in enumerate(kinds) if kind == AREA]
    repaired = [straight[place] for place in areas]
    repairs = repair_areas(repaired, [zone_ids[place] for place in areas])
    for place, area in zip(areas, repaired, strict=True):
        straight[place] = area
    return canonical_turn(outline_edges(straight, np.array(kinds) == CORRIDOR)), repairs


def shapes_of(zones: Sequence[Zone]) -> Shapes:
    """Check, repair and describe zones. Raises InvalidInputError naming `zones.ID.field` for the first that cannot be."""
    fields = [f"zones.{zone.zone_id}" for zone in zones]
    read = [_read(zone, field) for zone, field in zip(zones, fields, strict=True)]
    kinds = [_SHAPES[zone.geometry["type"]] for zone in zones]
    reaches = [_reach_m(zone, kind, field) for zone, kind, field in zip(zones, kinds, fields, strict=True)]
    outlines = [place for place, kind in enumerate(kinds) if kind != CIRCLE]
    circle, box = np.zeros((len(zones), 8)), np.zeros((len(zones), 4))
    for place, centre in enumerate(read):
        if isinstance(centre, tuple):
            x, y = checked_centre(centre, fields[place])
            circle[place] = circle_row(x, y, reaches[place])
            box[place] = widened(np.array([x, y, x, y]), reaches[place])
    edges = NO_EDGES
    repairs: list[Repair] = []
    if outlines:
        geometries = [read[place] for place in outlines]
        check_range(geometries, lambda place: f"{fields[outlines[place]]}.geometry")
        edges, repairs = _edges_of(geometries, [kinds[i] for i in outlines], [zones[i].zone_id for i in outlines])
        boxes = _boxes(edges)
        for row, place in enumerate(outlines):
            circle[place, REACH] = reaches[place]
            circle[place, EAST : EAST + 5] = scale_at((boxes[row, 1] + boxes[row, 3]) / 2.0)
            box[place] = boxes[row] if kinds[place] == AREA else widened(boxes[row], reaches[place])
    counts = np.zeros(len(zones), dtype=np.int64)
    counts[outlines] = np.diff(edges.starts)
    starts = np.concatenate(([0], np.cumsum(counts)))
    return Shapes(np.array(kinds, dtype=np.int8), box, circle, Edges(edges.rows, starts), repairs)


def checked_centre(centre: tuple[float, float], field: str) -> tuple[float, float]:
    """A circle's centre with its longitude in [-180, 180]. Raises InvalidInputError if it is out of range."""
    longitude, latitude = centre
    if not (abs(longitude) <= 540.0 and abs(latitude) <= 90.0):
        raise InvalidInputError(f"{field}.geometry", f"coordinate {list(centre)} is not a longitude and latitude in degrees")
    return longitude - 360.0 * math.floor((longitude + 180.0) / 360.0) if abs(longitude) > 180.0 else longitude, latitude
