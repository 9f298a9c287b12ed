"""The map of a picture: where the van was, what is near, and where it happened."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from evidence.dossier import Dossier, NearPlace, is_gap
from evidence.palette import ALARM, GROUND, INK, PLACE, QUIET, TRACK
from store.fleet import Fix

LonLat = tuple[float, float]
_LEAST_HALF_WIDTH_M: Final = 150.0
_METRES_A_DEGREE: Final = 111_195.0
_LABEL_DECIMALS: Final = 4
"""Of a degree: names whose places are closer, some ten metres, are written below each other."""


def draw_map(panel: Axes, dossier: Dossier) -> None:
    """Draw it in the colours of the palette, north up and to scale."""
    panel.set_facecolor(GROUND)
    for place in dossier.near:
        _draw_place(panel, place)
    for above, names in place_labels(dossier.near).items():
        panel.annotate(names, above, fontsize=7, color=PLACE, ha="center", va="bottom", annotation_clip=True, clip_on=True)
    _draw_track(panel, dossier)
    if dossier.alert.place:
        here = dossier.alert.place
        panel.plot(here.longitude_deg, here.latitude_deg, "X", color=ALARM, markersize=13, markeredgecolor="white", zorder=5)
    _frame(panel, dossier)
    panel.set_xticks([])
    panel.set_yticks([])


def place_labels(places: Iterable[NearPlace]) -> dict[LonLat, str]:
    """What to write above which point, in degrees; names of one place, as of a shop and its stop, are lines of one text."""
    names: dict[LonLat, dict[str, None]] = {}
    for place in places:
        for ring in _rings(place.outline)[:1]:
            longitude_deg, latitude_deg = max(ring, key=lambda point: point[1])
            above = (round(longitude_deg, _LABEL_DECIMALS), round(latitude_deg, _LABEL_DECIMALS))
            side = "inside" if place.distance_m <= 0 else f"{place.distance_m:,.0f} m away"
            names.setdefault(above, {})[f"{_plain(place.name)} ({side})"] = None
    return {above: "\n".join(lines) for above, lines in names.items()}


def _draw_place(panel: Axes, place: NearPlace) -> None:
    for ring in _rings(place.outline):
        panel.fill(*zip(*ring, strict=True), facecolor=PLACE, alpha=0.10, edgecolor="none")
        panel.plot(*zip(*ring, strict=True), color=PLACE, linewidth=1)


def _draw_track(panel: Axes, dossier: Dossier) -> None:
    steps = list(pairwise(dossier.track))
    for gaps, style in ((False, {"color": TRACK}), (True, {"color": QUIET, "linestyle": ":"})):
        lines = [[_point(before), _point(after)] for before, after in steps if is_gap(before, after) is gaps]
        panel.add_collection(LineCollection(lines, linewidths=2, zorder=2, **style))
    for during, color in ((False, TRACK), (True, ALARM)):
        points = [_point(fix) for fix in dossier.track if _is_during(dossier, fix.fix_time) is during]
        panel.plot([point[0] for point in points], [point[1] for point in points], ".", color=color, markersize=5)


def _frame(panel: Axes, dossier: Dossier) -> None:
    points = [_point(fix) for fix in dossier.track]
    if dossier.alert.place:
        points.append((dossier.alert.place.longitude_deg, dossier.alert.place.latitude_deg))
    if not points:
        panel.text(0.5, 0.5, "no position is known", transform=panel.transAxes, ha="center", color=QUIET)
        return
    west, east = min(point[0] for point in points), max(point[0] for point in points)
    south, north = min(point[1] for point in points), max(point[1] for point in points)
    shrink = max(math.cos(math.radians((south + north) / 2)), 0.01)
    wide = _width_to_height(panel)
    least = _LEAST_HALF_WIDTH_M / _METRES_A_DEGREE
    half = max((east - west) * shrink / wide / 2, (north - south) / 2, least) * 1.15
    panel.set_xlim((west + east) / 2 - half * wide / shrink, (west + east) / 2 + half * wide / shrink)
    panel.set_ylim((south + north) / 2 - half, (south + north) / 2 + half)
    _draw_scale(panel, half, shrink)


def _width_to_height(panel: Axes) -> float:
    figure = panel.get_figure(root=True)
    assert figure is not None
    width_in, height_in = figure.get_size_inches()
    box = panel.get_position()
    return float(box.width * width_in / (box.height * height_in))


def _draw_scale(panel: Axes, half_deg: float, shrink: float) -> None:
    length_m = 10 ** math.floor(math.log10(half_deg * _METRES_A_DEGREE / 2))
    share = length_m / _METRES_A_DEGREE / shrink
    west, south = panel.get_xlim()[0], panel.get_ylim()[0]
    start = west + half_deg / shrink * 0.08
    height = south + half_deg * 0.08
    panel.plot([start, start + share], [height, height], color=INK, linewidth=3, solid_capstyle="butt")
    label = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    panel.text(start, height + half_deg * 0.03, label, fontsize=8, color=INK)


def _rings(outline: Any) -> list[list[tuple[float, float]]]:
    kind, parts = outline["type"], outline.get("coordinates", ())
    if kind == "Polygon":
        return [[(point[0], point[1]) for point in ring] for ring in parts]
    if kind == "MultiPolygon":
        return [[(point[0], point[1]) for point in ring] for polygon in parts for ring in polygon]
    return []


def _point(fix: Fix) -> tuple[float, float]:
    assert fix.longitude_deg is not None
    assert fix.latitude_deg is not None
    return fix.longitude_deg, fix.latitude_deg


def _is_during(dossier: Dossier, moment: datetime) -> bool:
    return dossier.started_at <= moment <= (dossier.ended_at or dossier.until)


def _plain(name: str) -> str:
    """Without what would be read as a formula."""
    return name.replace("$", "\\$")
