"""A canonical reading as a JSON object, for people and other programs: only what it has values for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.observations import Position, Reading, SensorReading
from wire.instants import format_instant


def kind_of(reading: Reading) -> str:
    """`position`, `sensor` or `status`."""
    if isinstance(reading, Position):
        return "position"
    return "sensor" if isinstance(reading, SensorReading) else "status"


def reading_members(reading: Reading) -> dict[str, Any]:
    """`kind`, then the fields that have a value under their own names; an absent one is missing.

    A device's clock that says what the fix says is left out.
    """
    members: dict[str, Any] = {"kind": kind_of(reading)}
    for name, value in zip(reading._fields, reading, strict=True):
        if value is None or value in ((), "") or (name == "device_time" and value == reading[1]):
            continue
        members[name] = format_instant(value) if isinstance(value, datetime) else value
    return members
