from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


def test_an_event_says_what_where_and_when(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW))
    event_id = yard.event(van, "missed_stop", NOW, trip_id="T-1", stop_id="S-2", facts={"progress_m": 1042})
    event = client.get(f"/events/{event_id}").json()
    assert (event["title"], event["vehicle_id"], event["facts"]) == ("Missed stop", "van-1", {"progress_m": 1042})
    assert event["place"] == {"longitude_deg": 77.6146, "latitude_deg": 12.9716, "name": "O-2"}


def test_an_event_without_a_stop_is_where_the_van_was(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.report(van, {"fix_time": NOW - timedelta(seconds=5), "longitude_deg": 77.7}, {"fix_time": NOW + timedelta(minutes=1)})
    event_id = yard.event(van, "unscheduled_stop", NOW)
    assert client.get(f"/events/{event_id}").json()["place"]["longitude_deg"] == 77.7


def test_the_place_in_the_facts_wins(client: httpx.Client, yard: Yard) -> None:
    event_id = yard.event(yard.van("van-1"), "overspeed", NOW, facts={"longitude_deg": 77.1, "latitude_deg": -1.25})
    place = client.get(f"/events/{event_id}").json()["place"]
    assert (place["longitude_deg"], place["latitude_deg"]) == (77.1, -1.25)


def test_events_are_filtered_and_paged_newest_first(client: httpx.Client, yard: Yard) -> None:
    vans = [yard.van("van-1"), yard.van("van-2")]
    for minute in range(6):
        rule = "overspeed" if minute % 3 else "silent_device"
        yard.event(vans[minute % 2], rule, NOW + timedelta(minutes=minute), severity="low" if minute % 3 else "high")

    def minutes(**filters: Any) -> list[int]:
        items = client.get("/events", params=filters).json()["items"]
        return [round((datetime.fromisoformat(item["started_at"]) - NOW).total_seconds() / 60) for item in items]

    assert minutes() == [5, 4, 3, 2, 1, 0]
    assert minutes(rule="silent_device") == [3, 0]
    assert minutes(rule=["silent_device", "overspeed"], severity="low", vehicle_id="van-2") == [5, 1]
    assert minutes(since=(NOW + timedelta(minutes=2)).isoformat(), until=(NOW + timedelta(minutes=4)).isoformat()) == [3, 2]
    first = client.get("/events", params={"limit": 4}).json()
    assert len(client.get("/events", params={"limit": 4, "cursor": first["next_cursor"]}).json()["items"]) == 2


def test_what_later_data_overturned_is_shown_only_when_asked_for(client: httpx.Client, yard: Yard) -> None:
    event_id = yard.event(yard.van("van-1"), "missed_stop", NOW)
    yard.owner.execute(
        "UPDATE event SET superseded_at = now(), superseded_because = 'late_data', change_no = nextval('conclusion_change_no')"
    )
    assert client.get("/events").json()["items"] == []
    assert client.get("/events", params={"superseded": True}).json()["items"][0]["superseded_because"] == "late_data"
    assert client.get(f"/events/{event_id}").status_code == 200


def test_an_alert_goes_from_open_over_acknowledged_to_resolved(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    assert client.get("/alerts", params={"state": "open"}).json()["items"][0]["alert_id"] == number
    taken = client.post(f"/alerts/{number}/acknowledge", json={"note": "calling"})
    assert (taken.status_code, taken.json()["state"], taken.json()["acknowledged_by"]) == (200, "acknowledged", "console")
    closed = client.post(f"/alerts/{number}/resolve", json={"resolution": "false", "reason": "wedding"})
    assert (closed.json()["state"], closed.json()["resolution"], closed.json()["reason"]) == ("resolved", "false", "wedding")
    history = client.get(f"/alerts/{number}").json()["history"]
    assert [(entry["action"], entry["note"]) for entry in history] == [
        ("acknowledged", "calling"),
        ("resolved.false", "wedding"),
    ]
    assert client.get("/alerts", params={"state": ["open", "acknowledged"]}).json()["items"] == []


def test_an_alert_can_be_acknowledged_without_a_word(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    assert client.post(f"/alerts/{number}/acknowledge").status_code == 200


def test_a_transition_that_is_not_allowed_names_those_that_are(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    client.post(f"/alerts/{number}/acknowledge")
    again = client.post(f"/alerts/{number}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert "resolved" in again.json()["detail"]
    client.post(f"/alerts/{number}/resolve", json={"resolution": "confirmed"})
    assert client.post(f"/alerts/{number}/resolve", json={"resolution": "confirmed"}).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/alerts/4711/acknowledge", None, 404),
        ("/alerts/4711/resolve", {"resolution": "confirmed"}, 404),
        ("/alerts/4711/resolve", {"resolution": "ended"}, 422),
        ("/alerts/4711/resolve", None, 422),
        ("/alerts/99999999999999999999/acknowledge", None, 422),
    ],
)
def test_what_cannot_be_done_to_an_alert(client: httpx.Client, path: str, body: Any, status: int) -> None:
    assert client.post(path, json=body).status_code == status


def test_nothing_of_another_organisation_is_seen(client: httpx.Client, database_url: str, yard: Yard) -> None:
    yard.owner.execute("INSERT INTO organisation (slug, name) VALUES ('rival', 'Rival')")
    rival = Yard(database_url, "rival")
    try:
        van = rival.van("secret")
        rival.report(van, {"fix_time": NOW})
        event_id = rival.event(van, "missed_stop", NOW)
        number = rival.alert(event_id)
    finally:
        rival.close()
    for path in ("/vehicles", "/trips", "/events", "/alerts", "/devices"):
        assert client.get(path).json()["items"] == []
    for path in (
        "/vehicles/secret",
        "/vehicles/secret/track",
        f"/events/{event_id}",
        f"/alerts/{number}",
        "/devices/tracker-of-secret",
    ):
        assert client.get(path).status_code == 404
    assert client.post(f"/alerts/{number}/acknowledge").status_code == 404
