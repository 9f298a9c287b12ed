"""What every channel does: bring one message to one address, or say why not."""

from __future__ import annotations

from typing import Protocol

from domain.errors import BeatwatchError
from store.outbox import Claimed


class DeliveryError(BeatwatchError):
    """A message did not arrive. `is_final`: trying again would not help."""

    code = "undelivered"

    def __init__(self, detail: str, *, is_final: bool = False) -> None:
        super().__init__(detail)
        self.is_final = is_final


class Channel(Protocol):
    """A way to reach people. Called from several threads at once."""

    def send(self, message: Claimed) -> str:
        """Send, and return a line for the delivery log. Raises DeliveryError."""
