"""From GeoJSON areas and lines to edges: checked, repaired where rings are invalid, in one turn of the Earth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from domain.errors import InvalidInputError

Floats = NDArray[np.float64]

_WIDEST_CROSSING_DEG = 90.0
_POLAR_DEG = 45.0


@dataclass(frozen=True, slots=True)
class Repair:
    """A zone whose rings were invalid, and what was wrong with them."""

    zone_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of several outlines one after another: `rows[starts[i]:starts[i + 1]]` are those of the i-th."""

    rows: Floats  # (e, 4) longitude, latitude from and to, degrees
    starts: NDArray[np.int64]  # (n + 1,)


NO_EDGES = Edges(np.empty((0, 4)), np.zeros(1, dtype=np.int64))


def _quickly(geometry: Mapping[str, Any]) -> BaseGeometry | None:
    """A polygon made of arrays, in a quarter of the time that `shape` takes corner by corner; None if it is not so plain."""
    if geometry.get("type") != "Polygon":
        return None
    try:
        rings = [np.asarray(ring) for ring in geometry["coordinates"]]
    except (ValueError, TypeError, KeyError):
        return None
    if not rings or any(ring.dtype.kind not in "if" or ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 4 for ring in rings):
        return None
    return shapely.Polygon(rings[0], rings[1:])


def read_geometry(geometry: Mapping[str, Any], field: str) -> BaseGeometry:
    """A shapely geometry of finite coordinates within range. Raises InvalidInputError naming `field`."""
    try:
        read = _quickly(geometry) or shapely.force_2d(shape(geometry))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
        raise InvalidInputError(field, f"cannot be read as GeoJSON: {str(error).strip()}") from error
    if read.is_empty:
        raise InvalidInputError(field, "has no coordinates")
    return read


def check_range(geometries: Sequence[BaseGeometry], field_of: Callable[[int], str]) -> None:
    """Raise InvalidInputError for the first geometry with a coordinate that is not a number or out of range."""
    coordinates, owner = shapely.get_coordinates(np.asarray(geometries, dtype=object), return_index=True)
    fine = (np.abs(coordinates[:, 0]) <= 540.0) & (np.abs(coordinates[:, 1]) <= 90.0)
    if not fine.all():
        row = int(np.argmin(fine))
        raise InvalidInputError(
            field_of(int(owner[row])), f"coordinate {coordinates[row].tolist()} is not a longitude and latitude in degrees"
        )


def _short_way(ring: Floats) -> Floats:
    """The ring with each step of longitude taken the short way round."""
    steps = np.diff(ring[:, 0])
    turns = np.cumsum(np.concatenate(([0.0], np.where(steps > 180.0, -360.0, np.where(steps < -180.0, 360.0, 0.0)))))
    return np.column_stack((ring[:, 0] + turns, ring[:, 1]))


def unwrap_ring(ring: Floats) -> Floats:
    """A ring (n, 2) that jumps across the anti-meridian, made continuous beyond it, or closed over the pole it goes round.

    Others come back as they are: without a step of more than 180 degrees, or too wide to be meant so (more than 90 degrees,
    or round the Earth without being poleward of 45 degrees).
    """
    steps = np.abs(np.diff(ring[:, 0]))
    if not (steps > 180.0).any() or (steps >= 360.0).any():
        return ring
    continuous = _short_way(ring)
    if continuous[-1, 0] == continuous[0, 0]:
        return continuous if np.ptp(continuous[:, 0]) <= _WIDEST_CROSSING_DEG else ring
    north = bool((ring[:, 1] >= _POLAR_DEG).all())
    if abs(continuous[-1, 0] - continuous[0, 0]) != 360.0 or not (north or (ring[:, 1] <= -_POLAR_DEG).all()):
        return ring
    pole = math.copysign(90.0, 1.0 if north else -1.0)
    over = [[continuous[-1, 0], pole], [continuous[0, 0], pole], continuous[0]]
    return np.vstack((continuous, over))


def _near_turn(ring: Floats, west: float) -> Floats:
    middle = (ring[:, 0].min() + ring[:, 0].max()) / 2.0
    turn = 360.0 * round((west - middle) / 360.0)
    return ring if turn == 0.0 else np.column_stack((ring[:, 0] + turn, ring[:, 1]))


def unwrap_area(area: BaseGeometry) -> BaseGeometry:
    """An area whose rings cross the anti-meridian, or whose parts lie on both sides of it, in one turn of the Earth."""
    parts = [part for part in shapely.get_parts(area) if not part.is_empty]
    rings = [[unwrap_ring(shapely.get_coordinates(ring)) for ring in shapely.get_rings(part)] for part in parts]
    west, _, east, _ = area.bounds
    touches_both = len(parts) > 1 and west <= -179.0 and east >= 179.0
    crosses = any(ring[:, 0].max() > 180.0 or ring[:, 0].min() < -180.0 for part in rings for ring in part)
    if touches_both or crosses:
        first = (rings[0][0][:, 0].min() + rings[0][0][:, 0].max()) / 2.0
        moved = [[_near_turn(ring, first) for ring in part] for part in rings]
        spread = [ring[:, 0] for part in moved for ring in part]
        if max(x.max() for x in spread) - min(x.min() for x in spread) <= _WIDEST_CROSSING_DEG or crosses:
            rings = moved
    return shapely.multipolygons([shapely.Polygon(part[0], part[1:]) for part in rings])


