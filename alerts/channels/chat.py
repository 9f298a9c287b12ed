"""Telegram, WhatsApp, Teams, Slack, SMS gateways and whatever else apprise reaches: the address is an apprise URL."""

from __future__ import annotations

import apprise

from alerts.channels.channel import DeliveryError
from alerts.letters import text_of
from store.outbox import Claimed


class ChatChannel:
    """Sends through apprise, which says only whether it worked; that it tries again is the outbox's doing."""

    def send(self, message: Claimed) -> str:
        """Send the line for people."""
        target = apprise.Apprise()
        if not target.add(message.address):
            raise DeliveryError(f"not an apprise URL: {message.address.partition('://')[0]}://...", is_final=True)
        links = message.body.get("links")
        lines = (
            [text_of(message.body), *(f"{what}: {link}" for what, link in links.items())] if links else [text_of(message.body)]
        )
        if not target.notify(title="Beatwatch", body="\n".join(lines)):
            raise DeliveryError(f"{message.address.partition('://')[0]} did not take it")
        return "taken"
