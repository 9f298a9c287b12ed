"""The Things Stack v3: JSON uplinks of LoRaWAN sensors on `v3/{app}@{tenant}/devices/{device}/up`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.observations import DeviceStatus, Reading
from wire.byte_fields import read_fields
from wire.codec import Codec, Profiles
from wire.identity import same_identity
from wire.json_payload import Counter, Moment, Quantity, Word, decode_json, moment
from wire.vendor_keys import KeysProfile, object_readings


class _Ids(msgspec.Struct):
    device_id: Word


class _Normalized(msgspec.Struct):
    """A measurement in the units that are the same for all devices."""

    time: Moment | None = None
    battery: Quantity | None = None  # V
    air: dict[str, Any] | None = None
    action: dict[str, Any] | None = None
    position: dict[str, Any] | None = None

    def content(self) -> dict[str, Any]:
        """What is ours of it, under keys that mean the same everywhere."""
        told = {"battery_v": self.battery, "air": self.air, "action": self.action, "position": self.position}
        return {name: value for name, value in told.items() if value is not None}


class _Uplink(msgspec.Struct):
    f_cnt: Counter = 0  # values that are the default are left out: no counter is the counter 0
    f_port: Counter = 0
    decoded_payload: dict[str, Any] | None = None
    normalized_payload: list[_Normalized] | None = None
    frm_payload: str | None = None
    received_at: Moment | None = None


class _Message(msgspec.Struct):
    end_device_ids: _Ids
    received_at: Moment | None = None
    uplink_message: _Uplink | None = None
    join_accept: dict[str, Any] | None = None
    simulated: bool = False


_DECODER: Final = msgspec.json.Decoder(_Message)


class Ttn(Codec):
    """Measurements from uplinks, joins as signs of life; what somebody simulated in the console is dropped."""

    def __init__(self, profiles: Profiles[KeysProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(KeysProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one message, at the time when the network server got it."""
        message = decode_json(_DECODER, payload)
        device = same_identity(device, message.end_device_ids.device_id)
        uplink = message.uplink_message
        if message.simulated:
            return []
        if uplink is None:
            if message.join_accept is not None:
                return [DeviceStatus(device, moment(message.received_at), received_at, online=True)]
            return []
        return self._uplink(uplink, moment(uplink.received_at or message.received_at), received_at, device)

    def _uplink(self, uplink: _Uplink, at: datetime | None, received_at: datetime, device: str) -> list[Reading]:
        """By the device's profile; without one by normalised measurements, whose units are known, before the vendor's keys."""
        profile = self._profiles.of(device)
        normalized = [] if profile.inputs or profile.bytes else uplink.normalized_payload or []
        if len(normalized) > 1 and all(one.time for one in normalized):
            made = [(one.content(), moment(one.time)) for one in normalized]
        elif len(normalized) == 1:
            made = [((uplink.decoded_payload or {}) | normalized[0].content(), moment(normalized[0].time) or at)]
        elif uplink.decoded_payload is not None:
            made = [(uplink.decoded_payload, at)]
        elif uplink.frm_payload:
            made = [(read_fields(uplink.frm_payload, uplink.f_port, profile.bytes), at)]
        else:
            made = []
        return [
            reading
            for content, then in made
            for reading in object_readings(content, profile, device, then, received_at, uplink.f_cnt)
        ]
