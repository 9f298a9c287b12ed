"""Codes by time (TOTP, RFC 6238) and recovery codes, each good once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

import pyotp

from api.passwords import digest
from store import second_steps
from store.pool import Connection

INTERVAL_S: Final = 30
_DRIFT: Final = 1  # intervals that a telephone's clock may be off
_RECOVERY_CODES: Final = 10


def new_secret() -> str:
    """A secret for an authenticator app, in base 32."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Beatwatch")


def new_recovery_codes() -> list[str]:
    """Codes for who has lost the app."""
    return [f"{secrets.token_hex(5)}-{secrets.token_hex(5)}" for _ in range(_RECOVERY_CODES)]


def accepts(connection: Connection, person_id: int, code: str, now: datetime | None = None) -> bool:
    """Whether `code` is good for the person now; it is not good again."""
    step = second_steps.find(connection, person_id)
    if step is None:
        return False
    code = code.strip().replace(" ", "").lower()
    counter = _counter(step.secret, code, int((now or datetime.now(UTC)).timestamp()))
    if counter is not None and counter > step.last_counter:
        second_steps.use(connection, person_id, counter=counter)
        return True
    if step.confirmed_at is not None and digest(code) in map(bytes, step.recovery_hashes):
        second_steps.use(connection, person_id, recovery_hash=digest(code))
        return True
    return False


def _counter(secret: str, code: str, unix_s: int) -> int | None:
    """The interval whose code it is, among those near the moment."""
    codes = pyotp.TOTP(secret, interval=INTERVAL_S)
    present = unix_s // INTERVAL_S
    for counter in range(present - _DRIFT, present + _DRIFT + 1):
        if secrets.compare_digest(codes.generate_otp(counter).encode(), code.encode()):
            return counter
    return None
