"""The key that web pushes are signed with: that of the settings, else one that is made once and kept in the state."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatwatch.settings import Settings


def private_key(settings: Settings) -> str:
    """The P-256 key as PEM or base64url; made at the first call where none is set."""
    return settings.vapid_private_key or _kept(settings.beatwatch_state / "vapid.pem")


def public_key(private: str) -> str:
    """What browsers subscribe with: the uncompressed point in unpadded base64url. Raises SettingsError for no key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid

    from domain.errors import SettingsError

    try:
        key = Vapid.from_pem(private.encode()) if "BEGIN" in private else Vapid.from_string(private)
    except (ValueError, TypeError) as error:
        raise SettingsError("VAPID_PRIVATE_KEY: must be a P-256 key in PEM or base64url") from error
    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def _kept(file: Path) -> str:
    """Of two services that start together one makes the key, and both have it."""
    if not file.exists():
        from py_vapid import Vapid

        key = Vapid()
        key.generate_keys()
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_bytes(key.private_pem())
        draft.chmod(0o600)
        with suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text(encoding="ascii")
