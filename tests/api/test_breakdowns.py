from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.goods import delivery_to, dispatched_trip
from tests.api.test_deliveries import AT, START, complete
from tests.api.test_trip_life import balances
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server


def report(client: httpx.Client) -> dict[str, Any]:
    told = {"at": AT.isoformat(), "reason": "flat tyre", "longitude_deg": 77.6, "latitude_deg": 12.97}
    answer = client.post("/trips/T-1/breakdowns", json=told)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def approved(client: httpx.Client) -> str:
    told = report(client)
    client.post(f"/approvals/{told['approval_id']}/approve").raise_for_status()
    return str(told["breakdown_id"])


def become(client: httpx.Client, breakdown_id: str, state: str) -> httpx.Response:
    return client.post(f"/breakdowns/{breakdown_id}/state", json={"state": state})


def trip_state(client: httpx.Client, trip_id: str = "T-1") -> str:
    return str(client.get(f"/trips/{trip_id}/life").json()["state"])


def test_a_breakdown_waits_a_quarter_of_an_hour_for_a_decision(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    told = report(client)
    assert (told["state"], told["may_become"], trip_state(client)) == ("reported", ["approved", "rejected"], "in_progress")
    asked = client.get(f"/approvals/{told['approval_id']}").json()
    assert (asked["kind"], asked["difference"]["vehicle_id"], asked["comment"]) == ("breakdown", "van-1", "flat tyre")
    again = client.post("/trips/T-1/breakdowns", json={"at": AT.isoformat(), "reason": "again"})
    assert again.status_code == 409
    client.post(f"/approvals/{told['approval_id']}/reject", json={"comment": "drive on"}).raise_for_status()
    assert client.get(f"/breakdowns/{told['breakdown_id']}").json()["state"] == "rejected"
    assert trip_state(client) == "in_progress"


def test_after_a_repair_the_trip_goes_on(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    breakdown_id = approved(client)
    assert trip_state(client) == "breakdown"
    assert client.post("/trips/T-1/state", json={"state": "in_progress"}).status_code == 409
    wrong = become(client, breakdown_id, "closed")
    assert (wrong.status_code, wrong.json()["allowed"]) == (409, ["repair", "transfer", "tow", "abort"])
    for state in ("repair", "closed"):
        become(client, breakdown_id, state).raise_for_status()
    assert trip_state(client) == "in_progress"
    complete(client, "S-2", 36).raise_for_status()


def test_an_aborted_trip_fails_what_is_open_and_keeps_what_was_delivered(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    complete(client, "S-1", 24, 12).raise_for_status()
    breakdown_id = approved(client)
    for state in ("tow", "abort", "closed"):
        become(client, breakdown_id, state).raise_for_status()
    assert trip_state(client) == "aborted"
    assert (delivery_to(client, "S-1")["state"], delivery_to(client, "S-2")["state"]) == ("delivered", "failed")
    assert delivery_to(client, "S-2")["reason"] == "breakdown: flat tyre"
    assert yard.owner.execute("SELECT order_id, state FROM sales_order ORDER BY 1").fetchall() == [
        ("A", "delivered"),
        ("B", "failed"),
    ]


def test_another_van_takes_goods_and_deliveries_over(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    complete(client, "S-1", 24, 12).raise_for_status()
    breakdown_id = approved(client)
    yard.van("van-2")
    for trip_id, stops in (("T-2", 1), ("T-3", 2)):
        start = START + timedelta(minutes=30 + stops)
        client.post("/trips", json=trip_document(trip_id, "tracker-of-van-2", start, stops)).raise_for_status()
    body = {"to_trip_id": "T-2", "lines": [{"product_id": "cola", "pieces": 35}], "cargo_kg": 18.5}
    elsewhere = client.post(f"/breakdowns/{breakdown_id}/transfer", json=body)
    assert (elsewhere.status_code, "O-2" in elsewhere.json()["detail"]) == (409, True)
    taken = client.post(f"/breakdowns/{breakdown_id}/transfer", json=body | {"to_trip_id": "T-3"}).json()
    assert (taken["state"], taken["to_trip_id"], taken["cargo_kg"]) == ("transfer", "T-3", 18.5)
    assert trip_state(client) == "transferred"
    moved = delivery_to(client, "S-2", "T-3")
    assert (moved["order_id"], moved["state"], moved["vehicle_id"]) == ("B", "pending", "van-2")
    assert balances(client, place_kind="van") == {("van-1", "cola"): 1, ("van-1", "soap"): 0, ("van-2", "cola"): 35}
    left = client.get("/trips/T-1/settlement").json()["lines"][0]
    assert (left["transferred"], left["expected"]) == (-35, 1)


def suppressors(yard: Yard) -> list[Any]:
    return yard.owner.execute(
        "SELECT kind, trip_id, state, lower(valid), upper_inf(valid) FROM suppressor ORDER BY lower(valid)"
    ).fetchall()


def test_rules_hold_back_while_an_approved_breakdown_lasts(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    told = report(client)
    assert suppressors(yard) == []
    client.post(f"/approvals/{told['approval_id']}/approve").raise_for_status()
    assert suppressors(yard) == [("breakdown", "T-1", "approved", AT, True)]
    for state in ("repair", "closed"):
        become(client, told["breakdown_id"], state).raise_for_status()
    assert suppressors(yard) == [("breakdown", "T-1", "approved", AT, False)]


def test_an_approved_detour_holds_for_its_trip_alone(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    asked = client.post("/approvals", json={"kind": "detour", "subject_id": "T-1", "comment": "bridge closed"}).json()
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    [(kind, trip_id, state, since, is_endless)] = suppressors(yard)
    assert (kind, trip_id, state, is_endless) == ("detour", "T-1", "approved", False)
    assert since.isoformat() == asked["requested_at"].replace("Z", "+00:00")
    assert client.post("/approvals", json={"kind": "detour", "subject_id": "T-9"}).status_code == 404
