from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from store.pool import Role, take_role
from tests.api.goods import outlet, product
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
REWRITING = ["UPDATE stock_movement SET pieces = 1", "DELETE FROM stock_movement", "TRUNCATE stock_movement"]
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def _cola(yard: Yard) -> None:
    product(yard, "cola-500")


def receipt(number: str = "GRN-1", pieces: int = 240) -> dict[str, Any]:
    line = {"product_id": "cola-500", "pieces": pieces}
    return {"receipt_id": number, "depot_id": "depot-north", "received_at": NOW.isoformat(), "lines": [line]}


def balances(client: httpx.Client) -> dict[tuple[str, str], int]:
    items = client.get("/stock/balances").json()["items"]
    return {(item["place_id"], item["product_id"]): item["pieces"] for item in items}


def test_goods_that_come_in_are_counted_once(client: httpx.Client) -> None:
    assert client.post("/stock/receipts", json=receipt()).json() == {"movements": 1}
    assert client.post("/stock/receipts", json=receipt()).json() == {"movements": 0}
    client.post("/stock/receipts", json=receipt("GRN-2", 60)).raise_for_status()
    assert balances(client) == {("depot-north", "cola-500"): 300}
    movements = client.get("/stock/movements").json()["items"]
    assert [(line["ref"], line["pieces"], line["cause"]) for line in movements] == [
        ("GRN-2", 60, "receipt"),
        ("GRN-1", 240, "receipt"),
    ]


def test_a_receipt_is_told_as_it_was_or_refused(client: httpx.Client) -> None:
    twice = receipt("GRN-2")
    twice["lines"] = [{"product_id": "cola-500", "pieces": 5}, {"product_id": "cola-500", "pieces": 7}]
    assert client.post("/stock/receipts", json=twice).json() == {"movements": 1}
    assert balances(client) == {("depot-north", "cola-500"): 12}
    assert client.post("/stock/receipts", json=receipt("GRN-2", 12)).json() == {"movements": 0}
    otherwise = client.post("/stock/receipts", json=receipt("GRN-2", 13))
    assert (otherwise.status_code, "other lines" in otherwise.json()["detail"]) == (409, True)
    later = receipt("GRN-3") | {"received_at": "2999-01-01T00:00:00Z"}
    assert client.post("/stock/receipts", json=later).json()["errors"][0]["field"] == "body.received_at"
    assert balances(client) == {("depot-north", "cola-500"): 12}


def test_the_ledger_follows_a_count_only_when_somebody_approved_it(client: httpx.Client) -> None:
    client.post("/stock/receipts", json=receipt()).raise_for_status()
    count = {
        "place_kind": "depot",
        "place_id": "depot-north",
        "product_id": "cola-500",
        "counted": 235,
        "comment": "five broken",
    }
    asked = client.post("/stock/counts", json=count).json()
    assert (asked["state"], asked["difference"]["pieces"]) == ("pending", {"before": 240, "after": 235})
    assert client.post("/stock/counts", json=count).status_code == 409
    assert balances(client) == {("depot-north", "cola-500"): 240}
    approved = client.post(f"/approvals/{asked['approval_id']}/approve", json={"comment": "seen"})
    assert (approved.json()["state"], approved.json()["decision"]) == ("approved", "seen")
    assert balances(client) == {("depot-north", "cola-500"): 235}
    assert client.post(f"/approvals/{asked['approval_id']}/reject").status_code == 409
    assert client.get("/stock/movements").json()["items"][0]["ref"] == f"approval/{asked['approval_id']}"


def test_an_adjustment_of_what_has_moved_on_is_refused_and_stays_pending(client: httpx.Client) -> None:
    client.post("/stock/receipts", json=receipt()).raise_for_status()
    count = {"place_kind": "depot", "place_id": "depot-north", "product_id": "cola-500", "counted": 235}
    asked = client.post("/stock/counts", json=count).json()
    client.post("/stock/receipts", json=receipt("GRN-2")).raise_for_status()
    assert client.post(f"/approvals/{asked['approval_id']}/approve").status_code == 409
    assert client.get(f"/approvals/{asked['approval_id']}").json()["state"] == "pending"
    assert balances(client) == {("depot-north", "cola-500"): 480}


