"""The map of an alert: the track around it, the places near, and the figures that decided."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import folium

from api.maps.leaflet import OwnFullscreen, OwnMap, add_html, text
from api.maps.trip_map import SEVERITIES
from domain.wording import title
from evidence.dossier import Dossier, NearPlace, is_gap
from store.fleet import Fix

_TRACK: Final = "#0f766e"
_PLACE: Final = "#3b6fb6"
_GAP: Final = "#6b7280"
_ON_THE_MAP: Final = {"longitude_deg", "latitude_deg"}


def draw_alert(dossier: Dossier) -> OwnMap:
    """A map with the track of ten minutes either side, near zones and stops, and a card of what is known."""
    drawn = OwnMap(tiles=None, control_scale=True, prefer_canvas=False, zoom_control="bottomright")
    OwnFullscreen(position="bottomright").add_to(drawn)  # type: ignore[no-untyped-call]
    for layer in (_near(dossier), _track(dossier), _happened(dossier)):
        layer.add_to(drawn)
    folium.LayerControl(position="topright", collapsed=True).add_to(drawn)
    _frame(drawn, dossier)
    add_html(drawn, _heading(dossier), title(dossier.alert.rule))
    return drawn


def _near(dossier: Dossier) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Zones and stops")
    for place in dossier.near:
        shape = {"type": "Feature", "geometry": place.outline, "properties": {}}
        folium.GeoJson(
            shape,
            style_function=lambda _: {"color": _PLACE, "weight": 1, "fillOpacity": 0.08},
            tooltip=f"{text(place.name)} · {text(place.what)} · {_away(place)}",
        ).add_to(layer)
    return layer


def _track(dossier: Dossier) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Track")
    for before, after in pairwise(dossier.track):
        look: dict[str, Any] = (
            {"color": _GAP, "weight": 2, "dash_array": "2 8"} if is_gap(before, after) else {"color": _TRACK, "weight": 4}
        )
        folium.PolyLine([_here(before), _here(after)], **look).add_to(layer)  # type: ignore[no-untyped-call]
    for fix in dossier.track:
        folium.CircleMarker(_here(fix), radius=3, color=_TRACK, fill=True, fill_opacity=1, tooltip=_said(fix)).add_to(layer)
    return layer


def _happened(dossier: Dossier) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Alert")
    if dossier.alert.place:
        tone = SEVERITIES[dossier.alert.severity]
        pin = f'<span class="pin event" style="--tone:{tone};--ink:#ffffff"><b>!</b></span>'
        icon = folium.DivIcon(html=pin, icon_size=(26, 26), icon_anchor=(13, 13), class_name="holder")
        here = (dossier.alert.place.latitude_deg, dossier.alert.place.longitude_deg)
        folium.Marker(here, icon=icon, tooltip=text(title(dossier.alert.rule)), z_index_offset=500).add_to(layer)
    return layer


def _frame(drawn: OwnMap, dossier: Dossier) -> None:
    points = [_here(fix) for fix in dossier.track]
    if dossier.alert.place:
        points.append((dossier.alert.place.latitude_deg, dossier.alert.place.longitude_deg))
    if points:
        latitudes, longitudes = zip(*points, strict=True)
        corners = [(min(latitudes), min(longitudes)), (max(latitudes), max(longitudes))]
        drawn.fit_bounds(corners, padding=(64, 64), max_zoom=17)


def _heading(dossier: Dossier) -> str:
    alert = dossier.alert
    where = [alert.vehicle_id, alert.place.name if alert.place else None, alert.trip_id]
    return (
        f'<header class="heading"><h1>{text(title(alert.rule))} <small>{text(alert.severity)}</small></h1>'
        f"<p>{text(' · '.join(part for part in where if part))}</p><p>{text(_span(dossier))}</p>"
        '<p class="links"><a href="/console/alerts">Alerts</a> · <a href="?download=true">Keep this map as one file</a></p>'
        f"<details><summary>Figures</summary><table>{_rows(dossier)}</table></details>{_sensors(dossier)}</header>"
    )


def _sensors(dossier: Dossier) -> str:
    from evidence.picture import draw_strips  # the drawing library takes a second to load, which few requests need

    strips = draw_strips(dossier)
    if strips is None:
        return ""
    picture = f'<img alt="What the sensors said" width="320" src="data:image/png;base64,{base64.b64encode(strips).decode()}">'
    return f"<details><summary>Sensors</summary>{picture}</details>"


def _rows(dossier: Dossier) -> str:
    plain = [
        (_words(name), value)
        for name, value in dossier.alert.facts.items()
        if not isinstance(value, dict | list) and name not in _ON_THE_MAP
    ]
    rows: Iterable[tuple[str, object]] = [*plain, *((place.name, _away(place)) for place in dossier.near)]
    return "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in rows)


def _span(dossier: Dossier) -> str:
    ended = f" to {_clock(dossier.ended_at)} UTC" if dossier.ended_at else " UTC, no end yet"
    return f"{dossier.started_at.astimezone(UTC):%d %b %Y} {_clock(dossier.started_at)}{ended}"


def _said(fix: Fix) -> str:
    speed = "" if fix.speed_mps is None else f" · {fix.speed_mps * 3.6:.0f} km/h"
    door = " · door open" if fix.door_open else ""
    return f"{_clock(fix.fix_time)}{speed}{door}"


def _away(place: NearPlace) -> str:
    return "inside" if place.distance_m <= 0 else f"{place.distance_m:,.0f} m away"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def _here(fix: Fix) -> tuple[float, float]:
    assert fix.latitude_deg is not None
    assert fix.longitude_deg is not None
    return fix.latitude_deg, fix.longitude_deg


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