def unwrap_line(line: BaseGeometry) -> BaseGeometry:
    """A line that jumps across the anti-meridian made continuous beyond it."""
    parts = [_short_way(shapely.get_coordinates(part)) for part in shapely.get_parts(line)]
    return shapely.multilinestrings([shapely.LineString(part) for part in parts])


def may_cross(geometries: Sequence[BaseGeometry]) -> NDArray[np.bool_]:
    """Which geometries are so wide, or so far out, that they may cross the anti-meridian."""
    bounds = shapely.bounds(np.asarray(geometries, dtype=object))
    wide = bounds[:, 2] - bounds[:, 0] > 180.0
    return np.asarray(wide | (bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0), dtype=np.bool_)


def repair_areas(areas: list[BaseGeometry], zone_ids: Sequence[str]) -> list[Repair]:
    """Replace invalid areas of the list by `shapely.make_valid` of them, or what comes to the same, and name them."""
    array = np.asarray(areas, dtype=object)
    repairs = []
    for place in np.flatnonzero(~shapely.is_valid(array)).tolist():
        repairs.append(Repair(zone_ids[place], str(shapely.is_valid_reason(array[place]))))
        if not _rings_are_apart(array[place]):
            areas[place] = shapely.make_valid(array[place])
    return repairs


def _rings_are_apart(area: BaseGeometry) -> bool:
    """Whether no ring of a polygon meets itself or another, such as a hole that lies outside.

    Then `make_valid` only says anew which of them are holes, in fifty times as long; whoever counts how often rings are crossed
    does not ask.
    """
    return area.geom_type == "Polygon" and bool(shapely.is_simple(shapely.multilinestrings(shapely.get_rings(area))))


def _lines_of(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Rings of areas; lines and points that a repair left over go there and back, edge by edge, and so enclose nothing."""
    lines: list[BaseGeometry] = []
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            lines.extend(shapely.get_rings(part))
        elif part.geom_type == "Point":
            lines.append(shapely.LineString([part, part]))
        elif part.geom_type in ("LineString", "LinearRing"):
            ends = list(pairwise(shapely.get_coordinates(part).tolist()))
            lines.extend(shapely.LineString([start, end, start]) for start, end in ends)
        else:
            lines.extend(_lines_of(part))
    return lines


def outline_edges(outlines: Sequence[BaseGeometry], is_line: NDArray[np.bool_]) -> Edges:
    """Edges of the rings of areas and, where `is_line`, of lines, in their order and direction."""
    array = np.asarray(outlines, dtype=object)
    kind = shapely.get_type_id(array)
    areas, lines = np.isin(kind, (3, 6)), is_line
    polygons, polygon_owner = shapely.get_parts(array[areas], return_index=True)
    rings, ring_polygon = shapely.get_rings(polygons, return_index=True)
    strings, string_owner = shapely.get_parts(array[lines], return_index=True)
    mixed = [(part, place) for place in np.flatnonzero(~areas & ~lines).tolist() for part in _lines_of(outlines[place])]
    pieces = np.concatenate((rings, strings, np.array([part for part, _ in mixed], dtype=object)))
    owner = np.concatenate(
        (
            np.flatnonzero(areas)[polygon_owner[ring_polygon]],
            np.flatnonzero(lines)[string_owner],
            np.array([place for _, place in mixed], dtype=np.int64),
        )
    )
    order = np.argsort(owner, kind="stable")
    return line_edges(pieces[order], owner[order], len(outlines))


def line_edges(lines: NDArray[np.object_], owner: NDArray[np.int64], count: int) -> Edges:
    """Edges of lines; `owner` says, ascending, which of `count` outlines each belongs to."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    rows = np.column_stack((coordinates[:-1][joined], coordinates[1:][joined]))
    per_outline = np.bincount(np.asarray(owner)[line[1:][joined]], minlength=count)
    return Edges(np.ascontiguousarray(rows), np.concatenate(([0], np.cumsum(per_outline))).astype(np.int64))


def canonical_turn(edges: Edges) -> Edges:
    """The same edges with each outline's west in [-180, 180)."""
    rows = edges.rows.copy()
    west = np.minimum.reduceat(np.minimum(rows[:, 0], rows[:, 2]), edges.starts[:-1])
    turns = 360.0 * np.floor((west + 180.0) / 360.0)
    if turns.any():
        shift = np.repeat(turns, np.diff(edges.starts))[:, None]
        rows[:, ::2] -= shift
    return Edges(rows, edges.starts)
