"""Who follows a small list by `changed_since` is told of what was done since, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.victim import BODIES, victim
from tests.api.yard import Yard

pytestmark = pytest.mark.server

RECEIPT = {"depot_id": "victims-depot", "received_at": "2026-03-02T06:00:00Z", "receipt_id": "GRN-9"}
CHANGES: dict[str, tuple[str, str, dict[str, Any], tuple[str, Any]]] = {
    "/suppressors": ("POST", "/suppressors/{suppressor_id}/end", {"until": "2090-01-01T00:00:00Z"}, ("kind", "breakdown")),
    "/messages": ("POST", "/messages/{message_id}/retry", {}, ("state", "pending")),
    "/webhooks": ("PATCH", "/webhooks/{webhook_id}", {"state": "paused"}, ("state", "paused")),
    "/webhooks/{webhook_id}/messages": ("POST", "/webhooks/{webhook_id}/ping", {}, ("topic", "ping")),
    "/outlets/{outlet_id}/payments": (
        "POST",
        "/outlets/{outlet_id}/payments",
        {"payment_id": "R-9", "amount": 40},
        ("payment_id", "R-9"),
    ),
    "/outlets/{outlet_id}/links": ("POST", "/outlets/{outlet_id}/links", {"days": 3}, ("revoked_at", None)),
    "/stock/balances": (
        "POST",
        "/stock/receipts",
        {**RECEIPT, "lines": [{"product_id": "victims-cola", "pieces": 5}]},
        ("pieces", 12),
    ),
    "/recipients": ("PUT", "/recipients/asha/log/missed_stop", {"least_severity": "high"}, ("person", "asha")),
    "/duties": ("POST", "/duties", BODIES["create_duty"]["json"], ("person", "mallory")),
    "/api-keys": ("POST", "/api-keys", {"name": "ERP", "scopes": ["observe"]}, ("name", "ERP")),
    "/payload-profiles": ("PUT", "/payload-profiles/teltonika/device/T-9", {}, ("name", "T-9")),
    "/topic-patterns": ("PUT", "/topic-patterns/north", {"pattern": "n/{device}", "format": "senml"}, ("name", "north")),
    "/own-rules": ("PUT", "/own-rules/door", {"name": "Door", "expression": "door_open"}, ("rule_id", "door")),
    "/devices/{device_key}/assignments": (
        "POST",
        "/devices/{device_key}/assignments",
        {"vehicle_id": "victims-van"},
        ("until", None),
    ),
    "/audit": ("PATCH", "/webhooks/{webhook_id}", {"state": "paused"}, ("action", "webhook.change")),
}


@pytest.fixture
def named(database_url: str, yard: Yard) -> dict[str, str]:
    return victim(yard, database_url).identifiers


@pytest.fixture
def client(database_url: str, named: dict[str, str]) -> Iterator[httpx.Client]:
    with serving(database_url, organisation="victim") as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def test_each_small_list_tells_what_has_changed_since(client: httpx.Client, named: dict[str, str]) -> None:
    for path, (method, change, body, (member, value)) in CHANGES.items():
        asked = path.format_map(named)
        as_of = client.get(asked).raise_for_status().json()["as_of"]
        assert client.get(asked, params={"changed_since": as_of}).json()["items"] == [], asked
        done = client.request(method, change.format_map(named), json=body)
        assert done.status_code < 300, f"{asked}: {done.text}"
        told = client.get(asked, params={"changed_since": as_of}).json()["items"]
        assert value in [item[member] for item in told], f"{asked}: {told}"
        assert len(told) < 3, f"{asked} tells more than was done: {told}"


def test_a_shelf_has_changed_when_its_sensor_tells(client: httpx.Client, yard: Yard, named: dict[str, str]) -> None:
    for path in ("/shelves", "/replenishment"):
        as_of = client.get(path).json()["as_of"]
        yard.owner.execute(
            "INSERT INTO observed_stock (org_id, device_id, observed_at, outlet_id, product_id, pieces, confidence)"
            " SELECT outlet.org_id, device_id, now(), outlet_id, product_id, 7, 0.9 FROM device, outlet, product"
            " WHERE device_key = 'tracker-of-victims-van' AND outlet.outlet_id = %s AND product.product_id = 'victims-cola'"
            " AND outlet.org_id = device.org_id AND product.org_id = device.org_id",
            (named["outlet_id"],),
        )
        (told,) = client.get(path, params={"changed_since": as_of}).json()["items"]
        assert (told["outlet_id"], told["product_id"]) == (named["outlet_id"], "victims-cola")
        later = client.get(path).json()["as_of"]
        assert client.get(path, params={"changed_since": later}).json()["items"] == []
