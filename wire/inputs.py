"""Input mapping: which wire, AVL id, attribute or key of a device means which field, in which unit. Data, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final, Literal

from domain.errors import DecodeError
from domain.observations import Position, Reading, SensorReading

Field = Literal[
    "speed_mps",
    "course_deg",
    "altitude_m",
    "accuracy_m",
    "hdop",
    "satellites",
    "fix_valid",
    "ignition",
    "in_motion",
    "door_open",
    "cargo_kg",
    "fuel_l",
    "fuel_pct",
    "external_v",
    "battery_v",
    "battery_pct",
    "odometer_m",
    "temperature_c",
    "longitude_deg",
    "latitude_deg",
    "weight_g",
    "humidity_pct",
    "count",
    "buffered",
    "seq",
]
"""The fields that an input can feed."""

_BOOLEAN: Final = frozenset({"fix_valid", "ignition", "in_motion", "door_open", "buffered"})
_INTEGER: Final = {"satellites": 2**15 - 1, "count": 2**63 - 1, "seq": 2**63 - 1}
_ANGLES: Final = frozenset({"longitude_deg", "latitude_deg"})
MAX_ANGLE_DEG: Final = 214.7483647
"""The largest angle that fits 32 bits of 1e-7 degree."""
_MAX_VALUE: Final = 1e12
_WORDS: Final = {
    "true": True, "on": True, "open": True, "opened": True, "yes": True, "1": True,
    "false": False, "off": False, "closed": False, "close": False, "no": False, "0": False,
}  # fmt: skip
_SENSOR_FIELDS: Final = frozenset(SensorReading._fields)
_POSITION_FIELDS: Final = frozenset(Position._fields)
_SENSOR_ONLY: Final = frozenset({"weight_g", "humidity_pct", "count"})


@dataclass(frozen=True, slots=True)
class Input:
    """How a raw value becomes a field: `raw * scale + offset`, or for yes or no whether it is not zero.

    `signed_bits` is the width of a two's complement number that may arrive unsigned; `missing` lists raw values that mean
    no reading, and outside `valid` is none either; `probe` counts temperature probes from 0; `inverted` swaps yes and no, for a
    switch wired the other way.
    """

    field: Field
    scale: float = 1.0
    offset: float = 0.0
    inverted: bool = False
    signed_bits: int | None = None
    missing: tuple[float, ...] = ()
    valid: tuple[float, float] | None = None
    probe: int = 0

    def read(self, raw: Any) -> Any:
        """The field's value, `None` for a missing one; `DecodeError` if the raw value is none of its kind."""
        if raw is None or raw == "" or raw in self.missing:
            return None
        if self.field in _BOOLEAN:
            return _truth(raw) is not self.inverted
        value = number_from(raw)
        if self.signed_bits is not None and 2 ** (self.signed_bits - 1) <= value < 2**self.signed_bits:
            value -= 2**self.signed_bits
        if value in self.missing or (self.valid and not self.valid[0] <= value <= self.valid[1]):
            return None
        return self._sized(round(value * self.scale + self.offset, 9))

    def _sized(self, value: float) -> float | int:
        if self.field in _INTEGER:
            if not isfinite(value) or abs(value) > _INTEGER[self.field]:
                raise DecodeError("out_of_range", f"{self.field} is {value}")
            return round(value)
        if not abs(value) <= (MAX_ANGLE_DEG if self.field in _ANGLES else _MAX_VALUE):
            raise DecodeError("out_of_range", f"{self.field} is {value}")
        return value


class Gathered:
    """The fields found so far in one message."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.alarms: list[str] = []
        self._probes: dict[int, float] = {}

    def put(self, rule: Input, raw: Any) -> None:
        """Read a raw value into its field; a missing one leaves the field as it is."""
        value = rule.read(raw)
        if value is None:
            return
        if rule.field == "temperature_c":
            self._probes[rule.probe] = value
        else:
            self.fields[rule.field] = value

    def put_all(self, values: Mapping[str, Any], rules: Mapping[str, Input], usual: Mapping[str, Input]) -> None:
        """Read all values that have a rule, or else a usual one, in the order of the values."""
        for name, value in values.items():
            if rule := rules.get(name) or usual.get(name):
                self.put(rule, value)

    def alarm(self, name: str) -> None:
        """Note an alarm, once."""
        if name not in self.alarms:
            self.alarms.append(name)

    def position(self, device: str, fix_time: datetime | None, received_at: datetime, **known: Any) -> Position:
        """The position that these fields make; `known` ones win."""
        fields = {name: value for name, value in self.fields.items() if name in _POSITION_FIELDS}
        probes = tuple(self._probes.get(index) for index in range(max(self._probes, default=-1) + 1))
        made = {"temperature_c": probes, "alarms": tuple(self.alarms)} | fields | known
        return Position(device, fix_time, received_at, **made)

    def sensor(self, device: str, measured_at: datetime | None, received_at: datetime, **known: Any) -> SensorReading:
        """The measurement that these fields make, of the first temperature probe there is."""
        fields = {name: value for name, value in self.fields.items() if name in _SENSOR_FIELDS}
        if self._probes:
            fields["temperature_c"] = self._probes[min(self._probes)]
        return SensorReading(device, measured_at, received_at, **(fields | known))

    def readings(self, device: str, at: datetime | None, received_at: datetime, **known: Any) -> list[Reading]:
        """A measurement, or with a place a position, and both where a position lacks a field; none of no fields."""
        if not self:
            return []
        if not {"longitude_deg", "latitude_deg"} <= self.fields.keys():
            return [self.sensor(device, at, received_at, **known)]
        position: Reading = self.position(device, at, received_at, **known)
        if _SENSOR_ONLY.isdisjoint(self.fields):
            return [position]
        return [position, self.sensor(device, at, received_at, **known)]

    def __bool__(self) -> bool:
        return bool(self.fields or self.alarms or self._probes)


def _truth(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in _WORDS:
        return _WORDS[raw.strip().lower()]
    return number_from(raw) != 0


def number_from(raw: Any) -> float:
    """The number, whole ones exactly, also where it comes as text."""
    if isinstance(raw, str):
        raw = _parsed(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise DecodeError("wrong_type", f"a number is wanted and {str(raw)[:40]!r} found")
    if isinstance(raw, int) and abs(raw) >= 2**64:
        raise DecodeError("out_of_range", "an integer has more than 64 bits")
    return raw


def _parsed(text: str) -> float | str:
    if len(text) > 40 or "_" in text:
        return text
    try:
        if text.removeprefix("-").isdecimal():
            return int(text)
        value = float(text)
    except ValueError:
        return text
    return value if isfinite(value) else text
