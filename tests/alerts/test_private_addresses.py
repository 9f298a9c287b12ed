"""Where people say where alerts are posted, that leads into no network which only we can reach."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.channels.channel import DeliveryError
from alerts.channels.chat import ChatChannel
from alerts.channels.webhook import WebhookChannel
from store.outbox import Claimed
from tests.alerts.receiver import receiving

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
