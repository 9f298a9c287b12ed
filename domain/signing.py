"""Signatures of what is posted to other programs, so that they know who sent it and when. Pure: the time is an argument."""

from __future__ import annotations

import hmac


def sign(secret: bytes, body: bytes, unix_seconds: int) -> str:
    """The value of the header `Beatwatch-Signature`: HMAC-SHA256, with the shared secret, over `UNIX_SECONDS.BODY`."""
    digest = hmac.new(secret, f"{unix_seconds}.".encode() + body, "sha256").hexdigest()
    return f"t={unix_seconds},v1={digest}"
