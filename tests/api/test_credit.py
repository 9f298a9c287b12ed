"""What outlets owe holds their orders back, until they pay or somebody agrees to more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.goods import NOW, delivery_to, dispatched_trip, outlet, product
from tests.api.yard import Yard

pytestmark = pytest.mark.server


def order(client: httpx.Client, order_id: str, pieces: int) -> None:
    lines = [{"product_id": "tea", "quantity": pieces}]
    body = {"order_id": order_id, "outlet_id": "O-9", "due_on": NOW.date().isoformat(), "lines": lines}
    client.post("/orders", json=body).raise_for_status()


def confirm(client: httpx.Client, order_id: str) -> httpx.Response:
    return client.post(f"/orders/{order_id}/state", json={"state": "confirmed"})


@pytest.fixture
def shop(client: httpx.Client, yard: Yard) -> None:
    """A shop that may owe 1000; a piece of tea is 100 and 18 % tax."""
    product(yard, "tea", price=100)
    outlet(yard, "O-9")
    yard.owner.execute("UPDATE outlet SET credit_limit = 1000 WHERE outlet_id = 'O-9'")


def standing(client: httpx.Client, outlet_id: str = "O-9") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/outlets/{outlet_id}/credit").raise_for_status().json()
    return answer


def test_an_order_beyond_the_limit_is_refused_with_the_figures(client: httpx.Client, shop: None) -> None:
    order(client, "SO-1", 5)
    assert confirm(client, "SO-1").json()["state"] == "confirmed"
    assert standing(client) == {"credit_limit": 1000, "open_balance": 0, "open_orders": 590, "available": 410}
    order(client, "SO-2", 4)
    refused = confirm(client, "SO-2")
    assert (refused.status_code, refused.json()["code"]) == (409, "credit_limit")
    assert refused.json()["credit"] == {
        "credit_limit": 1000, "open_balance": 0, "open_orders": 590, "order_value": 472, "excess": 62,
    }  # fmt: skip
    assert "credit limit of 1000.00" in refused.json()["detail"]
    more = client.patch("/orders/SO-1", json={"lines": [{"product_id": "tea", "quantity": 9}]})
    assert (more.status_code, more.json()["code"]) == (409, "credit_limit")  # a confirmed order does not grow past it either
    client.post("/orders/SO-1/state", json={"state": "cancelled"}).raise_for_status()
    assert confirm(client, "SO-2").status_code == 200


def test_an_approval_lets_this_order_go_beyond_and_no_more(client: httpx.Client, shop: None) -> None:
    order(client, "SO-1", 9)
    assert confirm(client, "SO-1").status_code == 409
    asked = client.post("/approvals", json={"kind": "credit_limit", "subject_id": "SO-1", "comment": "festival"}).json()
    assert (asked["difference"]["order_value"], asked["difference"]["credit_limit"]) == (1062, 1000)
    client.patch("/orders/SO-1", json={"lines": [{"product_id": "tea", "quantity": 10}]}).raise_for_status()
    changed = client.post(f"/approvals/{asked['approval_id']}/approve")
    assert (changed.status_code, "changed meanwhile" in changed.json()["detail"]) == (409, True)
    client.patch("/orders/SO-1", json={"lines": [{"product_id": "tea", "quantity": 9}]}).raise_for_status()
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    assert confirm(client, "SO-1").json()["state"] == "confirmed"
    assert client.patch("/orders/SO-1", json={"lines": [{"product_id": "tea", "quantity": 10}]}).status_code == 409
    order(client, "SO-2", 1)
    assert confirm(client, "SO-2").status_code == 409
    assert client.post("/approvals", json={"kind": "credit_limit", "subject_id": "SO-9"}).status_code == 404
    actions = [entry["action"] for entry in client.get("/audit?subject_kind=order").json()["items"]]
    assert "order.credit" in actions


def test_what_was_delivered_on_credit_is_owed_until_it_is_paid(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, NOW - timedelta(hours=2))
    done = {"at": NOW.isoformat(), "lines": [{"line_no": 1, "delivered": 36}], "payment": {"cash": 100}}
    client.post(f"/deliveries/{delivery_to(client, 'S-2')['delivery_id']}/complete", json=done).raise_for_status()
    owed = 36 * 20 * 1.18 - 100
    assert standing(client, "O-2")["open_balance"] == pytest.approx(owed)
    assert standing(client, "O-2")["available"] is None  # it has no limit
    paid = {"payment_id": "R-1", "amount": 500}
    for _ in range(2):
        assert client.post("/outlets/O-2/payments", json=paid).status_code == 201
    assert standing(client, "O-2")["open_balance"] == pytest.approx(owed - 500)
    assert client.post("/outlets/O-2/payments", json=paid | {"amount": 400}).status_code == 409
    assert client.post("/outlets/O-2/payments", json=paid | {"amount": 0}).status_code == 422
    assert client.post("/outlets/none/payments", json=paid).status_code == 404
    client.post("/outlets/O-2/payments", json={"payment_id": "R-2", "amount": -500}).raise_for_status()
    assert [one["payment_id"] for one in client.get("/outlets/O-2/payments").json()["items"]] == ["R-2", "R-1"]
    assert standing(client, "O-2")["open_balance"] == pytest.approx(owed)
