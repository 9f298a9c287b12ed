"""Zigbee2MQTT, and flat JSON in the style of Home Assistant: one object of a sensor's values on `zigbee2mqtt/{name}`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import DecodeError
from domain.observations import DeviceStatus, Reading
from wire.codec import Codec, Profiles, check_size
from wire.inputs import Gathered, Input
from wire.json_payload import decode_json, moment
from wire.vendor_keys import KeysProfile, rule_for

KEYS: Final[Mapping[str, Input]] = {
    "contact": Input("door_open", inverted=True),  # true means that the magnet is there: closed
    "battery": Input("battery_pct"),
    "voltage": Input("battery_v", 0.001, valid=(500, 20_000)),  # of the cell, in mV; mains sockets say volts here
}
"""What Zigbee2MQTT's names mean beside the usual ones."""
_AVAILABILITY: Final = {"online": True, "offline": False}
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


class Zigbee2mqtt(Codec):
    """Measurements of sensors; lamps, sockets and the like say nothing here that is kept."""

    def __init__(self, profiles: Profiles[KeysProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(KeysProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The measurement of a message. Without `last_seen` its time is missing, for a retained message may be of any age."""
        check_size(payload)
        if (online := _AVAILABILITY.get(payload.strip().decode("ascii", "replace"))) is not None:
            return [DeviceStatus(device, None, received_at, online=online)]
        content = decode_json(_DECODER, payload)
        if set(content) == {"state"} and content["state"] in ("online", "offline"):
            return [DeviceStatus(device, None, received_at, online=_AVAILABILITY[content["state"]])]
        return self._sensor(content, received_at, device)

    def _sensor(self, content: Mapping[str, Any], received_at: datetime, device: str) -> list[Reading]:
        profile = self._profiles.of(device)
        found = Gathered()
        for key, value in content.items():
            rule = profile.inputs.get(key) or KEYS.get(key) or rule_for(key, profile)
            if rule is not None:
                found.put(rule, value)
        if not found:
            self.warnings["nothing_mapped"] += 1
        return found.readings(device, _last_seen(content.get("last_seen")), received_at)


def _last_seen(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise DecodeError("wrong_type", "last_seen is neither text nor milliseconds")
    return moment(value) if value != "" else None
