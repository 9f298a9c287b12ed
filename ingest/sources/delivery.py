"""A message as it came, and what its source must be told once it is safe."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Delivery(NamedTuple):
    """One message off the wire. `receipt` is what the source needs to acknowledge it; `None` if nobody waits for that."""

    topic: str
    payload: bytes
    received_us: int  # microseconds since 1970
    retained: bool
    receipt: tuple[int, int] | None  # number of the connection, and the packet number within the session
    redelivered: bool = False  # the broker says that it has sent this before


class Sender(Protocol):
    """The way back to devices."""

    def can_send(self) -> bool:
        """Whether the broker is there."""

    def send(self, topic: str, payload: bytes, expires_s: int | None = None) -> None:
        """Publish with QoS 1; the broker forgets after `expires_s` seconds what it could not deliver."""
