from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from store.rollups import show_whom_devices_stand_for
from tests.api.yard import DEPOT, Yard
from tests.waiting import wait_until

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


def test_a_vehicle_shows_its_newest_fix(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.report(
        van,
        {"fix_time": NOW - timedelta(seconds=20), "speed_mps": 9.0},
        {"fix_time": NOW, "speed_mps": 12.5, "device_time": NOW + timedelta(seconds=2)},
    )
    vehicle = client.get("/vehicles/van-1").json()
    assert vehicle["device_key"] == "tracker-of-van-1"
    assert vehicle["state"] == "moving"
    assert vehicle["position"]["speed_mps"] == 12.5
    assert datetime.fromisoformat(vehicle["position"]["fix_time"]) == NOW
    assert datetime.fromisoformat(vehicle["position"]["device_time"]) == NOW + timedelta(seconds=2)
    assert (vehicle["position"]["longitude_deg"], vehicle["position"]["latitude_deg"]) == DEPOT
    assert vehicle["position"]["cargo_kg"] is None  # never said, never 0


@pytest.mark.parametrize(
    ("fix", "state"),
    [
        ({"speed_mps": 0.0}, "standing"),
        ({"in_motion": 1}, "moving"),
        ({"in_motion": 1, "speed_mps": 0.2}, "standing"),
        ({"speed_mps": 9.0, "received_at": NOW - timedelta(minutes=11)}, "silent"),
    ],
)
def test_the_state_follows_from_the_newest_fix(client: httpx.Client, yard: Yard, fix: dict[str, object], state: str) -> None:
    yard.report(yard.van("van-1"), {"fix_time": NOW - timedelta(minutes=11), **fix})
    assert client.get("/vehicles/van-1").json()["state"] == state


def test_a_van_that_never_reported_is_listed_as_unknown(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    (vehicle,) = client.get("/vehicles").json()["items"]
    assert (vehicle["state"], vehicle["position"]) == ("unknown", None)


def test_a_tracker_on_nothing_stands_for_itself(client: httpx.Client, yard: Yard) -> None:
    yard.report(yard.device("phone-9"), {"fix_time": NOW})
    (vehicle,) = client.get("/vehicles").json()["items"]
    assert (vehicle["vehicle_id"], vehicle["device_key"]) == ("phone-9", "phone-9")
    assert len(client.get("/vehicles/phone-9/track").json()["points"]) == 1


def test_everybodys_place_is_had_at_once(client: httpx.Client, yard: Yard) -> None:
    empty = client.get("/places").json()
    assert empty == {name: [] for name in ("vehicle_id", "longitude_e7", "latitude_e7", "speed_mps", "course_deg", "fix_at")}
    yard.report(yard.van("van-1"), {"fix_time": NOW, "speed_mps": 9.0, "course_deg": 271.5})
    yard.report(yard.device("phone-9"), {"fix_time": NOW})
    yard.van("van-2")  # nobody knows where
    places = client.get("/places").json()
    by_name = dict(zip(places["vehicle_id"], zip(*list(places.values())[1:], strict=True), strict=True))
    place = (round(DEPOT[0] * 1e7), round(DEPOT[1] * 1e7))
    assert by_name == {
        "van-1": (*place, 9, 271.5, NOW.timestamp()),
        "phone-9": (*place, None, None, NOW.timestamp()),
    }


def test_a_place_goes_by_what_its_tracker_is_on_now(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-2")
    device = yard.device("phone-9")
    yard.report(device, {"fix_time": NOW})
    assert client.get("/places").json()["vehicle_id"] == ["phone-9"]
    client.post("/devices/phone-9/assignments", json={"vehicle_id": "van-2", "since": NOW.isoformat()}).raise_for_status()
    assert client.get("/places").json()["vehicle_id"] == ["van-2"]
    client.delete("/devices/phone-9/assignments").raise_for_status()
    assert client.get("/places").json()["vehicle_id"] == ["phone-9"]
    now = datetime.now(UTC)
    yard.mount(device, "van-2", now + timedelta(seconds=2), now + timedelta(seconds=7))
    assert client.get("/places").json()["vehicle_id"] == ["phone-9"]
    wait_until(lambda: client.get("/places").json()["vehicle_id"] == ["van-2"])  # by the clock alone, nothing is written
    with yard.pool.connection() as connection:
        show_whom_devices_stand_for(connection)
    assert client.get("/places").json()["vehicle_id"] == ["van-2"]
    wait_until(lambda: client.get("/places").json()["vehicle_id"] == ["phone-9"])


def test_what_stands_beside_the_newest_position_follows_the_vehicle(client: httpx.Client, yard: Yard) -> None:
    yard.report(yard.van("van-1"), {"fix_time": NOW})
    shown = "SELECT shown_vehicle_id, shown_name, shown_capacity_kg, shown_until FROM latest_position"
    assert yard.owner.execute(shown.encode()).fetchone() == ("van-1", "Beat one", None, None)
    client.patch("/fleet/vehicles/van-1", json={"name": "Beat 7", "capacity_kg": 900}).raise_for_status()
    assert yard.owner.execute(shown.encode()).fetchone() == ("van-1", "Beat 7", 900, None)
    yard.report(1, {"fix_time": NOW + timedelta(seconds=1), "seq": 1})
    assert yard.owner.execute(shown.encode()).fetchone() == ("van-1", "Beat 7", 900, None)


def test_pages_hold_every_vehicle_once_in_order(client: httpx.Client, yard: Yard) -> None:
    names = [f"van-{number}" for number in range(7)]
    for name in names:
        yard.van(name)
    seen, cursor = [], None
    while True:
        page = client.get("/vehicles", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [vehicle["vehicle_id"] for vehicle in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == names


def test_a_search_takes_percent_signs_as_they_are(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    yard.van("100%")
    found = client.get("/vehicles", params={"q": "0%"}).json()["items"]
    assert [vehicle["vehicle_id"] for vehicle in found] == ["100%"]


def test_a_track_belongs_to_what_the_tracker_was_on_at_the_time(client: httpx.Client, yard: Yard) -> None:
    change = NOW - timedelta(hours=2)
    device = yard.van("van-1", since=change)
    yard.van("van-0")
    yard.mount(device, "van-0", NOW - timedelta(days=1), change)
    yard.report(device, *({"fix_time": change + timedelta(minutes=minute)} for minute in (-2, -1, 0, 1, 2)))
    window = {"since": (NOW - timedelta(hours=3)).isoformat(), "until": NOW.isoformat()}
    before = client.get("/vehicles/van-0/track", params=window).json()["points"]
    after = client.get("/vehicles/van-1/track", params=window).json()["points"]
    assert [len(before), len(after)] == [2, 3]
    assert datetime.fromisoformat(after[0]["fix_time"]) == change


def test_a_track_is_read_in_pages_and_as_geojson(client: httpx.Client, yard: Yard) -> None:
    yard.drive(yard.van("van-1"), NOW - timedelta(minutes=5), 25)
    address, seen, cursor = "/vehicles/van-1/track", [], None
    while True:
        track = client.get(address, params={"limit": 10, **({"cursor": cursor} if cursor else {})}).json()
        seen += [point["longitude_deg"] for point in track["points"]]
        cursor = track["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 25
    assert seen == sorted(seen)
    answer = client.get(address, params={"format": "geojson"})
    assert answer.headers["content-type"].startswith("application/geo+json")
    assert [point[0] for point in answer.json()["geometry"]["coordinates"]] == seen
    assert len(answer.json()["properties"]["coordTimes"]) == 25
    for wanted, mark in (("gpx", "<trkpt"), ("kml", "<gx:coord>"), ("csv", "\r\n")):
        kept = client.get(address, params={"format": wanted})
        assert kept.headers["content-disposition"] == f'attachment; filename="track-van-1.{wanted}"'
        assert kept.text.count(mark) == 25 + (wanted == "csv")


def test_implausible_fixes_are_in_the_track_only_when_asked_for(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.report(van, *({"fix_time": NOW + timedelta(seconds=grade), "grade": grade} for grade in (0, 1, 2, 3)))
    window = {"since": NOW.isoformat(), "until": (NOW + timedelta(minutes=1)).isoformat()}
    shown = client.get("/vehicles/van-1/track", params=window).json()["points"]
    every = client.get("/vehicles/van-1/track", params={**window, "rejected": True}).json()["points"]
    assert [point["grade"] for point in shown] == ["good", "degraded"]
    assert len(every) == 4


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/vehicles/nobody", 404, None),
        ("/vehicles/nobody/track", 404, None),
        ("/vehicles?limit=0", 422, "query.limit"),
        ("/vehicles?cursor=never", 422, "query.cursor"),
        ("/vehicles?cursor=WzFd", 422, "query.cursor"),
        ("/vehicles?q=%00", 422, "request"),
        ("/vehicles/van-1/track?since=yesterday", 422, "query.since"),
        ("/vehicles/van-1/track?since=2026-01-02T00:00:00", 422, "query.since"),
        ("/vehicles/van-1/track?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422, "query.until"),
        ("/vehicles/van-1/track?until=0001-01-01T00:00:00Z", 422, "query.until"),
        ("/nowhere", 404, None),
    ],
)
def test_refusals_are_problem_documents(client: httpx.Client, yard: Yard, path: str, status: int, field: str | None) -> None:
    yard.van("van-1")
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert [error["field"] for error in problem.get("errors", [])] == ([field] if field else [])


def test_a_track_is_had_as_plain_lists_page_by_page(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.drive(van, NOW - timedelta(minutes=5), 5)
    yard.report(van, {"fix_time": NOW, "seq": 9, "longitude_deg": 77.7, "course_deg": 271.5})
    points = client.get("/vehicles/van-1/track").json()["points"]
    whole = client.get("/vehicles/van-1/track/places").json()
    assert (len(points), whole["next_cursor"], whole["course_deg"][-1]) == (6, None, 271.5)
    assert whole["fix_at"] == [datetime.fromisoformat(point["fix_time"]).timestamp() for point in points]
    assert whole["longitude_e7"] == [round(point["longitude_deg"] * 1e7) for point in points]
    assert whole["speed_mps"] == [point["speed_mps"] for point in points]
    read, cursor = [], None
    while True:
        page = client.get("/vehicles/van-1/track/places", params={"limit": 4, **({"cursor": cursor} if cursor else {})}).json()
        read += page["fix_at"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert read == whole["fix_at"]
    assert client.get("/vehicles/van-7/track/places").status_code == 404
