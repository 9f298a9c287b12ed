"""Server-sent events as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

PING: Final = b"event: ping\ndata: {}\n\n"
SIGNED_OUT: Final = b"event: signed_out\ndata: {}\n\n"


def frame(kind: str, data: Mapping[str, Any], identifier: int | None = None) -> bytes:
    """One event. A client that comes back names the last identifier it saw."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    named = "" if identifier is None else f"id: {identifier}\n"
    return f"{named}event: {kind}\ndata: {text}\n\n".encode()
