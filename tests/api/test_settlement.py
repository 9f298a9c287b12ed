from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.api.goods import LOAD, delivery_to, dispatched_trip
from tests.api.test_deliveries import AT, START, complete, prove
from tests.api.test_trip_life import balances
from tests.api.yard import Yard

pytestmark = pytest.mark.server


def evening(client: httpx.Client, yard: Yard) -> int:
    """A trip that came back: A delivered in part, B failed; 4 cola and 36 cola ought to be on the van. The tracker's number."""
    van = dispatched_trip(client, yard, START)
    lines = [{"line_no": 1, "delivered": 20, "short_reason": "no room"}, {"line_no": 2, "delivered": 12, "returned": 2}]
    complete(client, "S-1", lines=lines, payment={"cash": "755.20"}, crates_in=3).raise_for_status()
    prove(client, "S-1").raise_for_status()
    failure = {"at": AT.isoformat(), "reason": "shop closed"}
    client.post(f"/deliveries/{delivery_to(client, 'S-2')['delivery_id']}/fail", json=failure).raise_for_status()
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    return van


def hand_in(client: httpx.Client, cola: int = 40, soap: int = 2, cash: str = "755.20") -> httpx.Response:
    lines = [{"product_id": "cola", "pieces": cola}, {"product_id": "soap", "pieces": soap}]
    return client.post("/trips/T-1/settlement", json={"lines": lines, "cash": cash, "crates": 3})


def test_what_is_expected_follows_from_the_ledger(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    told = client.get("/trips/T-1/settlement").json()
    assert {
        line["product_id"]: (line["loaded"], line["delivered"], line["returned"], line["expected"]) for line in told["lines"]
    } == {
        "cola": (60, 20, 0, 40),
        "soap": (12, 12, 2, 2),
    }
    assert (float(told["cash_due"]), told["crates_due"], told["submitted_at"]) == (755.2, 3, None)


def test_a_settlement_that_adds_up_is_agreed_to_and_empties_the_van(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    handed = hand_in(client).json()
    assert (handed["trip_state"], float(handed["variance_value"]), float(handed["cash_gap"])) == ("settlement_pending", 0, 0)
    assert client.post("/trips/T-1/settlement/approve").json()["trip_state"] == "settled"
    assert {place: pieces for place, pieces in balances(client, place_kind="van").items() if pieces} == {}
    assert balances(client, place_kind="depot") == {("depot-north", "cola"): -20, ("depot-north", "soap"): -10}


def test_a_variance_needs_a_word(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    handed = hand_in(client, cola=28).json()
    assert [line["variance"] for line in handed["lines"]] == [-12, 0]
    assert float(handed["variance_value"]) == 240
    assert handed["variance_share"] == pytest.approx(240 / (72 * 20))
    assert client.post("/trips/T-1/settlement/approve").status_code == 409
    again = hand_in(client, cola=40).json()  # twelve were found under the seat
    assert float(again["variance_value"]) == 0
    hand_in(client, cola=28).raise_for_status()
    settled = client.post("/trips/T-1/settlement/approve", json={"comment": "deducted from pay"}).json()
    assert (settled["trip_state"], settled["decision"]) == ("settled", "deducted from pay")
    written_off = client.get("/stock/movements", params={"cause": "adjustment"}).json()["items"]
    assert [(line["place_id"], line["product_id"], line["pieces"]) for line in written_off] == [("van-1", "cola", -12)]


def test_a_rejected_settlement_is_counted_again(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    hand_in(client, cola=28).raise_for_status()
    assert client.post("/trips/T-1/settlement/reject", json={"comment": "count again"}).json()["trip_state"] == "unloading"
    assert hand_in(client).json()["trip_state"] == "settlement_pending"


def test_what_cannot_be_handed_in_is_refused(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    early = hand_in(client)
    assert (early.status_code, early.json()["allowed"]) == (409, ["in_progress"])
    client.post(
        f"/deliveries/{delivery_to(client, 'S-2')['delivery_id']}/arrive", json={"at": AT.isoformat()}
    ).raise_for_status()
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    for lines in ([{"product_id": "tea", "pieces": 1}], [*LOAD, *LOAD]):
        assert client.post("/trips/T-1/settlement", json={"lines": lines}).status_code == 422


def test_a_trip_is_closed_when_everything_is_there_and_somebody_agrees(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    yard.owner.execute("UPDATE proof SET stop_id = 'S-2', delivery_id = NULL")  # as if nobody had proved it
    hand_in(client).raise_for_status()
    early = client.post("/trips/T-1/closure")
    assert (early.status_code, early.json()["allowed"]) == (409, ["settled", "unloading"])
    client.post("/trips/T-1/settlement/approve").raise_for_status()
    closure = client.get("/trips/T-1/closure").json()
    assert {check["name"]: check["passed"] for check in closure["checks"]} == {
        "stops_ended": True,
        "deliveries_proved": False,
        "settled": True,
    }
    asked = client.post("/trips/T-1/closure", json={"comment": "all done"}).json()
    refused = client.post(f"/approvals/{asked['approval_id']}/approve")
    assert (refused.status_code, "deliveries_proved" in refused.json()["detail"]) == (409, True)
    prove(client, "S-1", at=AT + timedelta(minutes=2)).raise_for_status()


def test_what_was_forgotten_can_still_be_said_to_have_failed(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    complete(client, "S-1", lines=[{"line_no": 1, "delivered": 24}, {"line_no": 2, "delivered": 12}]).raise_for_status()
    prove(client, "S-1").raise_for_status()
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    hand_in(client, cola=36, soap=0, cash="0").raise_for_status()
    client.post("/trips/T-1/settlement/approve", json={"comment": "three crates"}).raise_for_status()
    assert not client.get("/trips/T-1/closure").json()["can_be_closed"]
    assert complete(client, "S-2", 36).status_code == 409
    path = f"/deliveries/{delivery_to(client, 'S-2')['delivery_id']}/fail"
    assert client.post(path, json={"at": AT.isoformat(), "reason": "never went there"}).json()["state"] == "failed"
    assert client.post(path, json={"at": AT.isoformat(), "reason": "shop closed"}).status_code == 409
    assert client.get("/trips/T-1/closure").json()["can_be_closed"]


def test_closing_closes_the_orders_too(client: httpx.Client, yard: Yard) -> None:
    evening(client, yard)
    hand_in(client).raise_for_status()
    client.post("/trips/T-1/settlement/approve").raise_for_status()
    asked = client.post("/trips/T-1/closure").json()
    assert (asked["kind"], asked["difference"]["checks"]) == (
        "dispatch_closure",
        {"stops_ended": True, "deliveries_proved": True, "settled": True},
    )
    client.post(f"/approvals/{asked['approval_id']}/approve").raise_for_status()
    life = client.get("/trips/T-1/life").json()
    assert (life["state"], life["may_become"]) == ("closed", [])
    states = yard.owner.execute("SELECT order_id, state FROM sales_order ORDER BY 1").fetchall()
    assert states == [("A", "closed"), ("B", "failed")]
