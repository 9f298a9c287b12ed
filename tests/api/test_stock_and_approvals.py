from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from store.pool import Role, take_role
from tests.api.goods import product
from tests.api.yard import Yard

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
    asked = client.post("/approvals", json={"kind": "detour", "subject_id": "T-1", "comment": "bridge closed"}).json()
    assert (asked["state"], asked["overdue"]) == ("pending", False)
    assert client.get("/approvals", params={"overdue": True}).json()["items"] == []
    yard.owner.execute("UPDATE approval SET decide_by = now() - interval '1 second'")
    assert [one["approval_id"] for one in client.get("/approvals", params={"overdue": True}).json()["items"]] == [
        asked["approval_id"]
    ]
    assert client.post(f"/approvals/{asked['approval_id']}/withdraw").json()["state"] == "withdrawn"
    assert client.post("/approvals", json={"kind": "breakdown", "subject_id": "T-1"}).status_code == 422
