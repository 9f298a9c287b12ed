"""Passwords, hashed with argon2, and random tokens, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from pwdlib import PasswordHash

from domain.errors import InvalidInputError

SHORTEST: Final = 10
LONGEST: Final = 200

_HASH: Final = PasswordHash.recommended()
_NOBODY: Final = _HASH.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """The hash to keep. Raises InvalidInputError for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInputError("password", f"must have {SHORTEST} to {LONGEST} characters")
    return _HASH.hash(password)


def hash_code(code: str) -> str:
    """The hash to keep of a short code, which only a bound on tries protects."""
    return _HASH.hash(code)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether they belong together. Takes as long when there is nobody, so that time does not tell who exists."""
    fits = _HASH.verify(password[:LONGEST], password_hash or _NOBODY)
    return fits and password_hash is not None


def new_token() -> str:
    """A random token for its holder alone."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()
