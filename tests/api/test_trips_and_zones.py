from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)

DEPOT_ZONE = {
    "type": "Feature",
    "id": "depot",
    "properties": {"kind": "depot", "name": "Depot", "radius_m": 150},
    "geometry": {"type": "Point", "coordinates": list(DEPOT)},
}


def test_a_trip_comes_back_as_it_was_planned_with_its_visits(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    document = trip_document("T-1", "tracker-of-van-1", NOW)
    assert client.post("/trips", json=document).json() == {"stored": ["T-1"], "unchanged": []}
    yard.visit(van, "T-1", "S-2", "serviced", NOW + timedelta(minutes=30))
    trip = client.get("/trips/T-1").json()
    assert (trip["vehicle_id"], trip["device_key"], trip["corridor_m"]) == ("van-1", "tracker-of-van-1", 200)
    assert trip["route"]["coordinates"] == [list(point) for point in document["route"]["coordinates"]]
    assert [stop["stop_id"] for stop in trip["stops"]] == ["S-1", "S-2", "S-3"]
    assert [stop["visit"]["state"] for stop in trip["stops"]] == ["pending", "serviced", "pending"]
    assert trip["stops"][0]["place"] == {"longitude_deg": 77.6046, "latitude_deg": 12.9716, "radius_m": 75}


def test_the_same_plan_again_changes_nothing(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    document = trip_document("T-1", "tracker-of-van-1", NOW)
    client.post("/trips", json=[document])
    assert client.post("/trips", json=[document]).json() == {"stored": [], "unchanged": ["T-1"]}


def test_trips_are_found_by_vehicle_time_and_state(client: httpx.Client, yard: Yard) -> None:
    for number in (1, 2):
        yard.van(f"van-{number}")
        for day in range(3):
            start = NOW + timedelta(days=day)
            client.post("/trips", json=trip_document(f"T-{number}-{day}", f"tracker-of-van-{number}", start)).raise_for_status()

    def found(**filters: Any) -> list[str]:
        return [trip["trip_id"] for trip in client.get("/trips", params=filters).json()["items"]]

    assert found(vehicle_id="van-2") == ["T-2-2", "T-2-1", "T-2-0"]
    assert found(since=(NOW + timedelta(days=2)).isoformat()) == ["T-2-2", "T-1-2"]
    assert found(until=(NOW + timedelta(hours=1)).isoformat()) == ["T-2-0", "T-1-0"]
    assert found(state="settled") == []
    first = client.get("/trips", params={"limit": 4}).json()
    second = client.get("/trips", params={"limit": 4, "cursor": first["next_cursor"]}).json()
    assert [len(first["items"]), len(second["items"]), second["next_cursor"]] == [4, 2, None]
    assert first["items"][0]["route"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", None),
        (b"[]", None),
        (b'{"trip_id": 7}', "device_id"),
        (b'[{"trip_id": "T", "device_id": "ghost", "planned_start": "2026-01-01T00:00:00Z"}]', "0.planned_end"),
    ],
)
def test_a_trip_that_cannot_be_is_refused_by_its_field(client: httpx.Client, body: bytes, field: str | None) -> None:
    answer = client.post("/trips", content=body)
    if body == b"[]":
        assert answer.json() == {"stored": [], "unchanged": []}
        return
    assert answer.status_code == 422
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


def test_of_several_trips_all_are_stored_or_none(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    good, bad = trip_document("T-1", "tracker-of-van-1", NOW), trip_document("T-2", "ghost", NOW)
    assert client.post("/trips", json=[good, bad]).status_code == 422
    assert client.get("/trips").json()["items"] == []


def test_zones_go_in_and_out_as_geojson(client: httpx.Client) -> None:
    answer = client.post("/zones", json={"type": "FeatureCollection", "features": [DEPOT_ZONE]})
    assert (answer.status_code, answer.json()) == (201, {"stored": ["depot"], "unchanged": []})
    zone = client.get("/zones/depot").json()
    assert zone["geometry"] == DEPOT_ZONE["geometry"]
    assert zone["properties"] | {"kind": "depot", "radius_m": 150} == zone["properties"]
    assert [feature["id"] for feature in client.get("/zones", params={"kind": "depot"}).json()["features"]] == ["depot"]
    assert client.get("/zones", params={"kind": "red"}).json()["features"] == []


def test_a_retired_zone_is_still_known_for_the_time_it_held(client: httpx.Client) -> None:
    client.post("/zones", json=DEPOT_ZONE)
    assert client.delete("/zones/depot", params={"since": NOW.isoformat()}).status_code == 204
    assert client.get("/zones/depot", params={"at": (NOW + timedelta(seconds=1)).isoformat()}).status_code == 404
    assert client.get("/zones/depot", params={"at": (NOW - timedelta(days=1)).isoformat()}).status_code == 200
    assert client.delete("/zones/depot").status_code == 404


@pytest.mark.parametrize(
    "broken",
    [
        {"geometry": {"type": "Point", "coordinates": [1e400, 0]}},
        {"geometry": {"type": "Point", "coordinates": "here"}},
        {"geometry": {"type": "Circle", "coordinates": [0, 0]}},
        {"properties": {"kind": "castle", "radius_m": 5}},
        {"properties": {"kind": "depot"}},
        {"properties": {"kind": "depot", "radius_m": -5}},
    ],
)
def test_a_zone_that_cannot_be_is_refused(client: httpx.Client, broken: dict[str, Any]) -> None:
    answer = client.post("/zones", content=json.dumps({**DEPOT_ZONE, **broken}).replace("Infinity", "1e400"))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
