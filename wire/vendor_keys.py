"""Payloads whose keys are the vendor's: a table per device profile says what they mean, and some mean the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.errors import DecodeError
from domain.observations import Reading
from wire.byte_fields import ByteField
from wire.inputs import Gathered, Input

_DEEPEST: Final = 4
_MOST_KEYS: Final = 500
_NUMBERED: Final = re.compile(r"(.+)_(\d{1,2})")


def _temperature(probe: int = 0) -> Input:
    return Input("temperature_c", valid=(-200, 300), probe=probe)


USUAL_KEYS: Final[Mapping[str, Input]] = {
    **dict.fromkeys(
        ("temperature", "temperature_c", "temp", "temp_c", "tempc_sht", "temp_soil", "temperaturesensor"), _temperature()
    ),
    **dict.fromkeys(("tempc_ds", "temp_ds18b20"), _temperature(1)),
    **dict.fromkeys(
        ("humidity", "humidity_pct", "hum_sht", "relative_humidity", "relativehumidity", "humiditysensor"),
        Input("humidity_pct"),
    ),
    "weight_g": Input("weight_g"),
    "weight_kg": Input("weight_g", 1000),
    **dict.fromkeys(("door", "door_open", "door_open_status", "contactstate"), Input("door_open")),
    "count": Input("count"),
    **dict.fromkeys(("batv", "bat_v", "battery_v", "battery_voltage", "vbat"), Input("battery_v")),
    "vdd": Input("battery_v", 0.001),
    **dict.fromkeys(("battery_pct", "battery_percent", "battery_level"), Input("battery_pct")),
    **dict.fromkeys(("latitude", "lat"), Input("latitude_deg")),
    **dict.fromkeys(("longitude", "lon", "lng"), Input("longitude_deg")),
    "altitude": Input("altitude_m"),
}
"""Keys that mean the same wherever they are met, in lower case. A bare `battery` or `weight` has no one unit."""


@dataclass(frozen=True, slots=True)
class KeysProfile:
    """What a vendor's keys mean, such as `{"BatV": Input("battery_v")}`; a key within an object is `gps.lat`.

    Where `inputs` names any key, `usual` says whether the usual names still count as well. `bytes` makes values under keys of
    payloads that nobody has decoded, for formats that hand them on raw.
    """

    inputs: Mapping[str, Input] = field(default_factory=dict)
    usual: bool = True
    bytes: Mapping[str, ByteField] = field(default_factory=dict)


def object_readings(
    content: Mapping[str, Any], profile: KeysProfile, device: str, at: datetime | None, received_at: datetime, seq: int
) -> list[Reading]:
    """What a decoded payload says: a measurement, or with a place in it a position, and both where a position lacks the field.

    `DecodeError` where no key means anything: a table for the device is needed, and then the message can be sent again.
    """
    found = Gathered()
    for key, value in _flat(content):
        if rule := rule_for(key, profile):
            found.put(rule, value)
    if not found:
        raise DecodeError("nothing_mapped", f"none of the keys {', '.join(list(content)[:20])[:200]} has a meaning")
    return found.readings(device, at, received_at, seq=seq)


def rule_for(key: str, profile: KeysProfile) -> Input | None:
    """What a key means for a device, if anything; of a dotted key or a path the last part may be a usual name."""
    if key in profile.inputs:
        return profile.inputs[key]
    if not profile.usual:
        return None
    *above, last = re.split(r"[./]", key.strip().lower().replace(" ", "_"))
    if above and last.isdecimal():  # a channel of Cayenne LPP: temperatureSensor.1
        last = f"{above[-1]}_{last}"
    if last in USUAL_KEYS:
        return USUAL_KEYS[last]
    numbered = _NUMBERED.fullmatch(last)
    rule = USUAL_KEYS.get(numbered[1]) if numbered else None
    if rule is None or numbered is None or rule.field != "temperature_c":
        return rule
    return _temperature(int(numbered[2]))


def _flat(content: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """All values that are no objects or lists, with dotted keys."""
    if len(content) > _MOST_KEYS:
        raise DecodeError("too_large", f"an object has {len(content)} keys")
    for key, value in content.items():
        if isinstance(value, Mapping):
            if depth < _DEEPEST:
                yield from _flat(value, f"{prefix}{key}.", depth + 1)
        elif not isinstance(value, list):
            yield f"{prefix}{key}", value
