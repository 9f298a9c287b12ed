"""What every older list does as the lists of records do: sorted either way, in pages, by what has changed, with ETags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.persons import register
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


def zone(zone_id: str, radius_m: float = 50) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [77.5, 12.9]}
    return {"type": "Feature", "id": zone_id, "properties": {"kind": "depot", "radius_m": radius_m}, "geometry": point}


@pytest.fixture
def full(client: httpx.Client, yard: Yard) -> int:
    """Three of everything; the number of a tracker."""
    van = 0
    for number in range(3):
        van = yard.van(f"van-{number}")
        register(yard, f"person-{number}")
        client.post("/organisations", json={"slug": f"shop-{number}", "name": "Shop"}).raise_for_status()
        start = NOW + timedelta(days=number)
        client.post("/trips", json=trip_document(f"T-{number}", f"tracker-of-van-{number}", start)).raise_for_status()
        client.post("/zones", json=zone(f"zone-{number}")).raise_for_status()
        yard.alert(yard.event(van, "missed_stop", start, trip_id=f"T-{number}", stop_id="S-1"))
    return van


LISTS = {
    "/vehicles": ("vehicle_id", ["vehicle_id", "changed_at"]),
    "/trips": ("trip_id", ["planned_start", "trip_id", "changed_at"]),
    "/zones": ("id", ["zone_id", "name", "kind", "changed_at"]),
    "/devices": ("device_key", ["device_key", "created_at", "changed_at"]),
    "/events": ("event_id", ["started_at", "detected_at", "changed_at"]),
    "/alerts": ("alert_id", ["opened_at", "started_at", "changed_at", "alert_id"]),
    "/people": ("login", ["login", "name", "role", "created_at", "changed_at"]),
    "/organisations": ("slug", ["slug", "name", "created_at", "changed_at"]),
}


def listed(client: httpx.Client, path: str, **query: Any) -> list[Any]:
    """The keys of all items, read two at a time."""
    found, cursor = [], None
    while True:
        asked = {"limit": 2, **query, **({"cursor": cursor} if cursor else {})}
        page = client.get(path, params=asked).raise_for_status().json()
        found += [item[LISTS[path][0]] for item in page.get("items", page.get("features"))]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_sorted_either_way_without_gaps_or_repeats(client: httpx.Client, full: int, path: str) -> None:
    every = set(listed(client, path))
    assert len(every) >= 3
    for member in LISTS[path][1]:
        up, down = listed(client, path, sort=member), listed(client, path, sort=f"-{member}")
        assert up == down[::-1], f"{path} by {member}"
        assert (len(up), set(up)) == (len(every), every), f"{path} by {member}"
    refused = client.get(path, params={"sort": "colour"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.sort")
    first = client.get(path, params={"limit": 2}).json()["next_cursor"]
    other = client.get(path, params={"cursor": first, "sort": f"-{LISTS[path][1][0]}"})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "query.cursor")


CHANGES: dict[str, tuple[Callable[[httpx.Client, Yard, int], Any], Any]] = {
    "/vehicles": (lambda _client, yard, van: yard.report(van, {"fix_time": datetime.now(UTC)}), "van-2"),
    "/trips": (lambda _client, yard, van: yard.visit(van, "T-1", "S-1", "serviced", NOW), "T-1"),
    "/zones": (lambda client, _yard, _van: client.post("/zones", json=zone("zone-1", 80)).raise_for_status(), "zone-1"),
    "/devices": (
        lambda client, _yard, _van: client.delete("/devices/tracker-of-van-1/assignments").raise_for_status(),
        "tracker-of-van-1",
    ),
    "/events": (lambda _client, yard, _van: yard.owner.execute(_SUPERSEDE), None),
    "/alerts": (lambda client, _yard, _van: client.post("/alerts/1/acknowledge", json={}).raise_for_status(), 1),
    "/people": (
        lambda client, _yard, _van: client.patch("/people/person-1", json={"name": "Asha"}).raise_for_status(),
        "person-1",
    ),
    "/organisations": (
        lambda client, _yard, _van: client.patch("/organisations/shop-1", json={"name": "Kiosk"}).raise_for_status(),
        "shop-1",
    ),
}
_SUPERSEDE = (
    "UPDATE event SET superseded_at = now(), superseded_because = 'late_data', changed_at = now(),"
    " change_no = nextval('conclusion_change_no') WHERE trip_id = 'T-1'"
)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_tells_what_has_changed_since(client: httpx.Client, yard: Yard, full: int, path: str) -> None:
    as_of = client.get(path).json()["as_of"]
    assert listed(client, path, changed_since=as_of) == []
    change, key = CHANGES[path]
    expected = key or f"missed_stop-{full - 1}-{(NOW + timedelta(days=1)).timestamp():.0f}"
    change(client, yard, full)
    assert listed(client, path, changed_since=as_of) == [expected]
    assert listed(client, path, sort="-changed_at")[0] == expected or path == "/events"


def test_a_retired_zone_is_a_change(client: httpx.Client, full: int) -> None:
    as_of = client.get("/zones").json()["as_of"]
    assert client.delete("/zones/zone-2").status_code == 204
    (changed,) = client.get("/zones", params={"changed_since": as_of}).json()["features"]
    assert changed["id"] == "zone-2"
    assert changed["properties"]["valid_until"]
    assert listed(client, "/zones") == ["zone-0", "zone-1"]


def test_to_report_is_no_change_of_a_device(client: httpx.Client, yard: Yard, full: int) -> None:
    as_of = client.get("/devices").json()["as_of"]
    yard.report(full, {"fix_time": datetime.now(UTC)})
    assert listed(client, "/devices", changed_since=as_of) == []


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/devices/tracker-of-van-1", {"model": "FMB920"}),
        ("/people/person-1", {"name": "Asha"}),
        ("/organisations/shop-1", {"name": "Kiosk"}),
    ],
)
def test_two_editors_of_an_older_record_do_not_overwrite_each_other(
    client: httpx.Client, full: int, path: str, change: dict[str, str]
) -> None:
    tag = client.get(path).headers["etag"]
    first = client.patch(path, json=change, headers={"if-match": tag})
    second = client.patch(path, json=change, headers={"if-match": tag})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "outdated")
    assert first.headers["etag"] == client.get(path).headers["etag"] != tag


def test_a_zone_that_was_changed_is_not_retired_unawares(client: httpx.Client, full: int) -> None:
    tag = client.get("/zones/zone-1").headers["etag"]
    client.post("/zones", json=zone("zone-1", 80)).raise_for_status()
    assert client.delete("/zones/zone-1", headers={"if-match": tag}).status_code == 412
    tag = client.get("/zones/zone-1").headers["etag"]
    assert client.delete("/zones/zone-1", headers={"if-match": tag}).status_code == 204


@pytest.mark.parametrize("path", ["/vehicles/van-1", "/trips/T-1", "/alerts/1"])
def test_what_is_only_read_has_an_etag_of_its_last_change(client: httpx.Client, yard: Yard, full: int, path: str) -> None:
    tag = client.get(path).headers["etag"]
    assert client.get(path).headers["etag"] == tag
    yard.owner.execute("UPDATE vehicle SET name = 'Beat two'")
    yard.owner.execute("UPDATE trip SET state = 'cancelled'")
    yard.owner.execute("UPDATE alert SET assigned_to = 'asha'")
    assert client.get(path).headers["etag"] != tag


def test_an_alert_that_somebody_else_took_is_not_handled_unawares(client: httpx.Client, full: int) -> None:
    read = {"if-match": client.get("/alerts/1").headers["etag"]}
    client.post("/alerts/1/acknowledge", json={}, headers=read).raise_for_status()
    told = client.post("/alerts/1/resolve", json={"resolution": "confirmed"}, headers=read)
    assert (told.status_code, told.json()["code"]) == (412, "outdated")
    assert client.get("/alerts/1").json()["state"] == "acknowledged"
    again = {"if-match": client.get("/alerts/1").headers["etag"]}
    client.post("/alerts/1/resolve", json={"resolution": "confirmed"}, headers=again).raise_for_status()


def test_a_trip_that_went_on_meanwhile_is_not_moved_unawares(client: httpx.Client, yard: Yard, full: int) -> None:
    read = {"if-match": client.get("/trips/T-1").headers["etag"]}
    assert client.get("/trips/T-1/life").headers["etag"] == read["if-match"]
    yard.visit(full - 1, "T-1", "S-1", "serviced", NOW)
    told = client.post("/trips/T-1/state", json={"state": "cancelled"}, headers=read)
    assert (told.status_code, told.json()["code"]) == (412, "outdated")
    assert client.put("/trips/T-1/driver", json={"driver_id": None}, headers=read).status_code == 412
    again = {"if-match": client.get("/trips/T-1").headers["etag"]}
    moved = client.post("/trips/T-1/state", json={"state": "cancelled"}, headers=again).raise_for_status()
    assert moved.headers["etag"] == client.get("/trips/T-1").headers["etag"] != again["if-match"]
