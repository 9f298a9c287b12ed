"""Orders, deliveries, stock and shelves side by side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from alerts.risk import reassess_due
from store.pool import Role
from store.session import open_session
from tests.api.goods import NOW, dispatched_trip, outlet, product
from tests.api.test_deliveries import AT, START, complete, prove
from tests.api.test_settlement import hand_in
from tests.api.yard import Yard

pytestmark = pytest.mark.server
MINUTE = timedelta(minutes=1)


def see(yard: Yard, outlet_id: str, *pieces: tuple[datetime, int], confidence: float = 0.95, sensor: str = "shelf") -> None:
    """Let a shelf sensor have seen pieces of cola at moments."""
    key = f"{sensor}-{outlet_id}"
    found = yard.owner.execute("SELECT device_id FROM device WHERE device_key = %s", (key,)).fetchone()
    device_id = found[0] if found else yard.device(key)
    for at, count in pieces:
        yard.owner.execute(
            "INSERT INTO observed_stock (org_id, device_id, observed_at, outlet_id, product_id, pieces, confidence)"
            " VALUES (%s, %s, %s, %s, 'cola', %s, %s)",
            (yard.org_id, device_id, at, outlet_id, count, confidence),
        )


def delivered(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    for stop_id, pieces in (("S-1", (24, 12)), ("S-2", (36,))):
        complete(client, stop_id, *pieces).raise_for_status()
        prove(client, stop_id).raise_for_status()


def lines(client: httpx.Client, **wanted: Any) -> dict[tuple[str, str], tuple[int | None, int, str | None]]:
    items = client.get("/reconciliation", params=wanted).json()["items"]
    return {(one["order_id"], one["product_id"]): (one["risen"], one["shortage"], one["suspected_leg"]) for one in items}


def test_a_shelf_confirms_one_delivery_and_exposes_another(client: httpx.Client, yard: Yard) -> None:
    delivered(client, yard)
    see(yard, "O-1", (AT - MINUTE, 6), (AT + 5 * MINUTE, 30), (AT + 90 * MINUTE, 25))
    see(yard, "O-2", (AT - MINUTE, 4), (AT + 5 * MINUTE, 28), (AT + 121 * MINUTE, 60))  # the last came too late to count
    found = lines(client)
    assert found == {("A", "cola"): (24, 0, None), ("A", "soap"): (None, 0, None), ("B", "cola"): (24, 12, "delivery")}
    assert lines(client, shortages_only=True) == {("B", "cola"): (24, 12, "delivery")}
    assert lines(client, order_id="A").keys() == {("A", "cola"), ("A", "soap")}


def test_two_sensors_of_a_product_are_added_and_an_unsure_one_says_nothing(client: httpx.Client, yard: Yard) -> None:
    delivered(client, yard)
    for sensor, risen in (("left", 20), ("right", 16)):
        see(yard, "O-2", (AT - MINUTE, 4), (AT + 5 * MINUTE, 4 + risen), sensor=sensor)
    see(yard, "O-1", (AT - MINUTE, 6), (AT + 5 * MINUTE, 7), confidence=0.3)
    found = lines(client)
    assert found["B", "cola"] == (36, 0, None)
    assert found["A", "cola"] == (None, 0, None)


def test_what_the_evening_does_not_find_was_lost_on_the_van(client: httpx.Client, yard: Yard, database_url: str) -> None:
    dispatched_trip(client, yard, START)
    complete(client, "S-1", lines=[{"line_no": 1, "delivered": 14, "short_reason": "no room"}, {"line_no": 2, "delivered": 12}])
    complete(client, "S-2", 36).raise_for_status()
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    assert lines(client)["A", "cola"] == (None, 0, None)  # nobody has counted yet
    hand_in(client, cola=3, soap=0).raise_for_status()
    assert lines(client) == {("A", "cola"): (None, 7, "van"), ("A", "soap"): (None, 0, None), ("B", "cola"): (None, 0, None)}
    weigh_due(database_url)
    risk = client.get("/trips/T-1/risk").json()
    (gap,) = [one for one in risk["contributions"] if one["kind"] == "reconciliation_gap"]
    assert (gap["count"], gap["text"]) == (7, "pieces that were loaded and are neither delivered nor back")
    assert gap["points"] > 1


def weigh_due(database_url: str) -> None:
    session = open_session(database_url, Role.worker)
    try:
        with session.transaction() as connection:
            assert reassess_due(connection, datetime.now(UTC)) == 1
        with session.transaction() as connection:
            assert reassess_due(connection, datetime.now(UTC)) == 0
    finally:
        session.close()


def test_a_sensor_proposes_and_the_ledger_follows_only_when_somebody_agrees(client: httpx.Client, yard: Yard) -> None:
    delivered(client, yard)
    see(yard, "O-1", (NOW - MINUTE, 23))  # one piece sold: within what is not worth a word
    see(yard, "O-2", (NOW - MINUTE, 20))
    shelves = client.get("/shelves", params={"product_id": "cola"}).json()["items"]
    assert [(one["outlet_id"], one["ledger"], one["observed"], one["difference"]) for one in shelves] == [
        ("O-1", 24, 23, -1),
        ("O-2", 36, 20, -16),
    ]
    assert client.post("/shelves/adjustments", json={"outlet_id": "O-1"}).json() == []
    [asked] = client.post("/shelves/adjustments", json={"outlet_id": "O-2"}).json()
    assert (asked["kind"], asked["difference"]["pieces"]) == ("stock_adjustment", {"before": 36, "after": 20})
    assert asked["difference"]["device_key"] == "shelf-O-2"
    assert client.post("/shelves/adjustments", json={"outlet_id": "O-2"}).json() == []  # it is being asked for already
    assert client.get("/shelves", params={"outlet_id": "O-2"}).json()["items"][0]["ledger"] == 36
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    assert client.get("/shelves", params={"outlet_id": "O-2"}).json()["items"][0]["ledger"] == 20


def test_an_old_or_unsure_sight_proposes_nothing(client: httpx.Client, yard: Yard) -> None:
    delivered(client, yard)
    see(yard, "O-1", (NOW - timedelta(days=2), 3))
    see(yard, "O-2", (NOW - MINUTE, 3), confidence=0.5)
    for name in ("O-1", "O-2"):
        assert client.post("/shelves/adjustments", json={"outlet_id": name}).json() == []


def test_a_stock_out_is_foreseen_and_one_call_orders_what_is_needed(client: httpx.Client, yard: Yard) -> None:
    product(yard, "cola", lead_time_days=2)
    yard.owner.execute(
        "INSERT INTO product_unit (org_id, product_id, unit, pieces) VALUES (%s, 'cola', 'case', 24)", (yard.org_id,)
    )
    outlet(yard, "O-1")
    day = timedelta(days=1)
    start = NOW - 14 * day
    see(yard, "O-1", *[(start + number * day, 160 - 11 * number) for number in range(14)], (NOW - MINUTE, 6))
    [forecast] = client.get("/replenishment").json()["items"]
    assert (forecast["on_hand"], forecast["on_hand_by"], forecast["demand_by"]) == (6, "shelf", "shelf")
    assert forecast["demand_per_day"] == pytest.approx(11, abs=1)
    assert forecast["days_of_cover"] == pytest.approx(6 / forecast["demand_per_day"])
    assert forecast["stock_out_at"] < (NOW + day).isoformat()
    assert forecast["propose_pieces"] % 24 == 0
    assert forecast["propose_pieces"] >= 2 * 24
    made = client.post("/replenishment/orders", json={"outlet_id": "O-1"}).json()
    assert (made["state"], made["outlet_id"]) == ("draft", "O-1")
    assert [(line["product_id"], line["ordered"]) for line in made["lines"]] == [("cola", forecast["propose_pieces"])]
    again = client.post("/replenishment/orders", json={"outlet_id": "O-1"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")  # it is on order now
    [after] = client.get("/replenishment").json()["items"]
    assert (after["on_order"], after["propose_pieces"]) == (forecast["propose_pieces"], 0)
    assert client.get("/replenishment", params={"due_only": True}).json()["items"] == []


def test_without_any_sensor_demand_is_what_was_delivered(client: httpx.Client, yard: Yard) -> None:
    delivered(client, yard)
    items = client.get("/replenishment", params={"outlet_id": "O-2"}).json()["items"]
    assert [(one["on_hand"], one["on_hand_by"], one["demand_by"], one["days_known"]) for one in items] == [
        (36, "ledger", "deliveries", 1)
    ]
