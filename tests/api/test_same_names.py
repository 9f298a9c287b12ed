"""Two distributors call their trips, vans and outlets alike, and who stands above both acts on the right one."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.goods import delivery_to, dispatched_trip
from tests.api.test_catalogue_story import post
from tests.api.test_deliveries import AT, START
from tests.api.yard import DEPOT, Yard

pytestmark = pytest.mark.server


@pytest.fixture
def both(client: httpx.Client, address: str, database_url: str) -> Iterator[dict[str, httpx.Client]]:
    """North and south, each with a dispatched T-1, and a client that acts for each."""
    clients = {}
    for slug in ("north", "south"):
        post(client, "/organisations", slug=slug, name=slug.title())
        clients[slug] = httpx.Client(base_url=address, timeout=60, headers={"Beatwatch-Organisation": slug})
        yard = Yard(database_url, slug)
        dispatched_trip(clients[slug], yard, START)
        yard.close()
    yield clients
    for one in clients.values():
        one.close()


def states(both: dict[str, httpx.Client]) -> tuple[str, str]:
    north, south = (both[slug].get("/trips/T-1/life").json()["state"] for slug in ("north", "south"))
    return north, south


def test_a_delivery_sets_its_own_trip_under_way(client: httpx.Client, both: dict[str, httpx.Client]) -> None:
    delivery = delivery_to(both["south"], "S-2")
    done = {"at": AT.isoformat(), "lines": [{"line_no": 1, "delivered": 36}]}
    assert post(client, f"/deliveries/{delivery['delivery_id']}/complete", **done)["state"] == "delivered"
    assert states(both) == ("dispatched", "in_progress")


def test_a_breakdown_stops_its_own_trip(client: httpx.Client, both: dict[str, httpx.Client]) -> None:
    reported = post(both["south"], "/trips/T-1/breakdowns", reason="flat tyre", at=AT.isoformat())
    (asked,) = client.get("/approvals", params={"state": "pending"}).json()["items"]
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    assert states(both) == ("dispatched", "breakdown")
    post(client, f"/breakdowns/{reported['breakdown_id']}/state", state="repair")
    post(client, f"/breakdowns/{reported['breakdown_id']}/state", state="closed")
    assert states(both) == ("dispatched", "in_progress")


def test_a_decision_is_about_the_outlet_it_was_asked_for(client: httpx.Client, both: dict[str, httpx.Client]) -> None:
    place = {"longitude_deg": DEPOT[0], "latitude_deg": DEPOT[1]}
    for one in both.values():
        post(one, "/outlets", outlet_id="NEW", name="New", **place)
        post(one, "/outlets/NEW/state", state="pending_approval")
    asked = post(both["south"], "/approvals", kind="outlet_registration", subject_id="NEW")
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    found = {slug: one.get("/outlets/NEW").json()["state"] for slug, one in both.items()}
    assert found == {"north": "pending_approval", "south": "approved"}
