from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.goods import LOAD, NOW, delivery_to, dispatched_trip, driver, planned_trip
from tests.api.yard import Yard

pytestmark = pytest.mark.server


def count(client: httpx.Client, counter: str, *lines: tuple[str, int]) -> httpx.Response:
    told = [{"product_id": product, "pieces": pieces} for product, pieces in lines]
    return client.post("/trips/T-1/load-out/counts", json={"counted_as": counter, "lines": told})


def balances(client: httpx.Client, **wanted: Any) -> dict[tuple[str, str], int]:
    items = client.get("/stock/balances", params=wanted).json()["items"]
    return {(item["place_id"], item["product_id"]): item["pieces"] for item in items}


def test_a_load_is_confirmed_when_checker_and_driver_count_the_same(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    opened = client.post("/trips/T-1/load-out", json={"depot_id": "depot-north"}).json()
    assert opened["trip_state"] == "loading"
    assert {line["product_id"]: line["expected"] for line in opened["lines"]} == {"cola": 60, "soap": 12}
    assert count(client, "checker", ("cola", 58), ("soap", 12)).json()["disagreed"] == ["cola", "soap"]
    disputed = count(client, "driver", ("cola", 60), ("soap", 12)).json()
    assert (disputed["disagreed"], disputed["trip_state"], disputed["confirmed_at"]) == (["cola"], "loading", None)
    agreed = count(client, "driver", ("cola", 58), ("soap", 12)).json()
    assert (agreed["disagreed"], agreed["trip_state"]) == ([], "load_confirmed")
    assert count(client, "driver", ("cola", 58), ("soap", 12)).json() == agreed  # a phone tells it again
    assert count(client, "checker", ("cola", 59), ("soap", 12)).status_code == 409
    loaded = yard.owner.execute("SELECT order_id, line_no, loaded FROM order_line ORDER BY 1, 2").fetchall()
    assert loaded == [("A", 1, 24), ("A", 2, 12), ("B", 1, 34)]  # who comes last on the route goes short
    assert yard.owner.execute("SELECT DISTINCT state FROM sales_order").fetchall() == [("loaded",)]


def test_crates_are_counted_as_the_goods_are(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    client.post("/trips/T-1/load-out", json={"depot_id": "depot-north"}).raise_for_status()

    def counted(counter: str, crates: int) -> dict[str, Any]:
        body = {"counted_as": counter, "lines": LOAD, "crates": crates}
        answer: dict[str, Any] = client.post("/trips/T-1/load-out/counts", json=body).raise_for_status().json()
        return answer

    counted("checker", 9)
    disputed = counted("driver", 8)
    assert (disputed["disagreed"], disputed["trip_state"]) == (["crates"], "loading")
    assert (disputed["crates_checked"], disputed["crates_received"]) == (9, 8)
    assert counted("driver", 9)["trip_state"] == "load_confirmed"
    client.post("/trips/T-1/dispatch", params={"without_driver": True}).raise_for_status()
    delivery = delivery_to(client, "S-2")
    done = {"at": NOW.isoformat(), "lines": [{"line_no": 1, "delivered": 36}], "crates_out": 3, "crates_in": 1}
    client.post(f"/deliveries/{delivery['delivery_id']}/complete", json=done).raise_for_status()
    assert client.get("/trips/T-1/settlement").json()["crates_due"] == 9 - 3 + 1


def test_dispatch_puts_the_load_on_the_van_and_freezes_the_plan(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    client.post("/trips/T-1/load-out", json={"depot_id": "depot-north"}).raise_for_status()
    early = client.post("/trips/T-1/dispatch")
    assert (early.status_code, early.json()["allowed"]) == (409, ["load_confirmed", "cancelled"])
    for counter in ("checker", "driver"):
        count(client, counter, ("cola", 60), ("soap", 12)).raise_for_status()
    assert client.post("/trips/T-1/dispatch").status_code == 409  # nobody drives
    driver(yard, "D-1")
    assert client.put("/trips/T-1/driver", json={"driver_id": "D-9"}).status_code == 422
    assert client.put("/trips/T-1/driver", json={"driver_id": "D-1"}).json()["driver_id"] == "D-1"
    assert client.post("/trips/T-1/dispatch").json() == {"trip_id": "T-1", "state": "dispatched", "deliveries": 2}
    assert balances(client, place_kind="van") == {("van-1", "cola"): 60, ("van-1", "soap"): 12}
    assert balances(client, place_kind="depot") == {("depot-north", "cola"): -60, ("depot-north", "soap"): -12}
    document = client.get("/trips/T-1").json()
    changed = {"trip_id": "T-1", "device_id": "tracker-of-van-1", "planned_start": document["planned_start"]}
    changed |= {"planned_end": document["planned_end"], "stops": []}
    assert client.post("/trips", json=changed).status_code == 409
    life = client.get("/trips/T-1/life").json()
    assert [step["state"] for step in life["steps"]] == ["loading", "load_confirmed", "dispatched"]
    assert life["may_become"] == ["in_progress"]


def test_a_load_can_be_counted_anew_until_dispatch(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    client.post("/trips/T-1/load-out", json={}).raise_for_status()
    for counter in ("checker", "driver"):
        count(client, counter, ("cola", 60), ("soap", 12)).raise_for_status()
    again = client.post("/trips/T-1/load-out", json={"extra": [{"product_id": "soap", "pieces": 6}]}).json()
    assert (again["trip_state"], again["confirmed_at"], again["checker"]) == ("loading", None, None)
    assert {line["product_id"]: line["expected"] for line in again["lines"]} == {"cola": 60, "soap": 18}


def test_what_is_no_product_cannot_be_loaded(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    assert client.post("/trips/T-1/load-out", json={"extra": [{"product_id": "ghost", "pieces": 6}]}).status_code == 422
    assert client.get("/trips/T-1/life").json()["state"] == "planned"


@pytest.mark.parametrize("wanted", ["in_progress", "returning", "unloading"])
def test_a_wrong_transition_names_the_allowed_ones(client: httpx.Client, yard: Yard, wanted: str) -> None:
    planned_trip(client, yard)
    answer = client.post("/trips/T-1/state", json={"state": wanted})
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (
        409,
        "wrong_transition",
        ["loading", "cancelled"],
    )


def test_a_top_up_is_counted_once(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard)
    body = {"top_up_id": "TU-1", "at": client.get("/trips/T-1").json()["planned_start"], "lines": LOAD[:1]}
    for _ in range(2):
        client.post("/trips/T-1/top-ups", json=body).raise_for_status()
    assert balances(client, place_kind="van")["van-1", "cola"] == 120


def test_two_people_at_one_load_do_not_overwrite_each_other(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    client.post("/trips/T-1/load-out", json={"depot_id": "depot-north"}).raise_for_status()
    read = client.get("/trips/T-1/load-out").headers["etag"]
    assert read == client.get("/trips/T-1").headers["etag"] == client.get("/trips/T-1/settlement").headers["etag"]
    counted = client.post("/trips/T-1/load-out/counts", json={"counted_as": "checker", "lines": LOAD}).raise_for_status()
    other = {"counted_as": "driver", "lines": LOAD}
    stale = client.post("/trips/T-1/load-out/counts", json=other, headers={"if-match": read})
    assert (stale.status_code, stale.json()["code"]) == (412, "outdated")
    assert client.get("/trips/T-1/load-out").json()["driver_at"] is None
    now = {"if-match": counted.headers["etag"]}
    client.post("/trips/T-1/load-out/counts", json=other, headers=now).raise_for_status()
    dispatch = "/trips/T-1/dispatch?without_driver=true"
    assert client.post(dispatch, headers=now).status_code == 412
    fresh = {"if-match": client.get("/trips/T-1/load-out").headers["etag"]}
    gone = client.post(dispatch, headers=fresh).raise_for_status()
    assert gone.headers["etag"] == client.get("/trips/T-1").headers["etag"]
