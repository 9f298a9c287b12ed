"""`beatwatch zones match`, run as a person would."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from beatwatch.judged_files import read_files
from geofence.parameters import Parameters

BOWTIE = [[77.0, 13.0], [77.2, 13.2], [77.2, 13.0], [77.0, 13.2], [77.0, 13.0]]
SQUARE = [[77.1, 13.0], [77.3, 13.0], [77.3, 13.1], [77.1, 13.1], [77.1, 13.0]]


def feature(shape: str, coordinates: Any, **more: Any) -> dict[str, Any]:
    """A feature; `id` apart, what is named is a property."""
    named = {"id": more.pop("id")} if "id" in more else {}
    return {"type": "Feature", **named, "properties": more, "geometry": {"type": shape, "coordinates": coordinates}}


FEATURES = [
    feature("Polygon", [BOWTIE], id="bow, tie", KGISWardName="of another's making", kind="ward"),
    feature("Polygon", [SQUARE]),
    feature("Point", [77.05, 13.05], id=7, radius_m=500.0),
    feature("LineString", [[77.0, 13.15], [77.3, 13.15]], id="road", width_m=100.0),
]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, not looked at."""
    command = [sys.executable, "-m", "beatwatch", "zones", "match", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)


@pytest.fixture
def zones_file(tmp_path: Path) -> Path:
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": FEATURES}))
    return file


def points_file(path: Path, places: list[tuple[float, float]]) -> Path:
    """Points with a column more, gzipped where the name says so."""
    text = "latitude_deg,name,longitude_deg\n" + "".join(f"{y!r},p,{x!r}\n" for x, y in places)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["points.csv", "points.csv.gz"])
def test_each_zone_that_covers_a_point(tmp_path: Path, zones_file: Path, name: str) -> None:
    generator = np.random.default_rng(2)
    scattered = generator.uniform((76.9, 12.9), (77.4, 13.3), (500, 2)).tolist()
    places = [(77.1, 13.1), (77.0, 13.0), (77.1, 13.05), (77.05, 13.05), (77.25, 13.15), *map(tuple, scattered)]
    done = run(zones_file, points_file(tmp_path / name, places), "-o", tmp_path / "out.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert [line for line in done.stderr.splitlines() if "repaired" in line] == [
        "repaired: zone bow, tie: Self-intersection[77.1 13.1]"
    ]
    with (tmp_path / "out.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["point", "zone"]
    points = shapely.points(places)
    areas = {"bow, tie": shapely.make_valid(shapely.Polygon(BOWTIE)), "1": shapely.Polygon(SQUARE)}
    expected = {(str(i), z) for z, area in areas.items() for i in np.flatnonzero(shapely.covers(area, points))}
    assert {(point, zone) for point, zone in rows if zone in areas} == expected
    assert {("3", "7"), ("4", "road")} <= {(point, zone) for point, zone in rows}
    assert len(rows) == len({tuple(row) for row in rows})


@pytest.mark.acceptance
def test_without_a_file_the_rows_are_printed(tmp_path: Path, zones_file: Path) -> None:
    done = run(zones_file, points_file(tmp_path / "p.csv", [(0.0, 0.0), (77.15, 13.05)]))
    assert (done.returncode, done.stdout) == (0, 'point,zone\n1,"bow, tie"\n1,1\n')


@pytest.mark.acceptance
def test_what_lies_nowhere_and_what_shares_a_name_is_told(tmp_path: Path) -> None:
    nowhere: dict[str, Any] = {"type": "Feature", "properties": {}, "geometry": None}
    twice = [feature("Polygon", [SQUARE], id=7.0), nowhere, feature("Polygon", [SQUARE], id="7")]
    (tmp_path / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": twice}))
    done = run(tmp_path / "zones.geojson", points_file(tmp_path / "p.csv", [(77.15, 13.05)]))
    assert (done.returncode, done.stdout) == (0, "point,zone\n0,7\n0,7\n")
    assert done.stderr.splitlines() == [
        "warning: features.1 has no geometry and is left out",
        "warning: 2 zones are named 7: the rows do not tell them apart",
    ]


def test_zones_that_share_a_name_are_told_to_who_judges_by_them(tmp_path: Path) -> None:
    zones, tracks = tmp_path / "zones.geojson", tmp_path / "tracks.csv"
    twice = [feature("Polygon", [SQUARE], id=7.0), feature("Polygon", [SQUARE], id="7"), feature("Polygon", [SQUARE], id="8")]
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": twice}))
    tracks.write_text("device_id,fix_time\nvan-1,2026-05-01T06:00:00Z\n")
    warnings: list[str] = []
    read_files({"tracks": tracks, "zones": zones}, Parameters(), warnings.append, lambda _: None)
    assert [warning[:21] for warning in warnings] == ["2 zones are named 7: "]


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("change", "points", "named"),
    [
        ({}, "longitude_deg,latitude_deg\n77.1,13.0\n77.1,91\n", "row 2, column latitude_deg"),
        ({}, "longitude_deg,latitude_deg\n77.1,x\n", "row 1, column latitude_deg"),
        ({}, "longitude_deg,latitude_deg\n,13.0\n", "row 1, column longitude_deg"),
        ({}, "longitude_deg\n77.1\n", "latitude_deg"),
        ({"geometry": {"type": "Point", "coordinates": [77.0, 13.0]}}, "longitude_deg,latitude_deg\n", "radius_m"),
        (
            {"properties": {"radius_m": 0}, "geometry": {"type": "Point", "coordinates": [77, 13]}},
            "longitude_deg,latitude_deg\n",
            "zones.geojson, zones.0.radius_m",
        ),
        ({"geometry": {"type": "Polygon", "coordinates": [[[77.0, 13.0]]]}}, "longitude_deg,latitude_deg\n", "geometry"),
    ],
)
def test_a_bad_file_is_an_error_that_names_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], points: str, named: str
) -> None:
    zones = tmp_path / "zones.geojson"
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [{**FEATURES[1], **change}]}))
    (tmp_path / "p.csv").write_text(points)
    done = run(zones, tmp_path / "p.csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: invalid_input: ")
    assert named in done.stderr
    assert not (tmp_path / "out.csv").exists()
