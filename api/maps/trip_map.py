"""The map of a trip: what was planned, what was driven, and what became of the stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import folium

from api.maps.leaflet import OwnFullscreen, OwnMap, add_html, text
from api.resources.events import Event
from api.resources.trips import Stop, Trip
from api.resources.vehicles import Position
from evidence.dossier import LONGEST_GAP

LonLat = tuple[float, float]

PACES: Final = (
    (2.0, "#be123c", "below 7"),
    (5.5, "#d97706", "7 to 20"),
    (11.0, "#65a30d", "20 to 40"),
    (1e9, "#0f766e", "above 40"),
)
"""Upper bound in m/s, colour, and what it is called in km/h."""

VISITS: Final = {
    "serviced": "#15803d",
    "arrived": "#15803d",
    "approaching": "#3b6fb6",
    "probable": "#a3a31a",
    "drive_by": "#d97706",
    "out_of_sequence": "#d97706",
    "skipped": "#6b7280",
    "missed": "#be123c",
    "no_data": "#6b7280",
    "pending": "#ffffff",
}
SEVERITIES: Final = {"info": "#3b6fb6", "low": "#4d7c0f", "medium": "#a45a07", "high": "#c2340f", "critical": "#be123c"}
_PLANNED: Final = "#3b6fb6"
_CROSSINGS: Final = frozenset({"zone_enter", "zone_exit"})
_CLOSEST: Final = 17  # zoom of a frame around one place alone


def draw_trip(trip: Trip, track: Sequence[Position], events: Sequence[Event]) -> OwnMap:
    """A map with a layer each for plan, track, stops, events and, not shown at first, entering and leaving zones."""
    drawn = OwnMap(tiles=None, control_scale=True, prefer_canvas=False, zoom_control="bottomright")
    OwnFullscreen(position="bottomright").add_to(drawn)  # type: ignore[no-untyped-call]
    told, crossings = _told(events), [event for event in events if event.rule in _CROSSINGS]
    marked = _events("Events", told), _events("Zones entered and left", crossings, show=False)
    for layer in (_planned(trip), _driven(track), _stops(trip), *marked):
        layer.add_to(drawn)
    folium.LayerControl(position="topright", collapsed=True).add_to(drawn)
    _frame(drawn, trip, track, events)
    add_html(drawn, _heading(trip, track, events) + _legend(trip), trip.trip_id)
    return drawn


def _planned(trip: Trip) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Planned route")
    if trip.route:
        line = [_lat_lon(point) for point in trip.route.coordinates]
        if trip.corridor_m:
            _line(line, color=_PLANNED, weight=18, opacity=0.10, line_cap="round").add_to(layer)
        _line(line, color=_PLANNED, weight=3, opacity=0.85, dash_array="8 7").add_to(layer)
    if trip.depot:
        here = (trip.depot.latitude_deg, trip.depot.longitude_deg)
        folium.Circle(here, radius=trip.depot.radius_m, color="#0f766e", weight=2, fill=True, fill_opacity=0.12).add_to(layer)
        folium.Marker(here, icon=_icon("depot", "D", "#0f766e"), tooltip="Depot").add_to(layer)
    return layer


def _driven(track: Sequence[Position]) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Driven track")
    steps = [pair for pair in pairwise(_located(track)) if pair[1].fix_time - pair[0].fix_time <= LONGEST_GAP]
    whole = [[_here(a), _here(b)] for a, b in steps]
    if whole:
        _line(whole, color="#ffffff", weight=7, opacity=0.9).add_to(layer)
    for (upper, colour, name), (lower, *_) in zip(PACES, ((0.0, "", ""), *PACES), strict=False):
        lines = [[_here(a), _here(b)] for a, b in steps if lower <= (b.speed_mps or 0.0) < upper]
        if lines:
            _line(lines, color=colour, weight=4, opacity=0.95, tooltip=f"{name} km/h").add_to(layer)
    return layer


def _stops(trip: Trip) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name="Stops")
    for number, stop in enumerate(trip.stops, start=1):
        colour = VISITS[stop.visit.state]
        here = (stop.place.latitude_deg, stop.place.longitude_deg)
        folium.Circle(
            here, radius=stop.place.radius_m, color=_PLANNED, weight=1, opacity=0.5, fill_opacity=0.08, fill=True
        ).add_to(layer)
        folium.Marker(
            here,
            icon=_icon(f"stop {stop.visit.state}", str(number), colour),
            tooltip=f"{number} · {text(stop.name)} · {_words(stop.visit.state)}",
            popup=folium.Popup(_stop_card(number, stop), max_width=300),
        ).add_to(layer)
    return layer


def _told(events: Sequence[Event]) -> list[Event]:
    """Those that are no mere entering and leaving of a zone, of which a round has a hundred."""
    return [event for event in events if event.rule not in _CROSSINGS]


def _events(name: str, events: Sequence[Event], *, show: bool = True) -> folium.FeatureGroup:
    layer = folium.FeatureGroup(name=name, show=show)
    for event in events:
        if event.place is None:
            continue
        folium.Marker(
            (event.place.latitude_deg, event.place.longitude_deg),
            icon=_icon("event", "!", SEVERITIES[event.severity]),
            tooltip=f"{text(event.title)} · {_clock(event.started_at)}",
            popup=folium.Popup(_event_card(event), max_width=300),
            z_index_offset=500,
        ).add_to(layer)
    return layer


def _line(places: Sequence[Any], **look: Any) -> folium.PolyLine:
    return folium.PolyLine(places, **look)  # type: ignore[no-untyped-call]


def _icon(kind: str, sign: str, colour: str) -> folium.DivIcon:
    ink = "#1d2433" if colour == "#ffffff" else "#ffffff"
    markup = f'<span class="pin {kind}" style="--tone:{colour};--ink:{ink}"><b>{text(sign)}</b></span>'
    lifted = 34 if kind == "event" else 13  # above the stop it is about
    return folium.DivIcon(html=markup, icon_size=(26, 26), icon_anchor=(13, lifted), class_name="holder")


def _stop_card(number: int, stop: Stop) -> str:
    rows = [
        ("State", _words(stop.visit.state)),
        ("Window", _span(stop.window_start, stop.window_end)),
        ("Visited", _span(stop.visit.arrived_at, stop.visit.departed_at)),
        ("Cases", "" if stop.cases is None else f"{stop.cases:g}"),
        ("Confidence", "" if stop.visit.confidence is None else f"{stop.visit.confidence:.0%}"),
    ]
    return _card(f"{number} · {stop.name}", rows)


def _event_card(event: Event) -> str:
    rows = [("Severity", event.severity.value), ("When", _span(event.started_at, event.ended_at))]
    rows += [(_words(name), str(value)) for name, value in event.facts.items() if not isinstance(value, dict | list)]
    return _card(event.title, [*rows, ("Confidence", f"{event.confidence:.0%}")])


def _card(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>" for name, value in rows if value)
    return f'<div class="card"><h3>{text(title)}</h3><table>{lines}</table></div>'


def _heading(trip: Trip, track: Sequence[Position], events: Sequence[Event]) -> str:
    visited = sum(stop.visit.state in {"serviced", "arrived", "probable", "out_of_sequence"} for stop in trip.stops)
    said = [
        f"{trip.planned_start:%d %b %Y}, {_span(trip.planned_start, trip.planned_end)} UTC",
        f"{visited} of {len(trip.stops)} stops visited",
        f"{len(track)} fixes",
        f"{len(_told(events))} events",
    ]
    return (
        f'<header class="heading"><h1>{text(trip.trip_id)} <small>{text(trip.vehicle_id)}</small></h1>'
        f"<p>{text(' · '.join(said))}</p>"
        '<p class="links"><a href="/">Live map</a> · <a href="?download=true">Keep this map as one file</a></p></header>'
    )


def _legend(trip: Trip) -> str:
    states = dict.fromkeys(stop.visit.state for stop in trip.stops)
    paces = "".join(f'<li><i class="line" style="--tone:{colour}"></i>{name} km/h</li>' for _, colour, name in PACES)
    visits = "".join(f'<li><i class="dot" style="--tone:{VISITS[state]}"></i>{_words(state)}</li>' for state in states)
    return (
        '<aside class="legend" aria-label="Legend"><h2>Driven</h2><ul>' + paces + "</ul>"
        f'<h2>Planned</h2><ul><li><i class="line dashed" style="--tone:{_PLANNED}"></i>route</li>{visits}</ul></aside>'
    )


def _frame(drawn: OwnMap, trip: Trip, track: Sequence[Position], events: Sequence[Event]) -> None:
    points: list[LonLat] = list(trip.route.coordinates) if trip.route else []
    points += [(stop.place.longitude_deg, stop.place.latitude_deg) for stop in trip.stops]
    points += [_here(fix)[::-1] for fix in _located(track)]
    points += [(event.place.longitude_deg, event.place.latitude_deg) for event in events if event.place]
    points += [(trip.depot.longitude_deg, trip.depot.latitude_deg)] if trip.depot else []
    if points:
        longitudes, latitudes = zip(*points, strict=True)
        corners = [(min(latitudes), min(longitudes)), (max(latitudes), max(longitudes))]
        drawn.fit_bounds(corners, padding=(48, 48), max_zoom=_CLOSEST)


def _located(track: Sequence[Position]) -> list[Position]:
    return [fix for fix in track if fix.longitude_deg is not None and fix.latitude_deg is not None]


def _here(fix: Position) -> LonLat:
    assert fix.latitude_deg is not None
    assert fix.longitude_deg is not None
    return fix.latitude_deg, fix.longitude_deg


def _lat_lon(point: LonLat) -> LonLat:
    return point[1], point[0]


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M}" if moment else ""


def _span(since: datetime | None, until: datetime | None) -> str:
    return " to ".join(_clock(moment) for moment in (since, until) if moment)
