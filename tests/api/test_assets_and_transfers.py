from __future__ import annotations

import httpx
import pytest

from tests.api.goods import NOW, outlet
from tests.api.yard import Yard

pytestmark = pytest.mark.server
COOLER = {"asset_id": "C-1", "serial": "SN-1", "owner": "Brand", "outlet_id": "O-1", "device_key": "beacon-1"}
ORDER = {"transfer_id": "TR-1", "asset_id": "C-1", "to_outlet_id": "O-2", "planned_at": NOW.isoformat()}


@pytest.fixture(autouse=True)
def _shops(yard: Yard) -> None:
    for name in ("O-1", "O-2"):
        outlet(yard, name)
    yard.device("beacon-1")


def test_a_cooler_is_registered_with_its_locator(client: httpx.Client) -> None:
    told = client.post("/assets", json=COOLER).json()
    assert (told["kind"], told["device_key"], told["state"], told["outlet_id"]) == ("cooler", "beacon-1", "in_service", "O-1")
    assert client.post("/assets", json=COOLER | {"asset_id": "C-2", "device_key": "ghost"}).status_code == 422
    assert client.post("/assets", json=COOLER | {"asset_id": "C-2"}).status_code in {409, 422}  # the serial is taken
    assert client.patch("/assets/C-1", json={"condition": "worn"}).json()["condition"] == "worn"


def test_an_asset_ought_to_be_where_its_transfer_went_once_it_is_carried_out(client: httpx.Client) -> None:
    client.post("/assets", json=COOLER).raise_for_status()
    ordered = client.post("/asset-transfers", json=ORDER).json()
    assert (ordered["state"], ordered["from_outlet_id"]) == ("ordered", "O-1")
    second = client.post("/asset-transfers", json=ORDER | {"transfer_id": "TR-2"})
    assert second.status_code == 409
    client.post("/asset-transfers/TR-1/state", json={"state": "under_way"}).raise_for_status()
    assert client.get("/assets/C-1").json()["outlet_id"] == "O-1"
    client.patch("/asset-transfers/TR-1", json={"condition": "damaged"}).raise_for_status()
    client.post("/asset-transfers/TR-1/state", json={"state": "completed"}).raise_for_status()
    moved = client.get("/assets/C-1").json()
    assert (moved["outlet_id"], moved["condition"]) == ("O-2", "damaged")
    late = client.post("/asset-transfers/TR-1/state", json={"state": "cancelled"})
    assert (late.status_code, late.json()["code"], late.json().get("allowed")) == (409, "wrong_transition", [])


def test_a_transfer_goes_somewhere_else(client: httpx.Client) -> None:
    client.post("/assets", json=COOLER).raise_for_status()
    assert client.post("/asset-transfers", json=ORDER | {"to_outlet_id": "O-1"}).status_code == 422
    assert client.post("/asset-transfers", json=ORDER | {"asset_id": "ghost"}).status_code == 422
