"""Where people say where alerts are posted, that leads into no network which only we can reach."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests
from py_vapid import Vapid

from alerts.channels.channel import DeliveryError
from alerts.channels.chat import ChatChannel
from alerts.channels.push import PushChannel
from alerts.channels.webhook import WebhookChannel
from domain.errors import InvalidInputError
from store.name_lookup import connecting_only_where
from store.outbox import Claimed
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.test_push import Browser

NOW = datetime(2026, 3, 2, tzinfo=UTC)
METADATA = "169.254.169.254"


def message(channel: str, address: str) -> Claimed:
    return Claimed(1, 1, None, "opened", "asha", channel, address, {"text": "Missed stop"}, 1, NOW, NOW, False)


def elsewhere(_host: str, _port: int) -> list[str]:
    return [METADATA]


@pytest.mark.parametrize("url", [f"http://{METADATA}/latest", "http://localhost:1/", "http://10.0.0.1/", "http://[::1]:9/"])
def test_a_webhook_posts_into_no_private_network(url: str) -> None:
    with pytest.raises(DeliveryError, match="private network") as refused:
        WebhookChannel("secret").send(message("webhook", url))
    assert refused.value.is_final


def test_a_name_that_leads_there_is_no_way_around() -> None:
    with pytest.raises(DeliveryError, match="private network"):
        WebhookChannel("secret", lookup=elsewhere).send(message("webhook", "https://innocent.example.org/"))


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plug-ins
@pytest.mark.parametrize("address", [f"json://{METADATA}/x", "jsons://innocent.example.org/x", "ntfy://innocent.example.org/t"])
def test_neither_is_a_chat_service_of_ones_own(address: str) -> None:
    with pytest.raises(DeliveryError, match="private network") as refused:
        ChatChannel(lookup=elsewhere).send(message("chat", address))
    assert refused.value.is_final


def test_what_the_installation_was_told_to_post_to_may_be_private() -> None:
    with receiving() as receiver:
        channel = WebhookChannel("secret", own={receiver.url})
        assert channel.send(message("webhook", receiver.url)) == "HTTP 200"
        with pytest.raises(DeliveryError, match="private network"):
            channel.send(message("webhook", f"{receiver.url}/other"))
    assert len(receiver.requests) == 1


def public_when_looked_at(_host: str, _port: int) -> list[str]:
    """What a resolver says that somebody else keeps, the first time; by the time we connect, it says the truth."""
    return ["93.184.216.34"]


def by_name(receiver: Receiver) -> str:
    return receiver.url.replace("127.0.0.1", "localhost")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plug-ins
def test_a_chat_service_whose_name_comes_to_mean_another_is_not_connected_to() -> None:
    with receiving() as receiver:
        told = message("chat", by_name(receiver).replace("http", "json"))
        with pytest.raises(DeliveryError):
            ChatChannel(lookup=public_when_looked_at).send(told)
        assert receiver.requests == []
        assert ChatChannel(allow_private=True, lookup=public_when_looked_at).send(told) == "taken"
    assert len(receiver.requests) == 1


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plug-ins
def test_neither_are_several_which_are_sent_to_at_once() -> None:
    """Apprise posts to each of them from a thread of its own."""
    with receiving() as one, receiving() as other:
        told = message("chat", ", ".join(by_name(receiver).replace("http", "json") for receiver in (one, other)))
        with pytest.raises(DeliveryError):
            ChatChannel(lookup=public_when_looked_at).send(told)
        assert one.requests == other.requests == []


def test_neither_is_a_push_service() -> None:
    key = Vapid()
    key.generate_keys()
    with receiving() as receiver:
        browser = Browser().subscription(by_name(receiver))
        told = replace(message("push", "asha"), browsers=(browser,))
        channel = PushChannel(key.private_pem().decode(), "mailto:a@example.org", lookup=public_when_looked_at)
        with pytest.raises(DeliveryError, match="private network"):
            channel.send(told)
        assert receiver.requests == []


def test_an_answer_that_leads_elsewhere_leads_nowhere_private() -> None:
    def no_names(host: str, _addresses: list[str]) -> None:
        if host == "localhost":
            raise InvalidInputError("url", "leads into a private network")

    with receiving() as receiver, receiving() as inner:
        receiver.redirect = by_name(inner)
        with connecting_only_where(no_names), pytest.raises(requests.ConnectionError, match="private network"):
            requests.post(receiver.url, data=b"{}", timeout=60)
        assert (len(receiver.requests), inner.requests) == (1, [])
        requests.post(receiver.url, data=b"{}", timeout=60)
    assert len(inner.requests) == 1


def test_other_threads_connect_where_they_will() -> None:
    found: list[object] = []

    def refuse(host: str, _addresses: list[str]) -> None:
        raise InvalidInputError("url", host)

    with connecting_only_where(refuse):
        other = threading.Thread(target=lambda: found.extend(socket.getaddrinfo("localhost", 80)))
        other.start()
        other.join()
        with suppress(OSError):
            found.append(socket.getaddrinfo("localhost", 80))
            pytest.fail("it was let through")
    assert found
