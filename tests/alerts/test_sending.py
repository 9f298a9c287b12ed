"""The outbox against real receivers: an HTTP server of our own."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.channels.chat import ChatChannel
from alerts.channels.log import LogChannel
from alerts.channels.webhook import WebhookChannel
from alerts.options import AlertOptions
from alerts.sending import MOST_ATTEMPTS, Sender, pause_s
from domain.recipients import Letter
from store.outbox import LEASE, claim, post
from store.pool import Connection
from store.session import Session
from tests.alerts.occurrences import NOW
from tests.alerts.receiver import Receiver

pytestmark = pytest.mark.server
SECRET = "a shared secret"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def now_s(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender(clock: Clock) -> Iterator[Sender]:
    sender = Sender(AlertOptions(webhook_secret=SECRET), clock, lambda: 0.5)
    sender._channels = {"log": LogChannel(), "webhook": WebhookChannel(SECRET, clock.now_s, 0.5, allow_private=True)}
    sender._channels["chat"] = ChatChannel(allow_private=True)
    yield sender
    sender.close()


def letter(address: str, **changes: Any) -> Letter:
    made: dict[str, Any] = {"stage": "opened", "person": "asha", "channel": "webhook", "send_at": NOW, **changes}
    return Letter(1, None, address=address, body={"text": "Missed stop", "facts": {"km": float("nan")}}, **made)


def state(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT state, attempts FROM message ORDER BY message_id").fetchall()
    return [tuple(row.values()) for row in found]


def next_due(connection: Connection) -> datetime | None:
    row = connection.execute("SELECT min(next_attempt_at) AS at FROM message WHERE state = 'pending'").fetchone()
    assert row is not None
    due: datetime | None = row["at"]
    return due


def deliveries(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT attempt, outcome, detail FROM delivery ORDER BY message_id, attempt").fetchall()
    return [tuple(row.values()) for row in found]


def test_a_webhook_is_posted_and_its_signature_holds(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver
) -> None:
    post(connection, [letter(receiver.url)], NOW)
    assert sender.send_due(session) == 1
    ((headers, body),) = receiver.requests
    assert json.loads(body)["text"] == "Missed stop"
    assert json.loads(body)["facts"] == {"km": None}
    stamp, digest = (part.partition("=")[2] for part in headers["Beatwatch-Signature"].split(","))
    assert int(stamp) == int(NOW.timestamp())
    assert digest == hmac.new(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    assert state(connection) == [("delivered", 1)]
    assert deliveries(connection) == [(1, "delivered", "HTTP 200")]


def test_the_same_letter_is_sent_once(session: Session, connection: Connection, sender: Sender, receiver: Receiver) -> None:
    for _ in range(3):
        post(connection, [letter(receiver.url)], NOW)
    while sender.send_due(session):
        pass
    assert len(receiver.requests) == 1


def test_a_failing_receiver_is_tried_again_with_growing_pauses(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver, clock: Clock
) -> None:
    receiver.statuses = [503, 429]
    post(connection, [letter(receiver.url)], NOW)
    pauses = []
    for _ in range(3):
        assert sender.send_due(session) == 1
        due = next_due(connection)
        if due is not None:
            pauses.append((due - clock.now).total_seconds())
            clock.now = due - timedelta(seconds=0.1)
            assert sender.send_due(session) == 0
            clock.now = due
    assert pauses == [5.0, 10.0]
    assert state(connection) == [("delivered", 3)]
    assert [outcome for _, outcome, _ in deliveries(connection)] == ["failed", "failed", "delivered"]


@pytest.mark.parametrize(
    ("address", "statuses"), [("", [400]), ("http://127.0.0.1:1/", []), ("no address", []), ("", [])], ids=str
)
def test_what_cannot_be_delivered_is_dead_and_on_record(
    session: Session,
    connection: Connection,
    sender: Sender,
    receiver: Receiver,
    clock: Clock,
    address: str,
    statuses: list[int],
) -> None:
    channel = "webhook" if address or statuses else "pigeon"
    receiver.statuses = list(statuses)
    post(connection, [letter(address or receiver.url, channel=channel)], NOW)
    while (due := next_due(connection)) is not None:
        clock.now = max(clock.now, due)
        sender.send_due(session)
    ((final, attempts),) = state(connection)
    assert final == "dead"
    assert attempts == (MOST_ATTEMPTS if address.startswith("http") else 1)
    assert len(deliveries(connection)) == attempts


def test_a_message_lost_with_its_sender_is_sent_by_the_next(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver, clock: Clock
) -> None:
    post(connection, [letter(receiver.url)], NOW)
    assert len(claim(connection, NOW, limit=10)) == 1  # and then that process was killed
    assert sender.send_due(session) == 0
    clock.now = NOW + LEASE
    assert sender.send_due(session) == 1
    assert state(connection) == [("delivered", 2)]


def test_a_letter_waits_for_its_moment(session: Session, connection: Connection, sender: Sender, clock: Clock) -> None:
    post(connection, [letter("", channel="log", send_at=NOW + timedelta(hours=7))], NOW)
    assert sender.send_due(session) == 0
    clock.now = NOW + timedelta(hours=7)
    assert sender.send_due(session) == 1


def test_pauses_double_up_to_an_hour_and_are_spread() -> None:
    assert [pause_s(attempt, 0.5) for attempt in (1, 2, 3, 20)] == [5.0, 10.0, 20.0, 3600.0]
    assert pause_s(1, 0.0) < pause_s(1, 0.5) < pause_s(1, 1.0)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plug-ins
def test_a_chat_channel_reaches_what_apprise_reaches(
    session: Session, connection: Connection, sender: Sender, receiver: Receiver
) -> None:
    post(connection, [letter(receiver.url.replace("http://", "json://"), channel="chat")], NOW)
    receiver.statuses = [500]
    sender.send_due(session)
    assert state(connection) == [("pending", 1)]
    post(connection, [letter("pigeon:", channel="chat", stage="raised.high")], NOW)
    sender.send_due(session)
    assert state(connection) == [("pending", 1), ("dead", 1)]
    connection.execute("UPDATE message SET next_attempt_at = %s WHERE state = 'pending'", (NOW,))
    sender.send_due(session)
    assert json.loads(receiver.requests[-1][1])["message"] == "Missed stop"
    assert state(connection) == [("delivered", 2), ("dead", 1)]
