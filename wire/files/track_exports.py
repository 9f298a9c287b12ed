"""Tracks in the formats that other programs read: GPX 1.1, KML 2.3 and GeoJSON. Pure: points in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree as Xml

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_KML: Final = "http://www.opengis.net/kml/2.2"
_GX: Final = "http://www.google.com/kml/ext/2.2"


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A place at a moment; altitude in metres above the ellipsoid or the sea, as the device has it."""

    fix_time: datetime
    longitude_deg: float
    latitude_deg: float
    altitude_m: float | None
    speed_mps: float | None


def to_gpx(name: str, points: Sequence[TrackPoint]) -> bytes:
    """One track of one segment."""
    Xml.register_namespace("", _GPX)
    root = Xml.Element(f"{{{_GPX}}}gpx", {"version": "1.1", "creator": "Beatwatch"})
    track = Xml.SubElement(root, f"{{{_GPX}}}trk")
    Xml.SubElement(track, f"{{{_GPX}}}name").text = _xml_text(name)
    segment = Xml.SubElement(track, f"{{{_GPX}}}trkseg")
    for point in points:
        place = {"lat": _degrees(point.latitude_deg), "lon": _degrees(point.longitude_deg)}
        element = Xml.SubElement(segment, f"{{{_GPX}}}trkpt", place)
        if point.altitude_m is not None:
            Xml.SubElement(element, f"{{{_GPX}}}ele").text = f"{point.altitude_m:g}"
        Xml.SubElement(element, f"{{{_GPX}}}time").text = _moment(point.fix_time)
    return _document(root)


def to_kml(name: str, points: Sequence[TrackPoint]) -> bytes:
    """One placemark with a track that map programs can play."""
    Xml.register_namespace("", _KML)
    Xml.register_namespace("gx", _GX)
    root = Xml.Element(f"{{{_KML}}}kml")
    placemark = Xml.SubElement(Xml.SubElement(root, f"{{{_KML}}}Document"), f"{{{_KML}}}Placemark")
    Xml.SubElement(placemark, f"{{{_KML}}}name").text = _xml_text(name)
    track = Xml.SubElement(placemark, f"{{{_GX}}}Track")
    for point in points:
        Xml.SubElement(track, f"{{{_KML}}}when").text = _moment(point.fix_time)
    for point in points:
        height = f" {point.altitude_m:g}" if point.altitude_m is not None else " 0"
        place = f"{_degrees(point.longitude_deg)} {_degrees(point.latitude_deg)}{height}"
        Xml.SubElement(track, f"{{{_GX}}}coord").text = place
    return _document(root)


def to_geojson(name: str, points: Sequence[TrackPoint], properties: dict[str, Any]) -> dict[str, Any]:
    """A feature with a line, and the moment and speed of each of its points."""
    line = [[point.longitude_deg, point.latitude_deg] for point in points]
    return {
        "type": "Feature",
        "id": name,
        "geometry": {"type": "LineString", "coordinates": line} if len(line) > 1 else None,
        "properties": {
            **properties,
            "coordTimes": [point.fix_time.isoformat() for point in points],
            "speed_mps": [point.speed_mps for point in points],
        },
    }


def _document(root: Xml.Element) -> bytes:
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _degrees(value: float) -> str:
    return f"{value:.7f}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _xml_text(text: str) -> str:
    """Without the control characters that no XML document can hold."""
    return "".join(letter for letter in text if letter in "\t\n\r" or letter >= " ")
