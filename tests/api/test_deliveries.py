from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from alerts.options import AlertOptions
from alerts.sending import Sender
from store.pool import Role
from store.session import open_session
from tests.api.goods import NOW, delivery_to, dispatched_trip
from tests.api.test_media import PNG
from tests.api.test_trip_life import balances
from tests.api.yard import Yard

pytestmark = pytest.mark.server
START = NOW - timedelta(hours=2)
AT = START + timedelta(minutes=30)


def complete(client: httpx.Client, stop_id: str, *delivered: int, at: datetime = AT, **more: Any) -> httpx.Response:
    lines = [{"line_no": number, "delivered": pieces} for number, pieces in enumerate(delivered, 1)]
    if "lines" in more:
        lines = more.pop("lines")
    delivery_id = delivery_to(client, stop_id)["delivery_id"]
    return client.post(f"/deliveries/{delivery_id}/complete", json={"at": at.isoformat(), "lines": lines, **more})


def prove(client: httpx.Client, stop_id: str, at: datetime = AT, **proof: Any) -> httpx.Response:
    body = {"kind": "scan", "code": "8901234567890", "captured_at": at.isoformat(), **proof}
    return client.post(f"/deliveries/{delivery_to(client, stop_id)['delivery_id']}/proofs", json=body)


def test_a_delivery_moves_goods_bills_them_and_ends_its_order(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    arrived = client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/arrive", json={"at": AT.isoformat()})
    assert arrived.json()["state"] == "arrived"
    assert client.get("/trips/T-1/life").json()["state"] == "in_progress"
    lines = [
        {"line_no": 1, "delivered": 20, "damaged": 1, "short_reason": "no room"},
        {"line_no": 2, "delivered": 12, "returned": 2, "return_reason": "expired"},
    ]
    done = complete(client, "S-1", lines=lines, payment={"cash": "500", "upi": "100"}, crates_in=2).json()
    assert (done["state"], done["invoice_value"]) == ("partially_delivered", 755.2)  # 32 pieces of 20 with 18 % tax
    assert (done["cash"], done["upi"], done["credit"], done["crates_in"]) == (500, 100, 155.2, 2)
    assert [(line["delivered"], line["short"], line["damaged"], line["returned"]) for line in done["lines"]] == [
        (20, 4, 1, 0),
        (12, 0, 0, 2),
    ]
    assert balances(client, place_kind="van") == {("van-1", "cola"): 39, ("van-1", "soap"): 2}
    assert balances(client, place_kind="outlet") == {("O-1", "cola"): 20, ("O-1", "soap"): 10}
    assert yard.owner.execute("SELECT state FROM sales_order WHERE order_id = 'A'").fetchone() == ("partially_delivered",)
    row = yard.owner.execute(
        "SELECT delivered, short, short_reason, damaged FROM order_line WHERE line_no = 1 AND order_id = 'A'"
    )
    assert row.fetchone() == (20, 4, "no room", 1)


def test_told_again_it_is_the_same_and_told_otherwise_it_is_refused(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    first = complete(client, "S-2", 36)
    assert (first.status_code, complete(client, "S-2", 36).json()) == (200, first.json())
    other = complete(client, "S-2", 36, at=AT + timedelta(minutes=1))
    assert (other.status_code, other.json()["code"]) == (409, "wrong_transition")
    assert (other.status_code, other.json()["code"]) == (409, "wrong_transition")
    for otherwise in ({"crates_in": 1}, {"payment": {"cash": 5}}, {"returns": [{"product_id": "soap", "pieces": 1}]}):
        refused = complete(client, "S-2", 36, **otherwise)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert balances(client, place_kind="outlet") == {("O-2", "cola"): 36}


def test_returns_told_again_are_the_same(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    back: dict[str, Any] = {"returns": [{"product_id": "soap", "pieces": 2, "reason": "expired"}], "payment": {"upi": "1.50"}}
    first = complete(client, "S-2", 36, **back)
    assert (first.status_code, complete(client, "S-2", 36, **back).json()) == (200, first.json())
    assert balances(client, place_kind="outlet") == {("O-2", "cola"): 36, ("O-2", "soap"): -2}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": [{"line_no": 1, "delivered": 37}]}, "lines.0.delivered"),
        ({"lines": [{"line_no": 2, "delivered": 1}]}, "lines.0.line_no"),
        ({"lines": [{"line_no": 1, "delivered": 30}]}, "lines.0.short_reason"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line_no": 1, "delivered": 36}], "payments": {"cash": 5}}, "body.payments"),
        ({"lines": [{"line_no": 1, "delivered": 36, "shortreason": "x"}]}, "body.lines.0.shortreason"),
        ({"lines": [{"line_no": 1, "delivered": 36}], "crates_out": "many"}, "body.crates_out"),
        ({"lines": [{"line_no": 1, "delivered": 36}], "payment": {"cash": "1", "credit": "0"}}, "payment"),
        ({"lines": [{"line_no": 1, "delivered": 36}], "returns": [{"product_id": "ghost", "pieces": 1}]}, "returns.product_id"),
        ({"lines": [{"line_no": 1, "delivered": 36}], "at": (NOW + timedelta(hours=1)).isoformat()}, "at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(client: httpx.Client, yard: Yard, body: dict[str, Any], field: str) -> None:
    dispatched_trip(client, yard, START)
    delivery_id = delivery_to(client, "S-2")["delivery_id"]
    answer = client.post(f"/deliveries/{delivery_id}/complete", json={"at": AT.isoformat(), **body})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert delivery_to(client, "S-2")["state"] == "pending"
    assert balances(client, place_kind="outlet") == {}


def test_a_failed_delivery_keeps_its_goods_on_the_van(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    delivery_id = delivery_to(client, "S-2")["delivery_id"]
    failed = client.post(f"/deliveries/{delivery_id}/fail", json={"at": AT.isoformat(), "reason": "shop closed"}).json()
    assert (failed["state"], failed["reason"], failed["lines"][0]["short"]) == ("failed", "shop closed", 36)
    assert balances(client, place_kind="van")["van-1", "cola"] == 60
    assert yard.owner.execute("SELECT state, reason FROM sales_order WHERE order_id = 'B'").fetchone() == (
        "failed",
        "shop closed",
    )


def test_proofs_are_kept_once_and_need_what_they_show(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    digest = client.post("/media", content=PNG).json()["sha256"]
    assert prove(client, "S-1", kind="photo", code=None).status_code == 422
    assert prove(client, "S-1", kind="photo", sha256="0" * 64).status_code == 422
    for _ in range(2):
        signed = prove(client, "S-1", kind="signature", sha256=digest, signed_by="Asha", longitude_deg=77.6, latitude_deg=12.9)
        assert signed.status_code == 201, signed.text
    assert prove(client, "S-1", kind="photo", sha256=digest).status_code == 201
    proofs = delivery_to(client, "S-1")["proofs"]
    assert sorted((proof["kind"], proof["signed_by"]) for proof in proofs) == [("photo", None), ("signature", "Asha")]
    assert yard.owner.execute("SELECT count(*) FROM proof").fetchone() == (2,)


def test_a_one_time_password_proves_and_is_tried_five_times(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    assert prove(client, "S-1", kind="otp", code="123456").status_code == 409
    delivery_id = delivery_to(client, "S-1")["delivery_id"]
    answer = client.post(f"/deliveries/{delivery_id}/otp")
    assert (answer.status_code, answer.json()["sent_to"]) == (201, "... 1234")
    issued = sent(yard)
    assert issued["phone"] == "+91 80 1234"
    assert issued["code"] not in answer.text + client.get("/messages").text + client.get("/audit").text
    stored = yard.owner.execute("SELECT d::text FROM stop_delivery AS d WHERE delivery_id = %s", (delivery_id,)).fetchone()
    assert stored is not None
    assert issued["code"] not in stored[0].replace(delivery_id, "")
    wrong = "000000" if issued["code"] != "000000" else "000001"
    assert prove(client, "S-1", kind="otp", code=wrong).json()["errors"][0]["field"] == "code"
    right = f"{issued['code'][:3]} {issued['code'][3:]}"
    assert prove(client, "S-1", kind="otp", code=right).status_code == 201
    assert delivery_to(client, "S-1")["proofs"][0] | {"kind": "otp", "code": None} == delivery_to(client, "S-1")["proofs"][0]
    client.post(f"/deliveries/{delivery_id}/otp").raise_for_status()
    second = sent(yard)
    for _ in range(5):
        assert prove(client, "S-1", kind="otp", code="x").status_code == 422
    assert prove(client, "S-1", kind="otp", code=second["code"], at=AT + timedelta(minutes=1)).status_code == 409


def sent(yard: Yard) -> dict[str, str]:
    """What the gateway is last given to send."""
    row = yard.owner.execute("SELECT body -> 'once' FROM message ORDER BY message_id DESC LIMIT 1").fetchone()
    assert row is not None
    once: dict[str, str] = row[0]
    return once


def test_a_code_is_sent_by_the_gateway_and_forgotten(client: httpx.Client, yard: Yard, database_url: str) -> None:
    dispatched_trip(client, yard, START)
    delivery_id = delivery_to(client, "S-1")["delivery_id"]
    client.post(f"/deliveries/{delivery_id}/otp").raise_for_status()
    posted: list[dict[str, Any]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yard.owner.execute("UPDATE message SET address = %s", (f"http://127.0.0.1:{server.server_address[1]}/",))
        session = open_session(database_url, Role.worker, [])
        sender = Sender(AlertOptions(webhooks_to_private=True), lambda: datetime.now(UTC), lambda: 0.5)
        assert sender.send_due(session) == 1
        sender.close()
        session.close()
        server.shutdown()
    assert prove(client, "S-1", kind="otp", code=posted[0]["once"]["code"]).status_code == 201
    assert yard.owner.execute("SELECT state, body ? 'once' FROM message").fetchone() == ("delivered", False)


def test_without_a_telephone_nothing_is_sent(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    yard.owner.execute("UPDATE outlet SET phone = NULL")
    refused = client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/otp")
    assert (refused.status_code, "telephone" in refused.json()["detail"]) == (409, True)


def leave(yard: Yard, at: datetime) -> None:
    yard.owner.execute("UPDATE visit SET departed_at = %s, change_no = nextval('conclusion_change_no')", (at,))


def verification(client: httpx.Client, stop_id: str) -> tuple[str, str]:
    told = delivery_to(client, stop_id)["verification"]
    return told["verdict"], told["reason"]


def test_a_delivery_is_verified_when_a_serviced_visit_overlaps_its_proof(client: httpx.Client, yard: Yard) -> None:
    van = dispatched_trip(client, yard, START)
    complete(client, "S-1", 24, 12).raise_for_status()
    assert verification(client, "S-1") == ("unverified", "no_proof")
    prove(client, "S-1").raise_for_status()
    assert verification(client, "S-1") == ("pending", "no_visit_yet")
    yard.visit(van, "T-1", "S-1", "serviced", AT - timedelta(minutes=5))
    leave(yard, AT + timedelta(minutes=5))
    assert verification(client, "S-1") == ("verified", "visit_overlaps_proof")
    leave(yard, AT - timedelta(minutes=3))
    assert verification(client, "S-1") == ("unverified", "proof_outside_visit")
    assert client.get("/deliveries/billed-without-visit").json()["items"] == []


def test_what_is_billed_without_a_visit_is_listed_with_the_reason(client: httpx.Client, yard: Yard) -> None:
    van = dispatched_trip(client, yard, START)
    for stop_id, pieces in (("S-1", (24, 12)), ("S-2", (36,))):
        complete(client, stop_id, *pieces).raise_for_status()
        prove(client, stop_id).raise_for_status()
    yard.visit(van, "T-1", "S-1", "serviced", AT)
    yard.visit(van, "T-1", "S-2", "missed", AT)
    listed = client.get("/deliveries/billed-without-visit").json()["items"]
    assert [(one["stop_id"], one["verification"]["reason"], one["invoice_no"]) for one in listed] == [
        ("S-2", "missed", "INV-B")
    ]
