"""Where a rule that is being tried would have told something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import folium

from api.maps.leaflet import OwnMap, add_html, text
from api.maps.trip_map import SEVERITIES

_HERE: Final = ("latitude_deg", "longitude_deg")


def draw_trial(name: str, severity: str, samples: Iterable[Mapping[str, Any]]) -> OwnMap:
    """A mark for each event whose place is known."""
    drawn = OwnMap(tiles=None, control_scale=True, prefer_canvas=False, zoom_control="bottomright")
    placed = [sample for sample in samples if all(sample["facts"].get(part) is not None for part in _HERE)]
    for sample in placed:
        here = tuple(sample["facts"][part] for part in _HERE)
        said = f"{text(sample['device'])} · {sample['started_at']:%d %b %H:%M} UTC"
        folium.CircleMarker(here, radius=7, color=SEVERITIES[severity], fill=True, fill_opacity=0.6, tooltip=said).add_to(drawn)
    places = [[sample["facts"][part] for part in _HERE] for sample in placed]
    drawn.fit_bounds(places or [[0.0, 0.0], [1.0, 1.0]], max_zoom=15)
    add_html(drawn, f'<header class="card"><h1>{text(name)}</h1><p>{len(placed)} events with a place</p></header>', name)
    return drawn
