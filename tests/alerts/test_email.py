"""E-mail to a real SMTP server of our own."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from aiosmtpd.controller import Controller

from alerts.channels.channel import DeliveryError
from alerts.channels.email import EmailChannel
from alerts.options import AlertOptions
from alerts.sending import PICTURE_WITHIN, Sender
from alerts.tailing import Rulebook, follow
from beatwatch.services.ports import free_port
from domain.errors import InvalidInputError, SettingsError
from domain.links import Answer, Grant, seal, unseal
from domain.recipients import Recipient
from store.outbox import Claimed
from store.pool import Connection
from store.recipients import save_recipient
from store.session import Session
from tests.alerts.occurrences import DAY, NOW, conclude, occurrence

pytestmark = pytest.mark.server


@dataclass
class Mailbox:
    """What arrived, and what to answer to senders, recipients and contents."""

    port: int
    of_sender: str = "250 OK"
    of_recipient: str = "250 OK"
    of_content: str = "250 OK"
    mails: list[Any] = field(default_factory=list)

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.of_sender

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.of_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.of_recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.of_content


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox(free_port())
    controller = Controller(mailbox, "127.0.0.1", mailbox.port)
    controller.start()
    yield mailbox
    controller.stop()


def message(address: str = "asha@example.com", **body: Any) -> Claimed:
    said = {"text": "Missed stop (high), van-1\nsecond line", "facts": {"distance_m": 12.5}, **body}
    return Claimed(7, 1, 3, "opened", "asha", "email", address, said, 1, NOW, NOW, alert_is_resolved=False)


def test_a_mail_arrives_with_its_figures_and_links(mailbox: Mailbox) -> None:
    options = AlertOptions(
        smtp_url=f"smtp://127.0.0.1:{mailbox.port}", console_url="https://bw.example.com/", link_secret="key"
    )
    options.channels()["email"].send(options.with_links(message(), NOW))
    (mail,) = mailbox.mails
    assert mail["To"] == "asha@example.com"
    assert mail["Subject"] == "Missed stop (high), van-1"
    text = mail.get_content()
    assert "distance m: 12.5" in text
    link = next(line for line in text.splitlines() if line.startswith("acknowledge: "))
    token = link.rpartition("/")[2]
    assert unseal(token, b"key", NOW.timestamp()).answer is Answer.acknowledge
    assert unseal(token, b"key", NOW.timestamp()).alert_id == 3


def test_a_mail_about_an_alert_brings_a_picture_of_what_it_rests_on(
    mailbox: Mailbox, session: Session, connection: Connection
) -> None:
    conclude(connection, occurrence(facts={"longitude_deg": 77.6, "latitude_deg": 12.97}, trip_id=None))
    with connection.transaction():
        save_recipient(connection, 1, Recipient("asha", "email", address="asha@example.com"))
    with session.transaction() as following:
        follow(following, Rulebook(), NOW)
    sender = Sender(AlertOptions(smtp_url=f"smtp://127.0.0.1:{mailbox.port}"), lambda: NOW, lambda: 0.5)
    assert sender.send_due(session) == 1
    sender.close()
    (mail,) = mailbox.mails
    (picture,) = mail.iter_attachments()
    assert (picture.get_content_type(), picture.get_filename()) == ("image/png", "alert-1.png")
    assert picture.get_content().startswith(b"\x89PNG")
    assert "Route deviation" in mail["Subject"]


def test_a_mail_names_the_van_and_the_time_of_day_there(
    mailbox: Mailbox, session: Session, connection: Connection, database_url: str
) -> None:
    conclude(connection, occurrence(trip_id=None))
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("UPDATE organisation SET time_zone = 'Asia/Kolkata'")
        owner.execute(
            "INSERT INTO vehicle (org_id, vehicle_id, registration, name) VALUES (1, 'KA-05-1234', 'KA 05', 'Beat one')"
        )
        owner.execute(
            "INSERT INTO device_assignment (device_id, org_id, vehicle_id, valid)"
            " SELECT device_id, org_id, 'KA-05-1234', tstzrange(%s, NULL) FROM device",
            (DAY,),
        )
    with connection.transaction():
        save_recipient(connection, 1, Recipient("asha", "email", address="asha@example.com"))
    with session.transaction() as following:
        follow(following, Rulebook(), NOW)
    sender = Sender(AlertOptions(smtp_url=f"smtp://127.0.0.1:{mailbox.port}"), lambda: NOW, lambda: 0.5)
    sender.send_due(session)
    sender.close()
    began = occurrence().started_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert mailbox.mails[0]["Subject"] == f"Route deviation (medium), KA-05-1234, since {began:%H:%M} IST"


def test_a_mail_that_has_waited_goes_without_its_picture(mailbox: Mailbox, session: Session, connection: Connection) -> None:
    conclude(connection, occurrence(facts={"longitude_deg": 77.6, "latitude_deg": 12.97}, trip_id=None))
    with connection.transaction():
        save_recipient(connection, 1, Recipient("asha", "email", address="asha@example.com"))
    with session.transaction() as following:
        follow(following, Rulebook(), NOW)
    late = NOW + PICTURE_WITHIN + timedelta(seconds=1)
    sender = Sender(AlertOptions(smtp_url=f"smtp://127.0.0.1:{mailbox.port}"), lambda: late, lambda: 0.5)
    assert sender.send_due(session) == 1
    sender.close()
    (mail,) = mailbox.mails
    assert list(mail.iter_attachments()) == []
    assert "Route deviation" in mail["Subject"]


@pytest.mark.parametrize(
    ("what", "reply", "is_final"),
    [
        ("of_recipient", "550 no such user", True),
        ("of_recipient", "450 greylisted", False),
        ("of_content", "554 too many pictures", True),
        ("of_content", "452 disk full", False),
        ("of_sender", "550 relaying denied", False),
    ],
)
def test_a_refusal_is_final_when_it_is_of_the_message(mailbox: Mailbox, what: str, reply: str, is_final: bool) -> None:
    setattr(mailbox, what, reply)
    with pytest.raises(DeliveryError, match=reply[4:]) as refusal:
        EmailChannel(f"smtp://127.0.0.1:{mailbox.port}", "beatwatch@example.com").send(message())
    assert refusal.value.is_final is is_final


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(DeliveryError) as refusal:
        EmailChannel(f"smtp://127.0.0.1:{free_port()}", "beatwatch@example.com").send(message())
    assert not refusal.value.is_final


def test_an_address_cannot_smuggle_a_header(mailbox: Mailbox) -> None:
    with pytest.raises(DeliveryError) as refusal:
        EmailChannel(f"smtp://127.0.0.1:{mailbox.port}", "beatwatch@example.com").send(
            message("a@example.com\nBcc: b@example.com")
        )
    assert refusal.value.is_final
    assert mailbox.mails == []


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://"])
def test_an_impossible_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError):
        EmailChannel(url, "beatwatch@example.com")


GRANT = Grant(1, 3, Answer.confirm, "asha", 1000)


def test_a_link_is_what_was_sealed() -> None:
    assert unseal(seal(GRANT, b"key"), b"key", 1000.0) == GRANT


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "!!.??", seal(GRANT, b"other"), seal(GRANT, b"key")[:-2]])
def test_a_link_of_somebody_else_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="not a link of ours"):
        unseal(token, b"key", 0.0)


def test_an_old_link_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="expired"):
        unseal(seal(GRANT, b"key"), b"key", 1000.1)
