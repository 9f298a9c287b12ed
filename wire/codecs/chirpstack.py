"""ChirpStack v4, and v3: JSON events of LoRaWAN sensors on `application/{app}/device/{eui}/event/{event}`."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Position, Reading
from wire.byte_fields import read_fields
from wire.codec import Codec, Profiles
from wire.identity import same_identity
from wire.json_payload import Counter, Degrees, Moment, Quantity, Word, decode_json, moment
from wire.vendor_keys import KeysProfile, object_readings

_EVENTS: Final = frozenset({"up", "status", "join", "ack", "txack", "log", "location", "integration"})
_SILENT: Final = frozenset({"ack", "txack", "log", "integration"})
_EUI_BYTES: Final = 8
_EUI_BASE64: Final = 12


class _Device(msgspec.Struct, rename="camel"):
    dev_eui: Word


class _Place(msgspec.Struct):
    latitude: Degrees
    longitude: Degrees
    altitude: Quantity | None = None
    accuracy: Quantity | None = None


class _Reception(msgspec.Struct):
    time: Moment | None = None


class _Event(msgspec.Struct, rename="camel"):
    device_info: _Device | None = None
    dev_eui: Word = msgspec.field(default="", name="devEUI")  # of v3, which has neither the above nor a time of its own
    rx_info: list[_Reception] | None = None
    time: Moment | None = None
    published_at: Moment | None = None  # of v3, where no gateway knows the time
    f_cnt: Counter = 0  # values that are the default are left out: no counter is the counter 0
    f_port: Counter = 0
    object: dict[str, Any] | None = None
    object_json: str = msgspec.field(default="", name="objectJSON")  # for it, in v3 with the marshaler "json"
    data: str | None = None
    margin: Quantity | None = None
    battery_level: Quantity | None = None
    external_power_source: bool = False
    battery_level_unavailable: bool = False
    location: _Place | None = None


_DECODER: Final = msgspec.json.Decoder(_Event)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


class Chirpstack(Codec):
    """Measurements from uplinks, the battery from status events, joins as signs of life."""

    def __init__(self, profiles: Profiles[KeysProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(KeysProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one event; its kind is the last level of the topic, or told by its members where there is none."""
        event = decode_json(_DECODER, payload)
        device = same_identity(device, _eui(event))
        at = moment(event.time or next((one.time for one in event.rx_info or () if one.time), event.published_at))
        kind = _kind(topic, event)
        if kind in _SILENT:
            return []
        if kind == "status":
            return [_status(event, at, received_at, device)]
        if kind == "join":
            return [DeviceStatus(device, at, received_at, online=True)]
        if kind == "location":
            return [_located(event, at, received_at, device)]
        return self._uplink(event, at, received_at, device)

    def _uplink(self, event: _Event, at: datetime | None, received_at: datetime, device: str) -> list[Reading]:
        profile = self._profiles.of(device)
        content: dict[str, Any] | None = event.object
        if content is None and event.object_json:
            content = decode_json(_OBJECT, event.object_json.encode())
        if content is None:
            if not event.data:
                return []
            content = read_fields(event.data, event.f_port, profile.bytes)
        return object_readings(content, profile, device, at, received_at, event.f_cnt)


def _eui(event: _Event) -> str:
    eui = event.dev_eui if event.device_info is None else event.device_info.dev_eui
    if not eui:
        raise DecodeError("missing_field", "there is no deviceInfo.devEui, nor the devEUI of version 3")
    return _hexadecimal(eui)


def _hexadecimal(eui: str) -> str:
    """The EUI in digits, also where it comes in base64, as the marshaler "json" of v3 writes all bytes."""
    if len(eui) != _EUI_BASE64:
        return eui
    try:
        content = base64.b64decode(eui, validate=True)
    except binascii.Error:
        return eui
    return content.hex() if len(content) == _EUI_BYTES else eui


def _kind(topic: str, event: _Event) -> str:
    last = topic.rpartition("/")[2]
    if last in _EVENTS:
        return last
    return "status" if event.margin is not None or event.battery_level is not None else "up"


def _status(event: _Event, at: datetime | None, received_at: datetime, device: str) -> DeviceStatus:
    """A level of 0, which is left out, does not exist: LoRaWAN counts from 1 and says otherwise if it does not know."""
    unknown = event.external_power_source or event.battery_level_unavailable
    return DeviceStatus(device, at, received_at, online=True, battery_pct=None if unknown else event.battery_level)


def _located(event: _Event, at: datetime | None, received_at: datetime, device: str) -> Position:
    place = event.location
    if place is None:
        raise DecodeError("missing_field", "a location event has no location")
    return Position(
        device,
        at,
        received_at,
        longitude_deg=place.longitude,
        latitude_deg=place.latitude,
        altitude_m=place.altitude,
        accuracy_m=place.accuracy,
    )
