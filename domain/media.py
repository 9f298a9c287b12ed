"""What may be kept as a photo, a signature or a scan. Pure."""

from __future__ import annotations

from typing import Final

_SIGNATURES: Final = (
    ("image/jpeg", b"\xff\xd8\xff", 0),
    ("image/png", b"\x89PNG\r\n\x1a\n", 0),
    ("image/webp", b"WEBP", 8),
    ("application/pdf", b"%PDF-", 0),
)

CONTENT_TYPES: Final = tuple(name for name, _, _ in _SIGNATURES)
"""All that is kept: pictures and documents that carry no script of ours or of others."""

HEAD_BYTES: Final = 12
"""So much of the beginning tells the type."""


def content_type(head: bytes) -> str | None:
    """The type that content beginning with `head` has by its own bytes, whatever it was called; none when it is not kept."""
    for name, signature, offset in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return name if name != "image/webp" or head.startswith(b"RIFF") else None
    return None
