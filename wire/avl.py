"""What Teltonika's AVL ids mean, and how a record of them becomes a position, whether it came as bytes or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.observations import Position
from wire.inputs import Field, Gathered, Input, number_from

MPS_PER_KMH: Final = 1 / 3.6
_GNSS_STATE: Final = 69
_FIXED: Final = 1


def _probe(probe: int, scale: float, bits: int, valid: tuple[int, int], not_ready: tuple[int, ...] = ()) -> Input:
    return Input("temperature_c", scale, signed_bits=bits, missing=not_ready, valid=valid, probe=probe)


AVL_INPUTS: Final[Mapping[int, Input]] = {
    239: Input("ignition"),
    240: Input("in_motion"),
    662: Input("door_open"),
    16: Input("odometer_m"),
    66: Input("external_v", 0.001),
    67: Input("battery_v", 0.001),
    113: Input("battery_pct"),
    182: Input("hdop", 0.1),
    84: Input("fuel_l", 0.1),
    89: Input("fuel_pct"),
    **{72 + probe: _probe(probe, 0.1, 32, (-550, 1150), not_ready=(850,)) for probe in range(4)},
}
"""The ids that always mean the same. Digital inputs 1 to 4 and analogue ones 9 and 10 depend on the wiring: see the profile."""
_BLE_PROBES: Final = range(25, 29)
_WIRED_PROBES: Final = frozenset(range(72, 76))

AVL_ALARMS: Final[Mapping[int, str]] = {
    236: "sos",
    246: "tow",
    247: "crash",
    249: "jamming",
    251: "idling",
    252: "power_cut",
    255: "overspeed",
}
"""Ids that raise an alarm while they are not zero."""
_GREEN_DRIVING: Final = 253
_MANOEUVRES: Final = {1: "harsh_acceleration", 2: "harsh_braking", 3: "harsh_cornering"}


@dataclass(frozen=True, slots=True)
class Place:
    """The part of a record that the receiver filled in."""

    longitude_deg: float | None
    latitude_deg: float | None
    altitude_m: float | None
    course_deg: float | None
    satellites: int | None
    speed_kmh: float | None

    def fields(self) -> dict[str, Any]:
        """The fields of a position. Without satellites, zeros all around are how the format says that it knows nothing."""
        if not self.satellites and not self.longitude_deg and not self.latitude_deg:
            return {"fix_valid": False, "satellites": self.satellites}
        return {
            "longitude_deg": self.longitude_deg,
            "latitude_deg": self.latitude_deg,
            "altitude_m": self.altitude_m,
            "course_deg": self.course_deg,
            "satellites": self.satellites,
            "speed_mps": None if self.speed_kmh is None else self.speed_kmh * MPS_PER_KMH,
            "fix_valid": None if self.satellites is None else self.satellites > 0,
        }


@dataclass(frozen=True, slots=True)
class TeltonikaProfile:
    """How a tracker is wired: inputs by AVL id, in place of or beside the usual ones.

    A door switch on digital input 1 is `{1: Input("door_open")}`, a fuel sender of 0 to 10 V on a 60 l tank at analogue
    input 1 `{9: Input("fuel_l", scale=0.006)}`.
    """

    inputs: Mapping[int, Input] = field(default_factory=dict)


def avl_position(
    device: str,
    fix_time: datetime | None,
    received_at: datetime,
    place: Place,
    ids: Mapping[int, Any],
    profile: TeltonikaProfile,
) -> Position:
    """The position of one record: where it says it is, and the values under its AVL ids."""
    found = Gathered()
    for avl_id, raw in ids.items():
        if rule := profile.inputs.get(avl_id) or AVL_INPUTS.get(avl_id) or _wireless_probe(avl_id, ids):
            found.put(rule, raw)
        elif name := _alarm(avl_id, raw):
            found.alarm(name)
    known = place.fields()
    if _GNSS_STATE in ids:
        known["fix_valid"] = number_from(ids[_GNSS_STATE]) == _FIXED
    return found.position(device, fix_time, received_at, **known)


def _wireless_probe(avl_id: int, ids: Mapping[int, Any]) -> Input | None:
    """Bluetooth probes come after the wired ones, where a record has any wired ones."""
    if avl_id not in _BLE_PROBES:
        return None
    first = 0 if _WIRED_PROBES.isdisjoint(ids) else len(_WIRED_PROBES)
    return _probe(first + _BLE_PROBES.index(avl_id), 0.01, 16, (-4000, 12500))


def _alarm(avl_id: int, raw: Any) -> str | None:
    if avl_id == _GREEN_DRIVING:
        return _MANOEUVRES.get(int(number_from(raw)))
    return AVL_ALARMS[avl_id] if avl_id in AVL_ALARMS and number_from(raw) != 0 else None


_WIDTHS: Final[Mapping[Field, int]] = {
    "ignition": 1, "in_motion": 1, "door_open": 1, "battery_pct": 1, "fuel_pct": 1,
    "external_v": 2, "battery_v": 2, "hdop": 2, "fuel_l": 2, "odometer_m": 4,
}  # fmt: skip
_IDS: Final = {rule.field: avl_id for avl_id, rule in AVL_INPUTS.items() if rule.field in _WIDTHS}
_ALARM_IDS: Final = {name: avl_id for avl_id, name in AVL_ALARMS.items()}
_FIRST_PROBE: Final = 72


def avl_values(position: Position) -> list[tuple[int, int, int]]:
    """Id, width in bytes and raw value of all that the position has and an id exists for."""
    values = []
    for name, width in _WIDTHS.items():
        value: float | None = getattr(position, name)
        if value is not None:
            raw = round(value / AVL_INPUTS[_IDS[name]].scale)
            values.append((_IDS[name], width, min(max(raw, 0), 2 ** (8 * width) - 1)))
    values += [(_ALARM_IDS[name], 1, 1) for name in position.alarms if name in _ALARM_IDS]
    probes = enumerate(position.temperature_c[:4], start=_FIRST_PROBE)
    return values + [(avl_id, 4, round(degrees * 10) % 2**32) for avl_id, degrees in probes if degrees is not None]
