"""What the service can be told about the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.channels.channel import Channel
from alerts.channels.chat import ChatChannel
from alerts.channels.email import EmailChannel
from alerts.channels.log import LogChannel
from alerts.channels.push import PushChannel
from alerts.channels.webhook import WebhookChannel
from domain.links import Answer, Grant, seal
from domain.recipients import Recipient
from store.outbox import Claimed

LINKS_LAST: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class AlertOptions:
    """Empty: there is no such thing. `console_url` and `link_secret` together put links to answer into messages."""

    webhook_url: str = ""
    webhook_secret: str = ""
    smtp_url: str = ""
    mail_from: str = "beatwatch@localhost"
    console_url: str = ""
    link_secret: str = ""
    vapid_private_key: str = ""
    vapid_subject: str = "mailto:beatwatch@localhost"
    otp_webhook_url: str = ""
    webhooks_to_private: bool = False

    def channels(self) -> Mapping[str, Channel]:
        """The channels there are, by name. Raises SettingsError for an impossible setting."""
        email = {"email": EmailChannel(self.smtp_url, self.mail_from)} if self.smtp_url else {}
        push = {}
        if self.vapid_private_key:
            push["push"] = PushChannel(self.vapid_private_key, self.vapid_subject, allow_private=self.webhooks_to_private)
        own = {self.webhook_url, self.otp_webhook_url} - {""}
        posted = WebhookChannel(self.webhook_secret, own=own, allow_private=self.webhooks_to_private)
        chat = ChatChannel(allow_private=self.webhooks_to_private)
        return {"log": LogChannel(), "webhook": posted, "otp": posted, "chat": chat, **email, **push}

    def fallback(self) -> tuple[Recipient, ...]:
        """Who hears of an organisation's alerts that names nobody."""
        posted = (Recipient("duty", "webhook", address=self.webhook_url),) if self.webhook_url else ()
        return (Recipient("duty", "log"), *posted)

    def with_links(self, message: Claimed, now: datetime) -> Claimed:
        """The message with links by which its receiver can answer the alert, and look at it."""
        if not (self.console_url and self.link_secret and message.alert_id):
            return message
        expires_s = int((now + LINKS_LAST).timestamp())
        grants = {answer: Grant(message.org_id, message.alert_id, answer, message.person, expires_s) for answer in Answer}
        links = {
            str(answer): f"{self.console_url.rstrip('/')}/answer/{seal(grant, self.link_secret.encode())}"
            for answer, grant in grants.items()
        }
        links["look"] = f"{self.console_url.rstrip('/')}/console/alerts/{message.alert_id}"
        return replace(message, body={**message.body, "links": links})
