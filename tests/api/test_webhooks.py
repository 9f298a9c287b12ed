"""News for other programs: signed, tried again, on record, and never into our own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from api.webhooks.courier import Courier
from domain.errors import InvalidInputError
from domain.web_targets import check_url, target_of
from store.organisations import add_organisation
from tests.api.conftest import serving
from tests.api.goods import delivery_to, dispatched_trip
from tests.api.test_catalogue_story import approved_outlet, confirmed_order, post
from tests.api.test_records import COLA
from tests.api.yard import Yard
from tests.waiting import wait_until


class Receiver:
    """A real server that keeps what it is sent and answers with the next of `statuses`, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("location", "http://169.254.169.254/")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?x=1"

    def topics(self) -> list[str]:
        return [json.loads(body)["topic"] for _headers, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


@pytest.fixture
def private(database_url: str) -> Iterator[httpx.Client]:
    with (
        serving(database_url, webhooks_to_private=True) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


@contextmanager
def quick_courier(database_url: str, **options: Any) -> Iterator[None]:
    courier = Courier(database_url, allow_private=True, delays=(timedelta(milliseconds=50),) * 3, **options)
    courier.start()
    yield
    courier.stop()


@pytest.mark.server
def test_orders_events_and_alerts_are_told_and_signed(private: httpx.Client, receiver: Receiver, yard: Yard) -> None:
    made = post(private, "/webhooks", url=receiver.url, topics=["order", "event", "alert"])
    assert made["secret"] not in private.get("/webhooks").text + private.get("/audit").text
    post(private, "/products", **COLA)
    approved_outlet(private, "O-1")
    confirmed_order(private, "SO-1", "O-1")
    yard.alert(yard.event(yard.van("van-1"), "missed_stop", datetime.now(UTC)))
    wait_until(lambda: len(receiver.received) >= 4)
    assert sorted(receiver.topics()) == ["alert.open", "event.concluded", "order.confirmed", "order.draft"]
    for headers, body in receiver.received:
        said = dict(part.split("=") for part in headers["beatwatch-signature"].split(","))
        expected = hmac.new(made["secret"].encode(), f"{said['t']}.".encode() + body, hashlib.sha256).hexdigest()
        assert said["v1"] == expected
        assert abs(int(said["t"]) - time.time()) < 60
        assert headers["host"] == receiver.url.split("/")[2]
        assert json.loads(body)["message_id"] == headers["beatwatch-message"]
    order = next(json.loads(body) for _headers, body in receiver.received if b"order.confirmed" in body)
    assert (order["data"]["order_id"], order["data"]["organisation"]) == ("SO-1", "default")
    wait_until(lambda: all(one["state"] == "delivered" for one in messages(private, made)))


def messages(client: httpx.Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/webhooks/{webhook['webhook_id']}/messages").json()["items"]
    return items


@pytest.mark.server
def test_deliveries_are_told_as_they_happen(private: httpx.Client, receiver: Receiver, yard: Yard) -> None:
    dispatched_trip(private, yard, datetime.now(UTC) - timedelta(hours=2))
    post(private, "/webhooks", url=receiver.url, topics=["delivery"])
    at = datetime.now(UTC).isoformat()
    first, second = (delivery_to(private, stop)["delivery_id"] for stop in ("S-1", "S-2"))
    private.post(f"/deliveries/{first}/arrive", json={"at": at}).raise_for_status()
    lines = [{"line_no": 1, "delivered": 20, "short_reason": "no room"}, {"line_no": 2, "delivered": 12}]
    private.post(f"/deliveries/{first}/complete", json={"at": at, "lines": lines}).raise_for_status()
    private.post(f"/deliveries/{second}/fail", json={"at": at, "reason": "shop closed"}).raise_for_status()
    wait_until(lambda: len(receiver.received) >= 3)
    assert sorted(receiver.topics()) == ["delivery.arrived", "delivery.failed", "delivery.partially_delivered"]
    failed = next(json.loads(body)["data"] for _headers, body in receiver.received if b"delivery.failed" in body)
    told = (failed["delivery_id"], failed["order_id"], failed["trip_id"], failed["reason"], failed["organisation"])
    assert told == (second, "B", "T-1", "shop closed", "default")


@pytest.mark.server
def test_what_was_told_long_ago_is_forgotten(receiver: Receiver, database_url: str, yard: Yard) -> None:
    yard.owner.execute("INSERT INTO webhook (org_id, url, topics, secret, created_by) VALUES (%s, %s, '{order}', 's', 'x')",
                       (yard.org_id, receiver.url))  # fmt: skip
    yard.owner.execute(
        "INSERT INTO webhook_message (webhook_id, org_id, topic, body, state, created_at)"
        " SELECT webhook_id, org_id, topic, '{}', told.state, now() - days * interval '1 day' FROM webhook,"
        " (VALUES ('old.told', 'delivered', 31), ('old.dead', 'dead', 40), ('new.told', 'delivered', 29),"
        " ('late', 'pending', 50))"
        " AS told (topic, state, days)"
    )
    with quick_courier(database_url):
        wait_until(lambda: receiver.topics() == ["late"])
    left = yard.owner.execute("SELECT topic FROM webhook_message ORDER BY topic").fetchall()
    assert left == [("late",), ("new.told",)]


@pytest.mark.server
def test_what_fails_is_tried_again_and_every_attempt_is_on_record(
    client: httpx.Client, receiver: Receiver, database_url: str, yard: Yard
) -> None:
    receiver.statuses = [500, 302]
    yard.owner.execute("INSERT INTO webhook (org_id, url, topics, secret, created_by) VALUES (%s, %s, '{order}', 's', 'x')",
                       (yard.org_id, receiver.url))  # fmt: skip
    (webhook,) = client.get("/webhooks").json()["items"]
    assert client.patch(f"/webhooks/{webhook['webhook_id']}", json={"state": "paused"}).json()["state"] == "paused"
    assert client.post(f"/webhooks/{webhook['webhook_id']}/ping").status_code == 202
    with quick_courier(database_url):
        yard.owner.execute("UPDATE webhook SET state = 'active'")
        wait_until(lambda: messages(client, webhook)[0]["state"] == "delivered")
    (message,) = messages(client, webhook)
    assert [(one["attempt_no"], one["succeeded"]) for one in message["attempts"]] == [(1, False), (2, False), (3, True)]
    assert [one["detail"] for one in message["attempts"]] == ["HTTP 500", "HTTP 302", "delivered"]
    assert len({headers["beatwatch-message"] for headers, _body in receiver.received}) == 1
    assert client.get("/webhooks").json()["items"][0]["failed_count"] == 0


@pytest.mark.server
def test_a_webhook_that_keeps_failing_is_disabled_until_somebody_looks(
    receiver: Receiver, database_url: str, yard: Yard
) -> None:
    receiver.statuses = [500] * 100
    yard.owner.execute("INSERT INTO webhook (org_id, url, topics, secret, created_by) VALUES (%s, %s, '{order}', 's', 'x')",
                       (yard.org_id, receiver.url))  # fmt: skip
    yard.owner.execute("INSERT INTO webhook_message (webhook_id, org_id, topic, body)"
                       " SELECT webhook_id, org_id, 'order.draft', '{}' FROM webhook, generate_series(1, 3)")  # fmt: skip
    state = "SELECT state, failed_count >= 6 FROM webhook"
    with quick_courier(database_url, disabled_after=6):
        wait_until(lambda: yard.owner.execute(state).fetchone() == ("disabled", True))
        time.sleep(0.3)
        seen = len(receiver.received)
        time.sleep(0.3)
        assert len(receiver.received) == seen
    waiting = yard.owner.execute("SELECT count(*) FROM webhook_message WHERE state = 'pending'").fetchone()
    assert waiting is not None
    assert waiting[0] > 0
    with quick_courier(database_url, disabled_after=1000):
        receiver.statuses = []
        yard.owner.execute("UPDATE webhook SET state = 'active', failed_count = 0")
        wait_until(
            lambda: yard.owner.execute("SELECT count(*) FROM webhook_message WHERE state = 'pending'").fetchone() == (0,)
        )


@pytest.mark.server
def test_after_the_last_attempt_a_message_is_dead(receiver: Receiver, database_url: str, yard: Yard) -> None:
    receiver.statuses = [500] * 100
    yard.owner.execute("INSERT INTO webhook (org_id, url, topics, secret, created_by) VALUES (%s, %s, '{order}', 's', 'x')",
                       (yard.org_id, receiver.url))  # fmt: skip
    yard.owner.execute("INSERT INTO webhook_message (webhook_id, org_id, topic, body)"
                       " SELECT webhook_id, org_id, 'order.draft', '{}' FROM webhook")  # fmt: skip
    with quick_courier(database_url):
        wait_until(lambda: yard.owner.execute("SELECT state FROM webhook_message").fetchone() == ("dead",))
    assert len(receiver.received) == 4


@pytest.mark.server
def test_those_above_hear_of_those_below_and_nobody_else(yard: Yard) -> None:
    with yard.pool.connection() as connection:
        below = add_organisation(connection, slug="below", name="Below", parent_id=yard.org_id)
        add_organisation(connection, slug="foreign", name="Foreign", parent_id=None)
    for slug in ("default", "below", "foreign"):
        yard.owner.execute(
            "INSERT INTO webhook (org_id, url, topics, secret, created_by)"
            " SELECT org_id, 'https://' || slug, '{order}', 's', 'x' FROM organisation WHERE slug = %s",
            (slug,),
        )
    yard.owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7) VALUES (%s, 'O', 'O', 1, 1)", (below,)
    )
    yard.owner.execute(
        "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on) VALUES (%s, 'S', 'O', '2026-01-01')", (below,)
    )
    told = yard.owner.execute(
        "SELECT url, body ->> 'organisation' FROM webhook_message JOIN webhook USING (webhook_id) ORDER BY 1"
    )
    assert told.fetchall() == [("https://below", "below"), ("https://default", "below")]


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "0.0.0.0",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_name_leads_into_a_private_network(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidInputError, match="private network"):
        check_url(f"https://{host}/hook", allow_private=False)
    with pytest.raises(InvalidInputError, match="private network"):
        target_of("https://erp.example.org/", allow_private=False, lookup=lambda _host, _port: ["93.184.216.34", address])


def test_the_address_that_was_looked_at_is_the_one_connected_to() -> None:
    target = target_of(
        "https://erp.example.org:8443/hook?x=1", allow_private=False, lookup=lambda _host, _port: ["93.184.216.34"]
    )
    assert (target.url, target.host) == ("https://93.184.216.34:8443/hook?x=1", "erp.example.org:8443")
    six = target_of("http://erp.example.org/", allow_private=False, lookup=lambda _host, _port: ["2606:4700::1111"])
    assert six.url == "http://[2606:4700::1111]/"


@pytest.mark.parametrize(
    "url", ["ftp://x.org/", "https://", "https://u:p@x.org/", "https://x.org:99999/", "https://x y/", "x", "http://[::"]
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="url"):
        check_url(url, allow_private=True)


@pytest.mark.server
def test_a_private_address_is_refused_where_it_is_not_wanted(client: httpx.Client) -> None:
    refused = client.post("/webhooks", json={"url": "http://127.0.0.1:1/", "topics": ["order"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "url")
