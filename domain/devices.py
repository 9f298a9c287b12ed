"""Devices, and the vehicles that they are mounted on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class DeviceState(StrEnum):
    """Only an active device's readings are judged."""

    active = "active"
    disabled = "disabled"


class Assignment(NamedTuple):
    """A tracker on a vehicle, both by the names that people use, from a moment until before another; None: ever."""

    device_id: str
    vehicle_id: str
    valid_from: datetime | None
    valid_until: datetime | None


class Mount(NamedTuple):
    """A tracker, by its number, on an organisation's vehicle, from `since` until before `until`."""

    org_id: int
    vehicle_id: str
    device_id: int
    since: datetime
    until: datetime
