from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as Xml

from wire.files.track_exports import TrackPoint, to_geojson, to_gpx, to_kml

START = datetime(2026, 3, 2, 11, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
POINTS = [
    TrackPoint(START, 77.5946, 12.9716, 910.5, 8.0),
    TrackPoint(START + timedelta(seconds=10), -0.0000001, -89.9999999, None, None),
]
SPACES = {
    "gpx": "http://www.topografix.com/GPX/1/1",
    "kml": "http://www.opengis.net/kml/2.2",
    "gx": "http://www.google.com/kml/ext/2.2",
}


def test_gpx_has_each_point_with_its_time() -> None:
    root = Xml.fromstring(to_gpx("van <1>\x00", POINTS))
    assert root.findtext("gpx:trk/gpx:name", namespaces=SPACES) == "van <1>"
    found = root.findall(".//gpx:trkpt", SPACES)
    places = [(point.get("lon"), point.get("lat")) for point in found]
    assert places == [("77.5946000", "12.9716000"), ("-0.0000001", "-89.9999999")]
    assert found[0].findtext("gpx:time", namespaces=SPACES) == "2026-03-02T06:00:00Z"
    assert found[0].findtext("gpx:ele", namespaces=SPACES) == "910.5"
    assert found[1].find("gpx:ele", SPACES) is None


def test_kml_has_as_many_times_as_places() -> None:
    track = Xml.fromstring(to_kml("van-1", POINTS)).find(".//gx:Track", SPACES)
    assert track is not None
    assert [when.text for when in track.findall("kml:when", SPACES)] == ["2026-03-02T06:00:00Z", "2026-03-02T06:00:10Z"]
    assert len(track.findall("gx:coord", SPACES)) == 2


def test_geojson_of_a_single_point_has_no_line() -> None:
    assert to_geojson("van-1", POINTS[:1], {})["geometry"] is None
    assert to_geojson("van-1", POINTS, {"a": 1})["properties"]["coordTimes"][0] == START.isoformat()
    assert START.astimezone(UTC).hour == 6
