"""Telegram, WhatsApp, Teams, Slack, SMS gateways and whatever else apprise reaches: the address is an apprise URL."""

from __future__ import annotations

from contextlib import nullcontext

import apprise

from alerts.channels.channel import DeliveryError
from alerts.letters import text_of
from domain.errors import InvalidInputError
from domain.web_targets import Resolve, check_public
from store.name_lookup import connecting_only_where, resolve
from store.outbox import Claimed


class ChatChannel:
    """Sends through apprise, which says only whether it worked; that it tries again is the outbox's doing.

    A service of one's own is named by its host: without `allow_private` that must not be one which only we can reach.
    """

    def __init__(self, *, allow_private: bool = False, lookup: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._lookup = lookup

    def send(self, message: Claimed) -> str:
        """Send the line for people."""
        target = apprise.Apprise()
        if not target.add(message.address):
            raise DeliveryError(f"not an apprise URL: {message.address.partition('://')[0]}://...", is_final=True)
        if not self._allow_private:
            self._check(target)
        links = message.body.get("links")
        lines = (
            [text_of(message.body), *(f"{what}: {link}" for what, link in links.items())] if links else [text_of(message.body)]
        )
        with nullcontext() if self._allow_private else connecting_only_where(check_public):
            is_taken = target.notify(title="Beatwatch", body="\n".join(lines))
        if not is_taken:
            raise DeliveryError(f"{message.address.partition('://')[0]} did not take it")
        return "taken"

    def _check(self, target: apprise.Apprise) -> None:
        for service in target:
            host = getattr(service, "host", None)
            if not isinstance(host, str) or not host:
                continue  # one of the world's, whose host is not for the sender to say
            try:
                check_public(host, self._lookup(host, getattr(service, "port", None) or 443))
            except InvalidInputError as error:
                raise DeliveryError(str(error), is_final=True) from error
            except (OSError, UnicodeError) as error:
                raise DeliveryError(f"{type(error).__name__}: {error}") from error
