"""Web push (RFC 8030) to the browsers of a person, sealed for each (RFC 8291) and signed by us (VAPID, RFC 8292)."""

from __future__ import annotations

import json
from contextlib import nullcontext
from queue import SimpleQueue
from typing import Final

import pywebpush
import requests
from py_vapid import Vapid

from alerts.channels.channel import DeliveryError
from alerts.letters import text_of
from domain.errors import InvalidInputError, SettingsError
from domain.web_targets import Resolve, check_public, target_of
from store.name_lookup import connecting_only_where, resolve
from store.outbox import Claimed
from store.push_subscriptions import PushSubscription

TIMEOUT_S: Final = 10.0
KEPT_S: Final = 6 * 3600
"""For how long a push service keeps a message for a browser that is closed."""
LONGEST_TEXT: Final = 1500  # a push service takes 4,096 bytes
_GONE: Final = frozenset({404, 410})
_TRY_AGAIN: Final = frozenset({408, 425, 429})


class PushChannel:
    """Sends to every browser of the message's person. `gone` collects those that are no more, for whoever keeps them."""

    def __init__(self, private_key: str, subject: str, *, allow_private: bool = False, lookup: Resolve = resolve) -> None:
        """`private_key` as PEM or unpadded base64url; `subject` says who answers for us. Raises SettingsError for no key."""
        try:
            self._key = Vapid.from_pem(private_key.encode()) if "BEGIN" in private_key else Vapid.from_string(private_key)
        except (ValueError, TypeError) as error:
            raise SettingsError("VAPID_PRIVATE_KEY: must be a P-256 key in PEM or base64url") from error
        self._subject = subject
        self._allow_private = allow_private
        self._lookup = lookup
        self.gone: SimpleQueue[tuple[int, str]] = SimpleQueue()

    def send(self, message: Claimed) -> str:
        """Send it. That some browser took it is enough; none left to send to is final."""
        failures: list[DeliveryError] = []
        taken = 0
        for browser in message.browsers:
            try:
                taken += self._send(browser, message)
            except DeliveryError as error:
                failures.append(error)
        if taken:
            return f"taken for {taken} of {len(message.browsers)} browsers"
        if not failures:
            raise DeliveryError(f"{message.person} has no browser that is subscribed", is_final=True)
        raise DeliveryError(str(failures[0]), is_final=all(failure.is_final for failure in failures))

    def _send(self, browser: PushSubscription, message: Claimed) -> bool:
        self._check(browser.endpoint)
        keys = {"p256dh": browser.p256dh, "auth": browser.auth}
        session = requests.Session()
        session.max_redirects = 0  # what was checked is the address, not where it leads
        try:
            with nullcontext() if self._allow_private else connecting_only_where(check_public):
                pywebpush.webpush(
                    {"endpoint": browser.endpoint, "keys": keys},
                    json.dumps(payload(message)),
                    vapid_private_key=self._key,
                    vapid_claims={"sub": self._subject},
                    ttl=KEPT_S,
                    timeout=TIMEOUT_S,
                    headers={"Urgency": "high"},
                    requests_session=session,
                )
        except pywebpush.WebPushException as error:
            return self._refused(browser, message, error)
        except (requests.RequestException, ValueError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error
        return True

    def _check(self, endpoint: str) -> None:
        try:
            target_of(endpoint, allow_private=self._allow_private, lookup=self._lookup)
        except InvalidInputError as error:
            raise DeliveryError(str(error), is_final=True) from error
        except OSError as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error

    def _refused(self, browser: PushSubscription, message: Claimed, error: pywebpush.WebPushException) -> bool:
        status = error.response.status_code if error.response is not None else 0
        if status in _GONE:
            self.gone.put((message.org_id, browser.endpoint))
            return False
        is_final = 400 <= status < 500 and status not in _TRY_AGAIN
        raise DeliveryError(f"HTTP {status}" if status else str(error), is_final=is_final)


def payload(message: Claimed) -> dict[str, object]:
    """What the browser shows; a message sent twice takes its own place."""
    links = message.body.get("links") or {}
    return {
        "tag": f"beatwatch-{message.message_id}",
        "title": "Beatwatch",
        "text": text_of(message.body)[:LONGEST_TEXT],
        "severity": message.body.get("severity"),
        "alert_id": message.alert_id,
        "acknowledge": links.get("acknowledge"),
    }
