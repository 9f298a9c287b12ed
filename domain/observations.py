"""What devices say: the canonical readings every payload format is decoded to.

A missing value is `None` and never 0. Units are in the names and SI; times are aware and UTC. Named tuples, because a
batch of them turns into columns with one `zip(*batch)`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple


class Position(NamedTuple):
    """One fix of a tracker or a phone with all it knew then. `device` is the identity as the payload or topic gave it."""

    device: str
    fix_time: datetime | None = None  # the receiver's own time of the fix
    received_at: datetime | None = None  # when the message reached us
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None  # clockwise from true north
    altitude_m: float | None = None
    accuracy_m: float | None = None  # radius of 68 % confidence
    hdop: float | None = None
    satellites: int | None = None
    fix_valid: bool | None = None
    ignition: bool | None = None
    in_motion: bool | None = None
    door_open: bool | None = None
    cargo_kg: float | None = None
    fuel_l: float | None = None
    fuel_pct: float | None = None
    external_v: float | None = None
    battery_v: float | None = None
    battery_pct: float | None = None
    odometer_m: float | None = None
    temperature_c: tuple[float | None, ...] = ()  # one value per probe, in probe order
    alarms: tuple[str, ...] = ()
    buffered: bool | None = None  # the device itself says that it kept this back
    boot_id: int | None = None
    seq: int | None = None
    device_time: datetime | None = None  # the device's own clock when it spoke, which is not the receiver's of the fix


class SensorReading(NamedTuple):
    """One measurement of a shelf, a cooler or another thing that stands still."""

    device: str
    measured_at: datetime | None = None
    received_at: datetime | None = None
    weight_g: float | None = None
    temperature_c: float | None = None
    humidity_pct: float | None = None
    door_open: bool | None = None
    count: int | None = None  # type: ignore[assignment]  # the field of the format hides tuple.count, which nobody calls here
    battery_v: float | None = None
    battery_pct: float | None = None
    buffered: bool | None = None
    boot_id: int | None = None
    seq: int | None = None
    device_time: datetime | None = None


class DeviceStatus(NamedTuple):
    """What a device, or the broker by its will, says about the device itself."""

    device: str
    reported_at: datetime | None = None
    received_at: datetime | None = None
    online: bool | None = None
    firmware: str | None = None
    signal_dbm: float | None = None
    configuration_version: str | None = None
    battery_v: float | None = None
    battery_pct: float | None = None
    boot_id: int | None = None
    seq: int | None = None


Reading = Position | SensorReading | DeviceStatus

ALARM_NAMES: Final = (
    "sos",
    "tow",
    "jamming",
    "power_cut",
    "power_restored",
    "low_battery",
    "tamper",
    "crash",
    "idling",
    "overspeed",
    "harsh_acceleration",
    "harsh_braking",
    "harsh_cornering",
    "gps_antenna_cut",
    "geofence_enter",
    "geofence_exit",
    "fuel_leak",
    "door",
)
"""Names that codecs give to what devices alarm about, in an order that does not change; an alarm without a name here keeps
the device's own word."""

ALARMS: Final = frozenset(ALARM_NAMES)
