"""The Things Stack v3: JSON uplinks of LoRaWAN sensors on `v3/{app}@{tenant}/devices/{device}/up`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.observations import DeviceStatus, Reading
from wire.byte_fields import read_fields
from wire.codec import Codec, Profiles
from wire.identity import same_identity
from wire.json_payload import Counter, Moment, Word, decode_json, moment
from wire.vendor_keys import KeysProfile, object_readings


class _Ids(msgspec.Struct):
    device_id: Word


class _Uplink(msgspec.Struct):
    f_cnt: Counter = 0  # values that are the default are left out: no counter is the counter 0
    f_port: Counter = 0
    decoded_payload: dict[str, Any] | None = None
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
        profile = self._profiles.of(device)
        content: dict[str, Any] | None = uplink.decoded_payload
        if content is None:
            if not uplink.frm_payload:
                return []
            content = read_fields(uplink.frm_payload, uplink.f_port, profile.bytes)
        at = moment(uplink.received_at or message.received_at)
        return object_readings(content, profile, device, at, received_at, uplink.f_cnt)
