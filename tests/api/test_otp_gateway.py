"""One-time passwords go out by the gateway of whoever delivers, signed with its own secret."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from alerts.options import AlertOptions
from alerts.sending import Sender
from store.organisations import add_organisation
from store.pool import Role
from store.session import open_session
from tests.alerts.receiver import Receiver, receiving
from tests.api.goods import delivery_to, dispatched_trip
from tests.api.yard import Yard

pytestmark = pytest.mark.server
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
PUBLIC = {"url": "https://sms.example.org/beatwatch"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as received:
        yield received


def send_all(database_url: str, options: AlertOptions) -> int:
    session = open_session(database_url, Role.worker, [])
    sender = Sender(options, lambda: datetime.now(UTC), lambda: 0.5)
    try:
        return sender.send_due(session)
    finally:
        sender.close()
        session.close()


def test_a_gateway_is_saved_shown_without_its_secret_and_removed(client: httpx.Client) -> None:
    assert client.get("/otp-gateway").status_code == 404
    made = client.put("/otp-gateway", json=PUBLIC).raise_for_status().json()
    shown = client.get("/otp-gateway")
    assert (shown.json()["url"], "secret" in shown.json()) == (PUBLIC["url"], False)
    assert made["secret"] not in shown.text + client.get("/audit").text
    renewed = client.put("/otp-gateway", json=PUBLIC, headers={"if-match": shown.headers["etag"]})
    assert renewed.json()["secret"] != made["secret"]
    assert client.delete("/otp-gateway", headers={"if-match": shown.headers["etag"]}).status_code == 412
    assert client.delete("/otp-gateway").status_code == 204
    assert client.delete("/otp-gateway").status_code == 404
    assert {one["action"] for one in client.get("/audit").json()["items"]} >= {"otp_gateway.save", "otp_gateway.delete"}


@pytest.mark.parametrize("url", ["http://127.0.0.1/sms", "http://169.254.169.254/latest", "ftp://sms.example.org/"])
def test_a_gateway_leads_into_no_private_network(client: httpx.Client, url: str) -> None:
    refused = client.put("/otp-gateway", json={"url": url})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "url")


def test_a_code_goes_by_the_own_gateway_and_is_signed_with_its_secret(
    client: httpx.Client, yard: Yard, database_url: str, receiver: Receiver
) -> None:
    secret = client.put("/otp-gateway", json=PUBLIC).json()["secret"]
    dispatched_trip(client, yard, START)
    client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/otp").raise_for_status()
    yard.owner.execute("UPDATE otp_gateway SET url = %s", (receiver.url,))
    assert send_all(database_url, AlertOptions(webhook_secret="of the installation", webhooks_to_private=True)) == 1
    ((headers, body),) = receiver.requests
    assert json.loads(body)["once"]["phone"] == "+91 80 1234"
    moment, _, signature = headers["Beatwatch-Signature"].removeprefix("t=").partition(",v1=")
    assert signature == hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()


def test_a_gateway_that_came_to_lead_into_a_private_network_is_told_nothing(
    client: httpx.Client, yard: Yard, database_url: str, receiver: Receiver
) -> None:
    client.put("/otp-gateway", json=PUBLIC).raise_for_status()
    dispatched_trip(client, yard, START)
    client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/otp").raise_for_status()
    yard.owner.execute("UPDATE otp_gateway SET url = %s", (receiver.url,))
    assert send_all(database_url, AlertOptions()) == 1
    assert receiver.requests == []
    (message,) = client.get("/messages", params={"channel": "otp"}).json()["items"]
    log = client.get(f"/messages/{message['message_id']}").json()["log"]
    assert (message["state"], "private network" in log[0]["detail"]) == ("dead", True)


def test_who_has_none_is_served_by_the_organisation_above(client: httpx.Client, yard: Yard) -> None:
    with yard.pool.connection() as connection:
        below = add_organisation(connection, slug="below", name="Below", parent_id=yard.org_id)
        beside = add_organisation(connection, slug="beside", name="Beside", parent_id=None)
    client.put("/otp-gateway", json=PUBLIC).raise_for_status()
    found = yard.owner.execute("SELECT otp_gateway_for(%s), otp_gateway_for(%s)", (below, beside)).fetchone()
    assert found == (yard.org_id, None)
    acting = {"Beatwatch-Organisation": "below"}
    assert client.get("/otp-gateway", headers=acting).status_code == 404
    client.put("/otp-gateway", json=PUBLIC, headers=acting).raise_for_status()
    assert yard.owner.execute("SELECT otp_gateway_for(%s)", (below,)).fetchone() == (below,)
