"""From an organisation to a van on the day board, as somebody with curl would do it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.test_records import COLA
from tests.api.yard import DEPOT, Yard

pytestmark = pytest.mark.server
START = datetime.now(UTC).replace(microsecond=0, second=0, minute=0) - timedelta(hours=1)
DAY = START.date().isoformat()


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    result: dict[str, Any] = answer.json() if answer.content else {}
    return result


def approved_outlet(client: httpx.Client, outlet_id: str, number: int = 1, **more: Any) -> None:
    place = {"longitude_deg": DEPOT[0] + 0.01 * number, "latitude_deg": DEPOT[1]}
    post(client, "/outlets", outlet_id=outlet_id, name=f"Shop {number}", **place, **more)
    for state in ("pending_approval", "approved"):
        post(client, f"/outlets/{outlet_id}/state", state=state)


def confirmed_order(client: httpx.Client, order_id: str, outlet_id: str, **line: Any) -> dict[str, Any]:
    line = {"product_id": "COLA-330", "quantity": 2, "unit": "case"} | line
    post(client, "/orders", order_id=order_id, outlet_id=outlet_id, due_on=DAY, lines=[line])
    return post(client, f"/orders/{order_id}/state", state="confirmed")


def van(client: httpx.Client, vehicle_id: str = "van-1") -> None:
    post(client, "/fleet/vehicles", vehicle_id=vehicle_id, capacity_kg=750)
    post(client, "/devices", device_key=f"tracker-{vehicle_id}", model="FMB920")
    since = (START - timedelta(days=1)).isoformat()
    post(client, f"/devices/tracker-{vehicle_id}/assignments", vehicle_id=vehicle_id, since=since)


def released_plan(client: httpx.Client) -> dict[str, Any]:
    van(client)
    post(client, "/products", **COLA)
    window = {"weekday": START.isoweekday(), "opens": "00:00", "closes": "23:59"}
    for number in (1, 2):
        approved_outlet(client, f"O-{number}", number, service_windows=[window])
    confirmed_order(client, "SO-1", "O-1")
    stops = [{"outlet_id": "O-2"}, {"outlet_id": "O-1", "planned_service_s": 300}]
    post(client, "/beats", beat_id="B-1", name="Market", vehicle_id="van-1", outlets=stops)
    span = {"planned_start": START.isoformat(), "planned_end": (START + timedelta(hours=3)).isoformat()}
    post(client, "/route-plans", route_plan_id="R-1", beat_id="B-1", **span)
    return post(client, "/route-plans/R-1/state", state="released")


def test_a_beat_becomes_a_plan_a_trip_and_a_row_of_the_day_board(client: httpx.Client, yard: Yard) -> None:
    plan = released_plan(client)
    assert (plan["state"], plan["trip_id"], plan["version"]) == ("released", "R-1", 1)
    assert plan["stops"][1]["window_start"] == f"{DAY}T00:00:00Z"
    trip = client.get("/trips/R-1").json()
    assert [(stop["stop_id"], stop["name"]) for stop in trip["stops"]] == [("O-2", "Shop 2"), ("O-1", "Shop 1")]
    assert trip["vehicle_id"] == "van-1"
    order = client.get("/orders/SO-1").json()
    assert (order["trip_id"], order["stop_id"]) == ("R-1", "O-1")
    (row,) = client.get("/day-board").json()["rows"]
    assert (row["trip_id"], len(row["cells"])) == ("R-1", 2)


def test_who_drives_a_beat_drives_its_trip(client: httpx.Client) -> None:
    released_plan(client)
    for driver_id in ("D-1", "D-2"):
        post(client, "/drivers", driver_id=driver_id, name="Ravi")
    client.patch("/beats/B-1", json={"driver_id": "D-1"}).raise_for_status()
    span = {"planned_start": (START + timedelta(hours=4)).isoformat(), "planned_end": (START + timedelta(hours=7)).isoformat()}
    assert post(client, "/route-plans", route_plan_id="R-2", beat_id="B-1", **span)["driver_id"] == "D-1"
    post(client, "/route-plans/R-2/state", state="released")
    assert client.get("/trips/R-2/life").json()["driver_id"] == "D-1"
    client.patch("/route-plans/R-2", json={"corridor_m": 90}).raise_for_status()
    assert client.get("/trips/R-2/life").json()["driver_id"] == "D-1"
    client.patch("/route-plans/R-2", json={"driver_id": "D-2"}).raise_for_status()
    assert client.get("/trips/R-2/life").json()["driver_id"] == "D-2"
    post(client, "/drivers/D-1/state", state="suspended")
    refused = client.put("/trips/R-2/driver", json={"driver_id": "D-1"})
    assert (refused.status_code, refused.json()["detail"]) == (422, "driver_id: driver 'D-1' is suspended")


def test_a_plan_changes_by_versions_until_its_trip_leaves(client: httpx.Client, yard: Yard) -> None:
    released_plan(client)
    changed = client.patch("/route-plans/R-1", json={"stops": [{"outlet_id": "O-1"}], "corridor_m": 150})
    assert changed.json()["version"] == 2
    assert [stop["stop_id"] for stop in client.get("/trips/R-1").json()["stops"]] == ["O-1"]
    for name in ("planned_start", "planned_end", "stops"):
        nothing = client.patch("/route-plans/R-1", json={name: None})
        assert (nothing.status_code, nothing.json()["errors"][0]) == (422, {"field": name, "detail": "must not be null"})
    versions = client.get("/route-plans/R-1/versions").json()["items"]
    assert [(one["version"], len(one["plan"]["stops"])) for one in versions] == [(2, 1), (1, 2)]
    assert {one["made_by"] for one in versions} == {"console"}
    yard.owner.execute("UPDATE trip SET state = 'dispatched'")
    assert client.get("/route-plans/R-1").json()["state"] == "frozen"
    refused = client.patch("/route-plans/R-1", json={"corridor_m": 50})
    assert (refused.status_code, refused.json()["detail"]) == (409, "the plan is frozen: it changes no more")
    assert client.post("/route-plans/R-1/state", json={"state": "cancelled"}).json()["allowed"] == []


def test_a_day_is_planned_from_the_beats_that_are_due(client: httpx.Client, yard: Yard) -> None:
    approved_outlet(client, "O-1")
    weekday = START.isoweekday()
    post(client, "/beats", beat_id="B-TODAY", name="x", weekdays=[weekday], outlets=[{"outlet_id": "O-1"}])
    post(client, "/beats", beat_id="B-OTHER", name="x", weekdays=[weekday % 7 + 1])
    answer = client.post("/route-plans/of-day", json={"planned_start": START.isoformat()})
    assert [plan["route_plan_id"] for plan in answer.json()] == [f"B-TODAY-{DAY}"]
    assert client.post("/route-plans/of-day", json={"planned_start": START.isoformat()}).json() == []
    assert client.post("/route-plans/B-TODAY-" + DAY + "/state", json={"state": "released"}).status_code == 409


def test_an_outlet_moves_only_when_somebody_agrees(client: httpx.Client) -> None:
    approved_outlet(client, "O-1")
    refused = client.patch("/outlets/O-1", json={"longitude_deg": 10})
    assert (refused.status_code, "/changes" in refused.json()["detail"]) == (409, True)
    assert client.patch("/outlets/O-1", json={"class": "A", "credit_limit": 5000}).json()["class"] == "A"
    change = post(client, "/outlets/O-1/changes", longitude_deg=77.7, reason="other side of the road")
    assert (change["before"], change["after"]) == ({"longitude_deg": 77.6046}, {"longitude_deg": 77.7})
    again = client.post("/outlets/O-1/changes", json={"longitude_deg": 77.8, "reason": "x"})
    assert (again.status_code, again.json()["detail"]) == (409, "a change of outlet 'O-1' is being waited for already")
    decided = post(client, f"/outlet-changes/{change['change_id']}/state", state="accepted", reason="seen it")
    assert (decided["state"], decided["decided_by"], decided["comment"]) == ("accepted", "console", "seen it")
    assert client.get("/outlets/O-1").json()["longitude_deg"] == 77.7
    assert client.get("/outlet-changes?outlet_id=O-1&state=pending").json()["items"] == []
    actions = [entry["action"] for entry in client.get("/audit").json()["items"]]
    assert actions[:2] == ["outlet_change.accepted", "outlet.move"]


def test_a_change_that_was_asked_for_before_another_is_not_made_blindly(client: httpx.Client, yard: Yard) -> None:
    approved_outlet(client, "O-1")
    change = post(client, "/outlets/O-1/changes", name="New name", reason="sign")
    client.patch("/outlets/O-1", json={"name": "Newer name"})
    late = client.post(f"/outlet-changes/{change['change_id']}/state", json={"state": "accepted"})
    assert (late.status_code, client.get("/outlets/O-1").json()["name"]) == (409, "Newer name")


def test_an_order_is_priced_by_tier_quantity_and_promotion(client: httpx.Client) -> None:
    post(client, "/products", **COLA)
    approved_outlet(client, "O-1", 1, tier="gold")
    client.patch("/outlets/O-1", json={"class": "A"}).raise_for_status()
    lines = [{"product_id": "COLA-330", "price": 20}, {"product_id": "COLA-330", "least_pieces": 48, "price": 19}]
    post(client, "/price-lists", price_list_id="PL", name="Gold", tier="gold", valid_from="2020-01-01", lines=lines)
    post(client, "/price-lists/PL/state", state="active")
    offer = {"promotion_id": "P-10", "name": "Ten", "kind": "percentage", "terms": {"percent": 10}, "valid_from": "2020-01-01"}
    post(client, "/promotions", **offer, outlet_classes=["A"], budget=100)
    post(client, "/promotions/P-10/state", state="active")
    order = confirmed_order(client, "SO-1", "O-1")
    assert (order["net_value"], order["discount_value"], order["tax_value"]) == (820.8, 91.2, 147.74)
    assert (order["lines"][0]["ordered"], order["lines"][0]["price"], order["lines"][0]["promotion_id"]) == (48, 19, "P-10")
    assert client.get("/promotions/P-10").json()["spent"] == 91.2
    second = confirmed_order(client, "SO-2", "O-1", quantity=1)
    assert (second["net_value"], second["lines"][0]["promotion_id"]) == (480, None)  # the budget is used up
    post(client, "/orders/SO-1/state", state="cancelled", reason="closed today")
    assert client.get("/promotions/P-10").json()["spent"] == 0


def test_an_order_goes_its_way_and_says_what_became_of_each_line(client: httpx.Client) -> None:
    post(client, "/products", **COLA)
    approved_outlet(client, "O-1")
    confirmed_order(client, "SO-1", "O-1")
    refused = client.post("/orders/SO-1/state", json={"state": "delivered"})
    assert refused.json()["allowed"] == ["allocated", "cancelled"]
    assert post(client, "/orders/SO-1/state", state="allocated")["lines"][0]["allocated"] == 48
    changed = client.patch("/orders/SO-1", json={"lines": [{"product_id": "COLA-330", "quantity": 1}]})
    assert changed.status_code == 409
    for state in ("loaded", "out_for_delivery", "delivered", "closed"):
        order = post(client, "/orders/SO-1/state", state=state)
    (line,) = order["lines"]
    assert (line["loaded"], line["delivered"], line["short"], order["next_states"]) == (48, 48, 0, [])
    assert client.get(f"/orders?due_from={DAY}&due_until={DAY}&outlet_id=O-1&state=closed").json()["items"] == [order]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"product_id": "NONE"}, "lines.0.product_id"),
        ({"unit": "crate"}, "lines.0.unit"),
        ({"quantity": 0}, "body.lines.0.quantity"),
    ],
)
def test_an_order_of_what_is_not_sold_is_refused(client: httpx.Client, line: dict[str, Any], field: str) -> None:
    post(client, "/products", **COLA)
    approved_outlet(client, "O-1")
    body = {"order_id": "SO-1", "outlet_id": "O-1", "due_on": DAY, "lines": [{"product_id": "COLA-330", "quantity": 1} | line]}
    refused = client.post("/orders", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_orders_are_taken_from_approved_outlets_only(client: httpx.Client) -> None:
    post(client, "/products", **COLA)
    post(client, "/outlets", outlet_id="O-1", name="x", longitude_deg=1, latitude_deg=2)
    line = {"product_id": "COLA-330", "quantity": 1}
    refused = client.post("/orders", json={"order_id": "SO-1", "outlet_id": "O-1", "due_on": DAY, "lines": [line]})
    assert refused.status_code == 409


def test_a_tracker_is_on_one_thing_at_a_time(client: httpx.Client) -> None:
    van(client, "van-1")
    post(client, "/fleet/vehicles", vehicle_id="van-2")
    post(client, "/devices/tracker-van-1/assignments", vehicle_id="van-2")
    first, second = client.get("/devices/tracker-van-1/assignments").json()["items"]
    assert (first["vehicle_id"], first["until"], second["vehicle_id"]) == ("van-2", None, "van-1")
    assert second["until"] == first["since"]
    assert client.post("/devices/tracker-van-1/assignments", json={"vehicle_id": "van-9"}).status_code == 422
    assert client.post("/devices/tracker-van-1/assignments", json={}).status_code == 422
    assert client.delete("/devices/tracker-van-1/assignments").status_code == 204
    assert client.get("/devices/tracker-van-1").json()["vehicle_id"] is None
    assert client.patch("/devices/tracker-van-1", json={"state": "disabled"}).json()["state"] == "disabled"


def test_organisations_form_a_tree_and_contracts_join_them_crosswise(client: httpx.Client) -> None:
    post(client, "/organisations", slug="acme", name="Acme", kind="manufacturer")
    post(client, "/organisations", slug="bolt", name="Bolt", kind="manufacturer")
    north = post(client, "/organisations", slug="north", name="North", parent="acme", currency="EUR")
    assert (north["parent"], north["kind"], north["currency"]) == ("acme", "distributor", "EUR")
    assert client.post("/organisations", json={"slug": "north", "name": "x"}).status_code == 409
    assert client.post("/organisations", json={"slug": "x", "name": "x", "parent": "nobody"}).status_code == 404
    assert [one["slug"] for one in client.get("/organisations").json()["items"]] == ["acme", "bolt", "default", "north"]
    for maker in ("acme", "bolt"):
        post(client, "/brand-contracts", contract_id=f"C-{maker}", distributor="north", manufacturer=maker, valid_from=DAY)
    post(client, "/brand-contracts/C-bolt/state", state="active")
    contracts = client.get("/brand-contracts").json()["items"]
    assert [(one["organisation"], one["manufacturer"], one["state"]) for one in contracts] == [
        ("north", "acme", "proposed"),
        ("north", "bolt", "active"),
    ]
    assert client.patch("/organisations/north", json={"name": "Far North"}).json()["name"] == "Far North"


def test_life_cycles_can_be_read(client: httpx.Client) -> None:
    cycles = {one["kind"]: one["states"] for one in client.get("/life-cycles").json()}
    assert cycles.keys() >= {"order", "outlet", "trip", "delivery", "breakdown", "asset", "asset transfer"}
    assert cycles["outlet"][0] == {"state": "draft", "next_states": ["pending_approval"], "needs": "sell"}
    assert {"order", "beat", "route plan", "promotion", "brand contract"} <= cycles.keys()
