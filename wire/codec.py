"""What every payload format is to the rest: a codec that turns messages into readings, and for some readings into messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from domain.errors import DecodeError
from domain.observations import Reading

MAX_PAYLOAD_BYTES: Final = 1 << 18
"""Larger payloads are refused unread: the largest honest one is a batch of a few hundred readings."""
MAX_READINGS: Final = 5_000
"""More readings, or records to make them of, are refused: they would cost more than they can be worth."""

P = TypeVar("P")


class Message(NamedTuple):
    """Something to publish."""

    topic: str
    payload: bytes


class Codec(ABC):
    """Decodes one format. Some formats make a codec remember what it has heard, so use one instance for a whole stream."""

    times_relative_to_receipt: bool = False
    """Whether readings may say how long before the receipt they were made."""

    def __init__(self) -> None:
        self.warnings: Counter[str] = Counter()
        """How often something was wrong that the profile says to accept all the same, by reason."""

    @abstractmethod
    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings in a message, none if it says nothing about a device; raises only `DecodeError`.

        `device` is the identity that the topic gives (`wire.topics`); the topic wins, for the broker guards it. Without one
        it is the payload's, and where neither has any the readings' `device` is empty. `received_at` is aware UTC.
        """

    def take_replies(self) -> list[Message]:
        """What the protocol wants published because of messages decoded since the last call."""
        return []


class Encoder(ABC):
    """Writes one format as its devices would."""

    batches: bool = False
    """Whether a message can carry more than one reading."""

    @abstractmethod
    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One message with readings of one device and one kind; `InvalidInputError` for a kind that the format cannot say."""


class ProfilesByDevice(Protocol):
    """Profiles by the identity of the device, such as a dict; asked at each message, so they may change meanwhile."""

    def get(self, device: str, default: Any, /) -> Any:
        """The device's profile, or `default`."""


class Profiles(Generic[P]):
    """Which profile (wiring, units, vendor's habits) holds for a device: its own, else the format's default."""

    def __init__(self, default: P, by_device: ProfilesByDevice | None = None) -> None:
        self.default = default
        self._by_device: ProfilesByDevice = {} if by_device is None else by_device

    def of(self, device: str) -> P:
        """The profile of the device with that identity."""
        found: P = self._by_device.get(device, self.default)
        return found


def check_size(payload: bytes) -> None:
    """Raise `DecodeError` for a payload without content, such as clears a retained message, or larger than any honest one."""
    if not payload:
        raise DecodeError("empty", "the message has no content")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise DecodeError("too_large", f"{len(payload)} bytes and at most {MAX_PAYLOAD_BYTES} are read")


def refuse_too_many(readings: Sequence[object]) -> None:
    """Raise `DecodeError` for a message with more readings than any honest one has."""
    if len(readings) > MAX_READINGS:
        raise DecodeError("too_large", f"{len(readings)} readings and at most {MAX_READINGS} are read")
