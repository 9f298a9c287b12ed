"""Subscribing a browser over HTTP, and what the browser shows of what is pushed to it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from api import assets
from tests.api.conftest import serving
from tests.browsing import new_context

pytestmark = pytest.mark.server
POINT = base64.urlsafe_b64encode(b"\x04" + bytes(range(64))).decode().rstrip("=")
AUTH = base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=")
BROWSER: dict[str, Any] = {
    "endpoint": "https://push.example.org/send/1",
    "expirationTime": None,
    "keys": {"p256dh": POINT, "auth": AUTH},
}


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    assets.install()
    with serving(database_url, push_key=POINT, webhooks_to_private=True) as address:
        yield address


def test_a_browser_subscribes_is_listed_and_leaves(client: httpx.Client) -> None:
    assert client.get("/push/key").json() == {"public_key": POINT}
    assert client.post("/push/subscriptions", json=BROWSER).status_code == 201
    assert client.post("/push/subscriptions", json=BROWSER).status_code == 201  # again is the same
    assert [one["endpoint"] for one in client.get("/push/subscriptions").json()["items"]] == [BROWSER["endpoint"]]
    assert [(cell["person"], cell["channel"]) for cell in client.get("/recipients").json()["items"]] == [("console", "push")]
    where = {"endpoint": BROWSER["endpoint"]}
    assert client.delete("/push/subscriptions", params=where).status_code == 204
    assert client.delete("/push/subscriptions", params=where).status_code == 404
    assert client.get("/recipients").json()["items"] == []
    assert [row["action"] for row in client.get("/audit").json()["items"]] == [
        "push.unsubscribe",
        "push.subscribe",
        "push.subscribe",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "ftp://push.example.org/1"},
        {"endpoint": "no address"},
        {"keys": {"p256dh": POINT, "auth": "AAAA"}},
        {"keys": {"p256dh": AUTH, "auth": AUTH}},
        {"keys": {"p256dh": "%%%", "auth": AUTH}},
        {"keys": {}},
    ],
)
def test_what_is_no_subscription_is_refused(client: httpx.Client, change: dict[str, Any]) -> None:
    assert client.post("/push/subscriptions", json=BROWSER | change).status_code == 422


def test_without_a_key_there_is_no_push_and_private_addresses_are_refused(database_url: str) -> None:
    with serving(database_url) as address, httpx.Client(base_url=address, timeout=60) as client:
        assert client.get("/push/key").status_code == 404
        refused = client.post("/push/subscriptions", json=BROWSER | {"endpoint": "https://127.0.0.1/push"})
        assert refused.status_code == 422


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page of alerts in a browser that lets it notify.

    No push service is reached from here: what the browser would get from one is given, all else is real.
    """
    given = f"""
        const said = {json.dumps(BROWSER)};
        const subscription = {{ endpoint: said.endpoint, toJSON: () => said, unsubscribe: async () => true }};
        PushManager.prototype.subscribe = async ({{ applicationServerKey }}) => {{
          if (applicationServerKey.length !== 65) throw new Error("no key");
          return (PushManager.prototype.getSubscription = async () => subscription, subscription);
        }};"""
    context = new_context(browser, permissions=["notifications"])
    page = context.new_page()
    page.add_init_script(given)
    page.goto(f"{address}/console/alerts")
    yield page
    context.close()


def push(page: Page, address: str, *messages: dict[str, Any]) -> None:
    """Hand messages to the page's worker, as the browser does with what a push service sends."""
    protocol = page.context.new_cdp_session(page)
    registrations: list[str] = []
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(one["registrationId"] for one in said["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    until = time.monotonic() + 60
    while not registrations:
        assert time.monotonic() < until, "no worker is registered"
        page.wait_for_timeout(50)  # which hears of it meanwhile
    for message in messages:
        delivered = {"origin": address, "registrationId": registrations[0], "data": json.dumps(message)}
        protocol.send("ServiceWorker.deliverPushMessage", delivered)
    page.wait_for_timeout(1000)


@pytest.mark.browser
def test_the_button_subscribes_and_the_worker_shows_what_is_pushed(page: Page, address: str, client: httpx.Client) -> None:
    button = page.locator("#push")
    expect(button).to_have_text("Notify me here")
    button.click()
    expect(page.locator("#push-state")).to_contain_text("will be told")
    assert len(client.get("/push/subscriptions").json()["items"]) == 1
    said = {
        "title": "Beatwatch",
        "text": "Missed stop (high), van-1",
        "tag": "beatwatch-7",
        "alert_id": 7,
        "severity": "high",
    }
    push(page, address, said, said)  # the same message twice is shown once
    shown = page.evaluate(
        "async () => (await (await navigator.serviceWorker.getRegistration('/console/')).getNotifications())"
        ".map((one) => [one.title, one.body, one.tag])"
    )
    assert shown == [["Beatwatch", "Missed stop (high), van-1", "beatwatch-7"]]
    button.click()
    expect(button).to_have_text("Notify me here")
    assert client.get("/push/subscriptions").json()["items"] == []