@pytest.mark.parametrize("role", [Role.api, Role.worker])
@pytest.mark.parametrize("statement", REWRITING)
def test_no_role_of_a_service_can_rewrite_the_ledger(
    client: httpx.Client, database_url: str, role: Role, statement: str
) -> None:
    client.post("/stock/receipts", json=receipt()).raise_for_status()
    with psycopg.connect(database_url, autocommit=True) as connection:
        take_role(connection, role)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(statement.encode())
    assert balances(client) == {("depot-north", "cola-500"): 240}


def test_not_even_the_owner_rewrites_the_ledger_by_accident(client: httpx.Client, yard: Yard) -> None:
    client.post("/stock/receipts", json=receipt()).raise_for_status()
    for statement in REWRITING:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            yard.owner.execute(statement.encode())


def test_a_request_waits_and_is_overdue_after_its_time(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    asked = client.post("/approvals", json={"kind": "detour", "subject_id": "T-1", "comment": "bridge closed"}).json()
    assert (asked["state"], asked["overdue"]) == ("pending", False)
    assert client.get("/approvals", params={"overdue": True}).json()["items"] == []
    yard.owner.execute("UPDATE approval SET decide_by = now() - interval '1 second'")
    assert [one["approval_id"] for one in client.get("/approvals", params={"overdue": True}).json()["items"]] == [
        asked["approval_id"]
    ]
    assert client.post(f"/approvals/{asked['approval_id']}/withdraw").json()["state"] == "withdrawn"
    assert client.post("/approvals", json={"kind": "breakdown", "subject_id": "T-1"}).status_code == 422


def test_an_approved_pin_moves_its_outlet_unless_that_was_moved_meanwhile(client: httpx.Client, yard: Yard) -> None:
    outlet(yard, "O-1", (77.5, 12.9))
    move = {"longitude_deg": {"before": 77.5, "after": 77.6}, "latitude_deg": {"before": 12.9, "after": 12.91}}
    body = {"kind": "pin_correction", "subject_id": "O-1", "comment": "deliveries cluster there", "difference": move}
    asked = client.post("/approvals", json=body).json()
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    moved = client.get("/outlets/O-1").json()
    assert (moved["longitude_deg"], moved["latitude_deg"]) == (77.6, 12.91)
    again = client.post("/approvals", json=body).json()
    assert client.post(f"/approvals/{again['approval_id']}/approve").status_code == 409
    client.post(f"/approvals/{again['approval_id']}/reject").raise_for_status()
    assert client.post("/approvals", json=body | {"subject_id": "O-2"}).status_code == 404
    for vague in ({}, {"longitude_deg": {"before": 77.5, "after": 1e9}, "latitude_deg": move["latitude_deg"]}):
        refused = client.post("/approvals", json=body | {"difference": vague}).json()
        assert refused["errors"][0]["field"].startswith("difference")


@pytest.mark.parametrize(("decision", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_a_decision_about_a_registration_is_the_outlets_state(
    client: httpx.Client, yard: Yard, decision: str, state: str
) -> None:
    outlet(yard, "O-1")
    yard.owner.execute("UPDATE outlet SET state = 'pending_approval'")
    asked = client.post("/approvals", json={"kind": "outlet_registration", "subject_id": "O-1"}).json()
    client.post(f"/approvals/{asked['approval_id']}/{decision}").raise_for_status()
    assert client.get("/outlets/O-1").json()["state"] == state
    again = client.post("/approvals", json={"kind": "outlet_registration", "subject_id": "O-1"})
    assert (again.status_code, state in again.json()["detail"]) == (409, True)
