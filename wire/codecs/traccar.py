"""Traccar's position forwarding: JSON with the position and its device, for every tracker that Traccar speaks to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import InvalidInputError
from domain.observations import Position, Reading
from wire.codec import Codec, Encoder, Message, Profiles
from wire.inputs import Gathered, Input
from wire.instants import format_instant
from wire.json_payload import Degrees, Moment, Quantity, Word, decode_json, moment

_MPS_PER_KNOT: Final = 1852 / 3600
_PROBES: Final = 8

ATTRIBUTES: Final[Mapping[str, Input]] = {
    "ignition": Input("ignition"),
    "motion": Input("in_motion"),
    "door": Input("door_open"),
    "sat": Input("satellites"),
    "hdop": Input("hdop"),
    "batteryLevel": Input("battery_pct"),
    "battery": Input("battery_v"),
    "power": Input("external_v"),
    "odometer": Input("odometer_m"),
    "fuel": Input("fuel_l"),
    "fuelLevel": Input("fuel_pct"),
    "archive": Input("buffered"),
    **{f"temp{probe + 1}": Input("temperature_c", probe=probe) for probe in range(_PROBES)},
}
"""What Traccar's names mean unless the device's profile says otherwise."""
_ALARMS: Final = {
    "sos": "sos",
    "tow": "tow",
    "jamming": "jamming",
    "powerCut": "power_cut",
    "powerOff": "power_cut",
    "powerRestored": "power_restored",
    "powerOn": "power_restored",
    "lowBattery": "low_battery",
    "lowPower": "low_battery",
    "tampering": "tamper",
    "removing": "tamper",
    "accident": "crash",
    "idle": "idling",
    "overspeed": "overspeed",
    "hardAcceleration": "harsh_acceleration",
    "hardBraking": "harsh_braking",
    "hardCornering": "harsh_cornering",
    "gpsAntennaCut": "gps_antenna_cut",
    "geofenceEnter": "geofence_enter",
    "geofenceExit": "geofence_exit",
    "fuelLeak": "fuel_leak",
    "door": "door",
}
_WRITTEN_ALARMS: Final = {ours: theirs for theirs, ours in reversed(_ALARMS.items())}
_MAX_ALARMS: Final = 64


@dataclass(frozen=True, slots=True)
class TraccarProfile:
    """What attributes mean by name, in place of or beside the usual ones, such as `{"in2": Input("door_open")}`."""

    inputs: Mapping[str, Input] = field(default_factory=dict)


class _Position(msgspec.Struct, rename="camel"):
    fix_time: Moment | None = None
    device_time: Moment | None = None
    valid: bool | None = None
    outdated: bool | None = None
    latitude: Degrees | None = None
    longitude: Degrees | None = None
    altitude: Quantity | None = None
    speed: Quantity | None = None
    course: Quantity | None = None
    accuracy: Quantity | None = None
    attributes: dict[str, Any] | None = None


class _Device(msgspec.Struct, rename="camel"):
    unique_id: Word


class _Forwarded(msgspec.Struct):
    position: _Position
    device: _Device


_DECODER: Final = msgspec.json.Decoder(_Forwarded)


class Traccar(Codec, Encoder):
    """One position a message. The identity is `device.uniqueId`: all devices share one topic."""

    def __init__(self, profiles: Profiles[TraccarProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(TraccarProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The position. A fix that Traccar calls outdated, an old place under a new message, counts as no valid fix."""
        forwarded = decode_json(_DECODER, payload, numbers_as_text=True)
        device = device or forwarded.device.unique_id
        return [_position(forwarded.position, received_at, device, self._profiles.of(device))]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """The message of one position, as Traccar forwards it."""
        (reading,) = readings
        if not isinstance(reading, Position) or reading.fix_time is None:
            raise InvalidInputError("reading", "Traccar only forwards positions with a time")
        content = {"position": _members(reading, reading.fix_time), "device": {"uniqueId": reading.device}}
        return Message("traccar/positions", msgspec.json.encode(content))


def _position(told: _Position, received_at: datetime, device: str, profile: TraccarProfile) -> Position:
    attributes = told.attributes or {}
    found = Gathered()
    found.put_all(attributes, profile.inputs, ATTRIBUTES)
    for name in _alarms(attributes.get("alarm")):
        found.alarm(_ALARMS.get(name, name))
    return found.position(
        device,
        moment(told.fix_time),
        received_at,
        longitude_deg=told.longitude,
        latitude_deg=told.latitude,
        speed_mps=None if told.speed is None else round(told.speed * _MPS_PER_KNOT, 9),
        course_deg=told.course,
        altitude_m=told.altitude,
        accuracy_m=told.accuracy or None,  # 0 is how Traccar says that it does not know
        fix_valid=False if told.outdated else told.valid,
        device_time=moment(told.device_time),
    )


def _alarms(text: Any) -> list[str]:
    if not isinstance(text, str) or "\0" in text:
        return []
    return [name.strip()[:_MAX_ALARMS] for name in text.split(",")[:_MAX_ALARMS] if name.strip()]


def _members(position: Position, fix_time: datetime) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        name: round(value / rule.scale, 9) if isinstance(value, float) else value
        for name, rule in ATTRIBUTES.items()
        if rule.field != "temperature_c" and (value := getattr(position, rule.field)) is not None
    }
    probes = enumerate(position.temperature_c[:_PROBES], start=1)
    attributes |= {f"temp{number}": degrees for number, degrees in probes if degrees is not None}
    if position.alarms:
        attributes["alarm"] = ",".join(_WRITTEN_ALARMS.get(name, name) for name in position.alarms)
    spoken = position.device_time
    return {
        "protocol": "beatwatch",
        **({} if spoken is None else {"deviceTime": format_instant(spoken).replace("Z", "+00:00")}),
        "fixTime": format_instant(fix_time).replace("Z", "+00:00"),
        "valid": position.fix_valid is not False and position.latitude_deg is not None,
        "latitude": position.latitude_deg,
        "longitude": position.longitude_deg,
        "altitude": position.altitude_m,
        "speed": None if position.speed_mps is None else position.speed_mps / _MPS_PER_KNOT,
        "course": position.course_deg,
        "accuracy": position.accuracy_m,
        "attributes": attributes,
    }
