"""Our own firmware's JSON: an object or an array of objects with the canonical names, on `bw/1/{tenant}/{device}/{channel}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import astuple

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from wire.codec import Codec, Encoder, Message, refuse_too_many
from wire.instants import format_instant
from wire.json_payload import Counter, Degrees, Moment, Quantity, Small, Word, decode_json, moment
from wire.own_channels import channel_for, channel_from, channel_of, own_topic

T = TypeVar("T", bound=msgspec.Struct)
_FEW: Final = Meta(max_length=64)


class _Position(msgspec.Struct, gc=False):
    """The members of a position, in the order of `domain.observations.Position` after `received_at`."""

    fix_time: Moment | None = None
    longitude_deg: Degrees | None = None
    latitude_deg: Degrees | None = None
    speed_mps: Quantity | None = None
    course_deg: Quantity | None = None
    altitude_m: Quantity | None = None
    accuracy_m: Quantity | None = None
    hdop: Quantity | None = None
    satellites: Small | None = None
    fix_valid: bool | None = None
    ignition: bool | None = None
    in_motion: bool | None = None
    door_open: bool | None = None
    cargo_kg: Quantity | None = None
    fuel_l: Quantity | None = None
    fuel_pct: Quantity | None = None
    external_v: Quantity | None = None
    battery_v: Quantity | None = None
    battery_pct: Quantity | None = None
    odometer_m: Quantity | None = None
    temperature_c: Annotated[tuple[Quantity | None, ...], _FEW] | None = ()
    alarms: Annotated[tuple[Word, ...], _FEW] | None = ()
    buffered: bool | None = None
    boot_id: Counter | None = None
    seq: Counter | None = None
    device_time: Moment | None = None


class _Sensor(msgspec.Struct, gc=False):
    """The members of a measurement, in the order of `SensorReading` after `received_at`."""

    measured_at: Moment | None = None
    weight_g: Quantity | None = None
    temperature_c: Quantity | None = None
    humidity_pct: Quantity | None = None
    door_open: bool | None = None
    count: Counter | None = None
    battery_v: Quantity | None = None
    battery_pct: Quantity | None = None
    buffered: bool | None = None
    boot_id: Counter | None = None
    seq: Counter | None = None
    device_time: Moment | None = None


class _Status(msgspec.Struct, gc=False):
    """The members of a status, in the order of `DeviceStatus` after `received_at`."""

    reported_at: Moment | None = None
    online: bool | None = None
    firmware: Word | None = None
    signal_dbm: Quantity | None = None
    configuration_version: Word | None = None
    battery_v: Quantity | None = None
    battery_pct: Quantity | None = None
    boot_id: Counter | None = None
    seq: Counter | None = None


class _Reader(Generic[T]):
    """Reads an object or an array of objects; told by the first byte, for a decoder of either is slower than one of one."""

    def __init__(self, kind: type[T]) -> None:
        self._one = msgspec.json.Decoder(kind)
        self._either = msgspec.json.Decoder(kind | list[kind])  # type: ignore[valid-type]  # a type that is a variable
        self._empty = kind()

    def items(self, payload: bytes) -> list[T]:
        """What the payload holds; raises DecodeError for nothing at all, in the array or in a reading."""
        if payload[:1] == b"{":
            items = [decode_json(self._one, payload)]
        else:
            content = decode_json(self._either, payload)
            items = content if isinstance(content, list) else [content]
            refuse_too_many(items)
        if not items or self._empty in items:
            raise DecodeError("empty", "there is a reading without any value" if items else "the array has no readings")
        return items


_POSITIONS: Final = _Reader(_Position)
_SENSORS: Final = _Reader(_Sensor)
_STATUSES: Final = _Reader(_Status)
_ANYTHING: Final = msgspec.json.Decoder(dict[str, Any] | list[dict[str, Any]])


class BeatwatchJson(Codec, Encoder):
    """JSON for people: longer than CBOR, and every value under its full name."""

    batches = True

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one object or of an array of them; an acknowledgement (`ack`) holds none."""
        channel = channel_of(topic) or _channel_in(payload)
        if channel == "sensor":
            return [_sensor(item, received_at, device) for item in _SENSORS.items(payload)]
        if channel == "status":
            return [_status(item, received_at, device) for item in _STATUSES.items(payload)]
        if channel == "ack":
            return []
        return [_position(item, received_at, device) for item in _POSITIONS.items(payload)]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One message with all the readings, which must be of one device and one kind."""
        members = [_members(reading) for reading in readings]
        payload = msgspec.json.encode(members[0] if len(members) == 1 else members)
        return Message(own_topic(tenant, readings[0].device, channel_for(readings[0])), payload)


def _channel_in(payload: bytes) -> str:
    content = decode_json(_ANYTHING, payload)
    items = [content] if isinstance(content, dict) else content
    return channel_from(items[0] if items else {})


def _position(item: _Position, received_at: datetime, device: str) -> Position:
    if item.temperature_c is None:
        item.temperature_c = ()
    if item.alarms is None:
        item.alarms = ()
    return Position._make((device, moment(item.fix_time), received_at, *astuple(item)[1:]))


def _sensor(item: _Sensor, received_at: datetime, device: str) -> SensorReading:
    return SensorReading(device, moment(item.measured_at), received_at, *astuple(item)[1:])


def _status(item: _Status, received_at: datetime, device: str) -> DeviceStatus:
    return DeviceStatus(device, moment(item.reported_at), received_at, *astuple(item)[1:])


def _members(reading: Reading) -> dict[str, Any]:
    """The members of a reading that it has values for; device and time of receipt are not the payload's to say."""
    said = {name: value for name, value in zip(reading._fields, reading, strict=True) if value is not None and value != ()}
    del said["device"]
    said.pop("received_at", None)
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in said.items()}
