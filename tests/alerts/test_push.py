"""Web push to a push service of our own, which opens what only the browser could, and checks who sent it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid

from alerts.options import AlertOptions
from alerts.sending import Sender
from alerts.tailing import Rulebook, follow
from alerts.timers import escalate
from beatwatch.push_keys import private_key, public_key
from beatwatch.settings import Settings, read_settings
from domain.errors import NotFoundError, SettingsError
from domain.events import Severity
from store.pool import Connection
from store.push_subscriptions import PushSubscription, subscribe, subscriptions_of, unsubscribe
from store.session import Session
from tests.alerts.occurrences import MINUTE, NOW, conclude, occurrence
from tests.alerts.receiver import Receiver

pytestmark = pytest.mark.server


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Browser:
    """The keys of one, as it makes them when it subscribes."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    def subscription(self, endpoint: str) -> PushSubscription:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return PushSubscription(endpoint, text_of(point), text_of(self.auth), "Test")

    def read(self, body: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth))
        return opened


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return read_settings().model_copy(update={"beatwatch_state": tmp_path, "vapid_private_key": ""})


@pytest.fixture
def sender(settings: Settings) -> Iterator[Sender]:
    options = AlertOptions(
        vapid_private_key=private_key(settings),
        console_url="https://watch.example.org",
        link_secret="a secret",
        webhooks_to_private=True,
    )
    sender = Sender(options, lambda: NOW, lambda: 0.5)
    yield sender
    sender.close()


def page(session: Session, connection: Connection, event_id: str = "e1") -> None:
    conclude(connection, occurrence(event_id, severity=Severity.high, device_id=f"van-{event_id}"))
    with session.transaction() as transaction:
        follow(transaction, Rulebook(), NOW)


def states(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT person, state FROM message WHERE channel = 'push' ORDER BY message_id").fetchall()
    return [(row["person"], row["state"]) for row in rows]


def test_a_browser_is_told_what_only_it_can_read_and_knows_who_sent_it(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver, settings: Settings
) -> None:
    browser = Browser()
    subscribe(connection, 1, "asha", browser.subscription(receiver.url))
    page(session, connection)
    sender.send_due(session)
    assert states(connection) == [("asha", "delivered")]
    ((sent, body),) = receiver.requests
    headers = {name.lower(): value for name, value in sent.items()}
    said = browser.read(body)
    assert said["text"].startswith("Route deviation (high), van-e1")
    assert said["acknowledge"].startswith("https://watch.example.org/answer/")
    assert b"Route" not in body
    assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "high")
    assert Vapid.verify(headers["authorization"])
    assert public_key(private_key(settings)) in headers["authorization"]


def test_all_browsers_of_a_person_are_told_and_one_that_is_gone_is_forgotten(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver
) -> None:
    phone, desk = Browser(), Browser()
    subscribe(connection, 1, "asha", phone.subscription(f"{receiver.url}/phone"))
    subscribe(connection, 1, "asha", desk.subscription(f"{receiver.url}/desk"))
    receiver.statuses = [410]
    page(session, connection)
    sender.send_due(session)
    assert states(connection) == [("asha", "delivered")]
    assert [one.endpoint for one in subscriptions_of(connection, 1, "asha")] == [f"{receiver.url}/desk"]
    assert desk.read(receiver.requests[1][1])["severity"] == "high"
    receiver.statuses = [404]
    page(session, connection, "e2")
    sender.send_due(session)
    assert states(connection)[1] == ("asha", "dead")
    assert subscriptions_of(connection, 1, "asha") == []
    page(session, connection, "e3")  # nobody is left to be pushed
    assert len(states(connection)) == 2


def test_a_busy_push_service_is_tried_again_and_a_refusal_is_not(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver
) -> None:
    subscribe(connection, 1, "asha", Browser().subscription(receiver.url))
    receiver.statuses = [503, 403]
    page(session, connection)
    sender.send_due(session)
    assert states(connection) == [("asha", "pending")]
    connection.execute("UPDATE message SET next_attempt_at = created_at")
    sender.send_due(session)
    assert states(connection) == [("asha", "dead")]
    details = connection.execute("SELECT detail FROM delivery ORDER BY attempt").fetchall()
    assert [row["detail"] for row in details if row["detail"].startswith("HTTP")] == ["HTTP 503", "HTTP 403"]


def test_escalations_are_pushed_too_and_who_has_only_a_browser_keeps_the_fallback(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver
) -> None:
    subscribe(connection, 1, "asha", Browser().subscription(receiver.url))
    page(session, connection)
    with session.transaction() as transaction:
        escalate(transaction, Rulebook().paging, NOW + 15 * MINUTE)
    told = connection.execute("SELECT stage, person, channel FROM message ORDER BY stage, person").fetchall()
    assert [tuple(row.values()) for row in told] == [
        ("escalated.1", "asha", "push"),
        ("escalated.1", "duty", "log"),
        ("opened", "asha", "push"),
        ("opened", "duty", "log"),
    ]


def test_a_subscription_is_its_persons_own(connection: Connection) -> None:
    subscribe(connection, 1, "asha", Browser().subscription("https://push.example.org/1"))
    with pytest.raises(NotFoundError):
        unsubscribe(connection, 1, "https://push.example.org/1", "ravi")
    unsubscribe(connection, 1, "https://push.example.org/1", "asha")
    assert connection.execute("SELECT count(*) AS count FROM recipient").fetchall() == [{"count": 0}]


def test_the_key_is_made_once_and_a_wrong_one_is_refused(settings: Settings) -> None:
    assert private_key(settings) == private_key(settings)
    assert ((settings.beatwatch_state / "vapid.pem").stat().st_mode & 0o777) == 0o600
    raw = text_of(
        Vapid.from_pem(private_key(settings).encode()).private_key.private_numbers().private_value.to_bytes(32, "big")
    )
    assert public_key(raw) == public_key(private_key(settings))
    for wrong in ("no key", "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----"):
        with pytest.raises(SettingsError):
            public_key(wrong)
        with pytest.raises(SettingsError):
            AlertOptions(vapid_private_key=wrong).channels()
