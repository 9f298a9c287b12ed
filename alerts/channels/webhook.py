"""Alerts posted as JSON to an address, signed so that the receiver knows who sent them and when.

`Beatwatch-Signature: t=UNIX_SECONDS,v1=HEX` is HMAC-SHA256, with the shared secret, over `UNIX_SECONDS.BODY`. The same
`Beatwatch-Message` twice is the same message delivered again. Where people say where to post, that must not lead into networks
which only we can reach; what the installation itself was told to post to may.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from typing import Final

import httpx

from alerts.channels.channel import DeliveryError
from domain.errors import InvalidInputError
from domain.signing import sign
from domain.web_targets import Resolve, target_of
from store.name_lookup import resolve
from store.outbox import Claimed

TIMEOUT_S: Final = 10.0
_SAID: Final = 200  # letters of a refusal that are kept
_TRY_AGAIN: Final = frozenset({408, 425, 429})


class WebhookChannel:
    """Posts to the message's address. Redirects are not followed: the signature is for one receiver.

    `own` are addresses of the installation, `allow_private` lets all others lead into private networks too.
    """

    def __init__(
        self,
        secret: str,
        unix_time: Callable[[], float] = time.time,
        timeout_s: float = TIMEOUT_S,
        *,
        own: Collection[str] = (),
        allow_private: bool = False,
        lookup: Resolve = resolve,
    ) -> None:
        self._secret = secret
        self._unix_time = unix_time
        self._own = own
        self._allow_private = allow_private
        self._lookup = lookup
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def send(self, message: Claimed) -> str:
        """Post it. Answers of 2xx mean arrived; other 4xx than 408, 425 and 429 mean that trying again would not help."""
        body = json.dumps({"message_id": message.message_id, "stage": message.stage, **message.body}).encode()
        secret = (message.secret or self._secret).encode()
        headers = {
            "Content-Type": "application/json",
            "Beatwatch-Message": str(message.message_id),
            "Beatwatch-Signature": sign(secret, body, int(self._unix_time())),
        }
        try:
            return self._post(message.address, body, headers)
        except (InvalidInputError, httpx.InvalidURL) as error:
            raise DeliveryError(f"no address: {error}", is_final=True) from error
        except (OSError, httpx.HTTPError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        """To the very address that was looked at, under the name that was given."""
        target = target_of(url, allow_private=self._allow_private or url in self._own, lookup=self._lookup)
        headers, extensions = {**headers, "Host": target.host}, {"sni_hostname": target.name}
        with self._client.stream("POST", target.url, content=body, headers=headers, extensions=extensions) as answer:
            if answer.is_success:
                return f"HTTP {answer.status_code}"
            said = next(answer.iter_text(_SAID), "")  # however much more it is
        is_final = answer.is_client_error and answer.status_code not in _TRY_AGAIN
        raise DeliveryError(f"HTTP {answer.status_code}: {said}", is_final=is_final)
