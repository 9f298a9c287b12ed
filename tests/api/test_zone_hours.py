"""A zone's hours and validity, from what a planner sends to the events that people see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.zones import ZoneKind
from geofence.engine import Engine
from tests.api.yard import Yard
from tests.geofence.scene import START, Drive, place, rows_of
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.test_real_engine import store

pytestmark = pytest.mark.server

# The drive begins on a Monday at 11:30 in Kolkata.
MORNING = {"time_zone": "Asia/Kolkata", "hours": [{"weekday": 0, "opens": "11:00", "closes": "12:00"}]}
NIGHT = {"time_zone": "Asia/Kolkata", "hours": [{"weekday": 6, "opens": "22:00", "closes": "11:30"}]}


def market(zone_id: str, **more: Any) -> dict[str, Any]:
    """A zone of 200 m about the place that the van comes to twice."""
    point = {"type": "Point", "coordinates": list(place(3000, 0))}
    properties = {"kind": ZoneKind.territory.value, "name": zone_id, "radius_m": 200, **more}
    return {"type": "Feature", "id": zone_id, "properties": properties, "geometry": point}


def test_two_zones_of_one_name_and_time_are_refused(client: httpx.Client) -> None:
    twins = {"type": "FeatureCollection", "features": [market("A"), market("B"), market("A", kind="red")]}
    answer = client.post("/zones", json=twins)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": "features.2.id", "detail": "'A' is there twice"}])
    assert client.get("/zones").json()["features"] == []
    one_after_another = [market("A", valid_until=START.isoformat()), market("A", valid_from=START.isoformat())]
    answer = client.post("/zones", json={"type": "FeatureCollection", "features": one_after_another})
    assert (answer.status_code, answer.json()["stored"]) == (201, ["A"])


def test_zone_events_come_only_within_hours_and_validity(client: httpx.Client, yard: Yard, database_url: str) -> None:
    assert yard.device("van") == 1
    noon = START + timedelta(minutes=30)
    zones = [
        market("always"),
        market("morning", schedule=MORNING),
        market("night", schedule=NIGHT),
        market("until noon", valid_until=noon.isoformat()),
        market("from noon", valid_from=noon.isoformat()),
    ]
    assert client.post("/zones", json={"type": "FeatureCollection", "features": zones}).status_code == 201
    assert client.get("/zones/morning", params={"at": START.isoformat()}).json()["properties"]["schedule"] == MORNING
    drive = Drive().halt(30).to(3000, 0).halt(120).to(6000, 0).halt(1800).to(3000, 0).halt(120).to(0, 0).halt(60)
    rows = rows_of(drive)
    rows["received_at_us"] = rows["fix_time_us"]
    with yard.pool.connection() as connection:
        store(connection, rows, {})
    bench = Bench(database_url, Engine)
    bench.drain()
    bench.session.close()
    for rule in ("zone_enter", "zone_exit"):
        told: dict[str, list[bool]] = {}
        for event in client.get("/events", params={"rule": rule, "limit": 100}).json()["items"]:
            before_noon = datetime.fromisoformat(event["started_at"]) < noon
            told.setdefault(event["facts"]["zone_id"], []).append(before_noon)
        assert {zone_id: sorted(when) for zone_id, when in told.items()} == {
            "always": [False, True],
            "morning": [True],
            "until noon": [True],
            "from noon": [False],
        }, rule
