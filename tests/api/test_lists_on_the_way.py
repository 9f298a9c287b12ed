"""Lists of what happens on the way are sorted, paged and asked for changes as lists of records are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.goods import delivery_to, dispatched_trip
from tests.api.test_media import PNG
from tests.api.yard import Yard

pytestmark = pytest.mark.server
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
AT = (START + timedelta(minutes=30)).isoformat()
LISTS = {
    "/deliveries": ("delivery_id", ["planned_start", "changed_at"]),
    "/approvals": ("approval_id", ["requested_at", "decide_by", "kind", "state", "changed_at"]),
    "/breakdowns": ("breakdown_id", ["reported_at", "state", "trip_id", "vehicle_id", "changed_at"]),
    "/stock/movements": ("movement_id", ["movement_id", "moved_at", "stored_at", "product_id", "place_id"]),
}


@pytest.fixture
def on_the_way(client: httpx.Client, yard: Yard) -> int:
    """A trip with three of everything that the lists show; the number of its tracker."""
    van = dispatched_trip(client, yard, START)
    for _ in range(3):
        told = client.post("/trips/T-1/breakdowns", json={"at": AT, "reason": "flat tyre"}).raise_for_status().json()
        client.post(f"/approvals/{told['approval_id']}/reject").raise_for_status()
    yard.owner.execute(
        "INSERT INTO stop_delivery (org_id, delivery_id, trip_id, stop_id, outlet_id)"
        " SELECT org_id, 'third', trip_id, stop_id, outlet_id FROM stop_delivery LIMIT 1"
    )
    return van


def listed(client: httpx.Client, path: str, **query: Any) -> list[Any]:
    """The keys of all items, read two at a time."""
    found, cursor = [], None
    while True:
        page = (
            client.get(path, params={"limit": 2, **query, **({"cursor": cursor} if cursor else {})}).raise_for_status().json()
        )
        found += [item[LISTS[path][0]] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_sorted_either_way_without_gaps_or_repeats(client: httpx.Client, on_the_way: int, path: str) -> None:
    every = set(listed(client, path))
    assert len(every) >= 3
    for member in LISTS[path][1]:
        up, down = listed(client, path, sort=member), listed(client, path, sort=f"-{member}")
        assert up == down[::-1], f"{path} by {member}"
        assert (len(up), set(up)) == (len(every), every), f"{path} by {member}"
    refused = client.get(path, params={"sort": "colour"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.sort")


def test_deliveries_tell_what_was_done_proved_seen_and_held_against_them(
    client: httpx.Client, yard: Yard, on_the_way: int
) -> None:
    delivery_id = delivery_to(client, "S-2")["delivery_id"]
    proof = {"kind": "signature", "signed_by": "Asha", "captured_at": AT}
    proof["sha256"] = client.post("/media", content=PNG).json()["sha256"]
    changes: list[Callable[[], Any]] = [
        lambda: client.post(f"/deliveries/{delivery_id}/arrive", json={"at": AT}).raise_for_status(),
        lambda: client.post(f"/deliveries/{delivery_id}/proofs", json=proof).raise_for_status(),
        lambda: yard.visit(on_the_way, "T-1", "S-2", "serviced", datetime.fromisoformat(AT)),
        lambda: yard.event(on_the_way, "pod_away", datetime.fromisoformat(AT), trip_id="T-1", stop_id="S-2"),
    ]
    for change in changes:
        as_of = client.get("/deliveries").json()["as_of"]
        assert listed(client, "/deliveries", changed_since=as_of) == []
        change()
        assert listed(client, "/deliveries", changed_since=as_of) == [delivery_id]


def test_approvals_breakdowns_and_movements_tell_what_has_changed(client: httpx.Client, on_the_way: int) -> None:
    as_of = {path: client.get(path).json()["as_of"] for path in LISTS}
    assert all(listed(client, path, changed_since=moment) == [] for path, moment in as_of.items())
    told = client.post("/trips/T-1/breakdowns", json={"at": AT, "reason": "gearbox"}).raise_for_status().json()
    assert listed(client, "/approvals", changed_since=as_of["/approvals"]) == [told["approval_id"]]
    later = client.get("/breakdowns").json()["as_of"]
    client.post(f"/approvals/{told['approval_id']}/approve").raise_for_status()
    assert listed(client, "/breakdowns", changed_since=later) == [told["breakdown_id"]]
    lines = [{"product_id": "cola", "pieces": 6}]
    client.post("/trips/T-1/top-ups", json={"top_up_id": "TU", "at": AT, "lines": lines})
    stocked = {"receipt_id": "R-1", "depot_id": "depot-north", "received_at": AT, "lines": lines}
    client.post("/stock/receipts", json=stocked).raise_for_status()
    (newest, *_) = listed(client, "/stock/movements")
    assert newest in listed(client, "/stock/movements", changed_since=as_of["/stock/movements"])
