"""What cannot be meant is refused at the API and by `judge` alike, naming the field."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
TRIP = trip_document("T-1", "tracker-of-van-1", NOW)
EARLIER = "2026-03-02T05:00:00+00:00"


def changed(path: str, value: Any) -> dict[str, Any]:
    document = deepcopy(TRIP)
    *way, last = path.split(".")
    part: Any = document
    for step in way:
        part = part[int(step)] if isinstance(part, list) else part[step]
    part[int(last) if isinstance(part, list) else last] = value
    return document


TRIPS = [
    (changed("route.coordinates", [list(DEPOT)]), "route"),
    (changed("route.coordinates", [list(DEPOT), list(DEPOT)]), "route"),
    (changed("route.type", "Point"), "route.type"),
    (changed("planned_end", EARLIER), "planned_end"),
    (changed("stops.1.window_end", EARLIER), "stops.1.window_end"),
    (changed("stops.2.longitude_deg", TRIP["stops"][0]["longitude_deg"]), "stops.2"),
    (changed("stops.1.stop_id", "S-1"), "stops.1.stop_id"),
    (changed("stops.0.radius_m", 0), "stops.0.radius_m"),
    (changed("stops.0.latitude_deg", 97), "stops.0.latitude_deg"),
    (changed("stops.0.cases", -1), "stops.0.cases"),
    (changed("proofs", [{"stop_id": "S-9", "captured_at": EARLIER}]), "proofs.0.stop_id"),
]


def zone(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": "z", "properties": {"kind": "red", **properties}, "geometry": geometry}


POINT = {"type": "Point", "coordinates": list(DEPOT)}
HOURS = {"weekday": 0, "opens": "08:00", "closes": "18:00"}
ZONES = [
    (zone(POINT), "radius_m"),
    (zone(POINT, radius_m=0), "radius_m"),
    (zone({"type": "LineString", "coordinates": [list(DEPOT)]}, width_m=20), "coordinates"),
    (zone({"type": "Polygon", "coordinates": [[list(DEPOT), [77.6, 13.0]]]}), "coordinates"),
    (zone({"type": "Circle", "coordinates": list(DEPOT)}), "type"),
    (zone(POINT, radius_m=50, valid_from="2026-03-02T06:00:00Z", valid_until=EARLIER), "valid_until"),
    (zone(POINT, radius_m=50, schedule={"time_zone": "Mars/Olympus", "hours": [HOURS]}), "schedule.time_zone"),
    (zone(POINT, radius_m=50, schedule={"time_zone": "UTC", "hours": []}), "schedule.hours"),
    (zone(POINT, radius_m=50, schedule={"time_zone": "UTC", "hours": [{**HOURS, "weekday": 7}]}), "schedule.hours.0.weekday"),
    (zone(POINT, radius_m=50, schedule={"time_zone": "UTC", "hours": [{**HOURS, "opens": "soon"}]}), "schedule.hours.0.opens"),
]


@pytest.mark.parametrize(("document", "field"), TRIPS, ids=[field for _, field in TRIPS])
def test_the_api_refuses_an_impossible_trip(client: httpx.Client, yard: Yard, document: dict[str, Any], field: str) -> None:
    yard.van("van-1")
    answer = client.post("/trips", json=document)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert field in answer.json()["errors"][0]["field"]
    assert client.get("/trips").json()["items"] == []


@pytest.mark.parametrize(("document", "field"), ZONES, ids=[field for _, field in ZONES])
def test_the_api_refuses_an_impossible_zone(client: httpx.Client, document: dict[str, Any], field: str) -> None:
    answer = client.post("/zones", json=document)
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
    assert client.get("/zones").json()["features"] == []


def test_a_zone_keeps_its_hours(client: httpx.Client) -> None:
    schedule = {"time_zone": "Asia/Kolkata", "hours": [HOURS]}
    document = zone(POINT, radius_m=50, schedule=schedule)
    assert client.post("/zones", json=document).json()["stored"] == ["z"]
    assert client.post("/zones", json=document).json()["unchanged"] == ["z"]
    assert client.get("/zones/z").json()["properties"]["schedule"] == schedule


FILES = [("trips", *TRIPS[0]), ("trips", *TRIPS[4]), ("trips", *TRIPS[5]), ("zones", *ZONES[5])]


@pytest.mark.parametrize(("what", "document", "field"), FILES)
def test_judge_refuses_it_too(tmp_path: Path, what: str, document: dict[str, Any], field: str) -> None:
    (tmp_path / "tracks.csv").write_text(
        "device_id,fix_time,longitude_deg,latitude_deg\ntracker-of-van-1,2026-03-02T06:00:00Z,77.6,12.97\n"
    )
    (tmp_path / what).write_text(json.dumps(document))
    command = [sys.executable, "-m", "beatwatch", "judge", "--tracks", "tracks.csv", f"--{what}", what]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.lstrip().startswith("error: invalid_input: ")
    assert field in done.stderr
