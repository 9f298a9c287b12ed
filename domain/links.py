"""Signed links by which a person answers an alert from a message, without logging in. Pure: the time is an argument."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import InvalidInputError


class Answer(StrEnum):
    """What a link does when its page is confirmed."""

    acknowledge = "acknowledge"
    confirm = "confirm"
    dismiss = "dismiss"


@dataclass(frozen=True, slots=True)
class Grant:
    """That `person` may give `answer` to an alert of an organisation until a moment, in Unix seconds."""

    org_id: int
    alert_id: int
    answer: Answer
    person: str
    expires_s: int


def seal(grant: Grant, secret: bytes) -> str:
    """The grant as a token for a URL, with HMAC-SHA256 over all it says."""
    said = [grant.org_id, grant.alert_id, grant.answer.value, grant.person, grant.expires_s]
    payload = json.dumps(said, separators=(",", ":")).encode()
    return f"{_text(payload)}.{_text(_digest(payload, secret))}"


def unseal(token: str, secret: bytes, now_s: float) -> Grant:
    """The grant of a token. Raises InvalidInputError when it was not sealed with `secret`, or has expired."""
    try:
        payload, digest = (_bytes(part) for part in token.split("."))
    except ValueError as error:
        raise InvalidInputError("token", "is not a link of ours") from error
    if not hmac.compare_digest(digest, _digest(payload, secret)):
        raise InvalidInputError("token", "is not a link of ours")
    org_id, alert_id, answer, person, expires_s = json.loads(payload)
    if now_s > expires_s:
        raise InvalidInputError("token", "has expired; open the console instead")
    return Grant(org_id, alert_id, Answer(answer), person, expires_s)


def _digest(payload: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"beatwatch answer\0" + payload, "sha256").digest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
