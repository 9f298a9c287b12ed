"""Our own firmware's topics: `bw/1/{tenant}/{device}/{channel}`, and what each channel carries."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from domain.errors import InvalidInputError
from domain.observations import Position, Reading, SensorReading

ROOT: Final = "bw/1"
UPLINKS: Final = ("pos", "sensor", "event", "status", "ack")
DOWNLINKS: Final = ("cmd", "cfg", "ota")
_NO_LEVEL: Final = frozenset("/+#\0")
_SENSOR_SIGNS: Final = frozenset({"measured_at", "weight_g", "humidity_pct", "count"})
_STATUS_SIGNS: Final = frozenset({"reported_at", "online", "firmware", "signal_dbm", "configuration_version"})
_POSITION_SIGNS: Final = frozenset({"fix_time", "longitude_deg", "latitude_deg"})


def own_topic(tenant: str, device: str, channel: str) -> str:
    """The topic of one of a device's channels, up or down."""
    return f"{ROOT}/{tenant}/{device}/{channel}"


def check_level(field: str, word: str) -> None:
    """Raise InvalidInputError, naming the field, for a word that cannot be one level of a topic."""
    if not word or not _NO_LEVEL.isdisjoint(word):
        raise InvalidInputError(field, f"{word!r} cannot be part of a topic: it is empty or has one of / + #")


def channel_of(topic: str) -> str | None:
    """The uplink channel that a topic ends with, if it does."""
    last = topic.rpartition("/")[2]
    return last if last in UPLINKS else None


def channel_for(reading: Reading) -> str:
    """The channel that carries such readings."""
    if isinstance(reading, Position):
        return "pos"
    return "sensor" if isinstance(reading, SensorReading) else "status"


def channel_from(names: Collection[str]) -> str:
    """The channel that members of these names belong to, for payloads that come without their topic."""
    if not _POSITION_SIGNS.isdisjoint(names):
        return "pos"
    if not _SENSOR_SIGNS.isdisjoint(names):
        return "sensor"
    return "pos" if _STATUS_SIGNS.isdisjoint(names) else "status"
