"""Alerts posted as JSON to an address, signed so that the receiver knows who sent them and when.

`Beatwatch-Signature: t=UNIX_SECONDS,v1=HEX` is HMAC-SHA256, with the shared secret, over `UNIX_SECONDS.BODY`. The same
`Beatwatch-Message` twice is the same message delivered again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

import httpx

from alerts.channels.channel import DeliveryError
from domain.signing import sign
from store.outbox import Claimed

TIMEOUT_S: Final = 10.0
_TRY_AGAIN: Final = frozenset({408, 425, 429})


class WebhookChannel:
    """Posts to the message's address. Redirects are not followed: the signature is for one receiver."""

    def __init__(self, secret: str, unix_time: Callable[[], float] = time.time, timeout_s: float = TIMEOUT_S) -> None:
        self._secret = secret.encode()
        self._unix_time = unix_time
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False)

    def send(self, message: Claimed) -> str:
        """Post it. Answers of 2xx mean arrived; other 4xx than 408, 425 and 429 mean that trying again would not help."""
        body = json.dumps({"message_id": message.message_id, "stage": message.stage, **message.body}).encode()
        headers = {
            "Content-Type": "application/json",
            "Beatwatch-Message": str(message.message_id),
            "Beatwatch-Signature": sign(self._secret, body, int(self._unix_time())),
        }
        try:
            answer = self._client.post(message.address, content=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DeliveryError(f"no address: {error}", is_final=True) from error
        except httpx.HTTPError as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            is_final = answer.is_client_error and answer.status_code not in _TRY_AGAIN
            raise DeliveryError(f"HTTP {answer.status_code}: {answer.text[:200]}", is_final=is_final)
        return f"HTTP {answer.status_code}"
