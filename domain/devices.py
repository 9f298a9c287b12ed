"""Devices, and what they are mounted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeviceState(StrEnum):
    """Only an active device's readings are judged."""

    active = "active"
    disabled = "disabled"


@dataclass(frozen=True, slots=True)
class Device:
    """A registered tracker, phone or sensor."""

    device_id: int  # ours, small: it stands in every stored reading
    org_id: int
    device_key: str  # the name people and topics use, unique within the organisation
    model: str | None
    state: DeviceState


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a device is mounted on, over a span of time; `until` is exclusive and `None` means still."""

    device_id: int
    subject: str  # the vehicle's, shelf's or asset's identifier
    since: datetime
    until: datetime | None
