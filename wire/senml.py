"""SenML packs (RFC 8428), however they were serialised: records resolved, grouped by device and time, and read as fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from domain.errors import DecodeError, InvalidInputError
from domain.observations import Reading, SensorReading
from wire.codec import refuse_too_many
from wire.inputs import Gathered, Input
from wire.instants import EPOCH
from wire.json_payload import Quantity, Word, refusal

_RELATIVE_BELOW_S: Final = 2.0**28
_NEWEST_VERSION: Final = 10
_VALUES: Final = frozenset({"v", "vb", "vs", "vd", "s"})
_SEPARATORS: Final = ":/.-_"

UNITS: Final[Mapping[str, Input]] = {
    "Cel": Input("temperature_c"),
    "K": Input("temperature_c", offset=-273.15),
    "%RH": Input("humidity_pct"),
    "g": Input("weight_g"),
    "kg": Input("weight_g", 1000),
    "lat": Input("latitude_deg"),
    "lon": Input("longitude_deg"),
    "V": Input("battery_v"),
    "mV": Input("battery_v", 0.001),  # of RFC 8798
    "%EL": Input("battery_pct"),
    "count": Input("count"),
    "km/h": Input("speed_mps", 1 / 3.6),
    "m/s": Input("speed_mps"),
}
"""What a value of a unit is, unless the device's profile says otherwise."""
NAMES: Final[Mapping[str, Input]] = dict.fromkeys(("open", "door", "door_open"), Input("door_open"))
"""What values without a unit are, by their name."""


@dataclass(frozen=True, slots=True)
class SenmlProfile:
    """What records mean, by their name or else their unit, in place of or beside the usual units."""

    inputs: Mapping[str, Input] = field(default_factory=dict)


class _Record(msgspec.Struct):
    bn: Word = ""
    bt: Quantity = 0.0
    bu: Word = ""
    bv: Quantity = 0.0
    bver: Annotated[int, Meta(ge=1, le=_NEWEST_VERSION)] = _NEWEST_VERSION
    n: Word = ""
    u: Word = ""
    v: Quantity | None = None
    vb: bool | None = None
    t: Quantity = 0.0


@dataclass(frozen=True, slots=True)
class Resolved:
    """A record that stands by itself; `base` and `name` joined are its full name, `time_s` may be relative to now."""

    base: str
    name: str
    unit: str
    time_s: float
    value: float | bool | None


def resolve(pack: Sequence[Mapping[str, Any]]) -> Iterator[Resolved]:
    """The records with base values applied, which hold from where they stand; `DecodeError` for what is no SenML."""
    bn, bt, bu, bv = "", 0.0, "", 0.0
    for item in pack:
        if strange := next((label for label in item if label.endswith("_")), None):
            raise DecodeError("not_understood", f"label {strange[:40]!r} must be understood and is not")
        try:
            record = msgspec.convert(item, _Record, strict=True)
        except msgspec.ValidationError as error:
            raise refusal(error) from error
        bn = record.bn if "bn" in item else bn
        bt = record.bt if "bt" in item else bt
        bu = record.bu if "bu" in item else bu
        bv = record.bv if "bv" in item else bv
        if _VALUES.isdisjoint(item):  # it only sets base values
            continue
        value = record.vb if record.v is None else bv + record.v
        yield Resolved(bn, record.n, record.u or bu, bt + record.t, value)


def pack_readings(
    pack: Sequence[Mapping[str, Any]], profile: SenmlProfile, topic_device: str, received_at: datetime
) -> list[Reading]:
    """The readings of a pack: all values of one device and one time make a reading; the device is the topic's, else the name's.

    `DecodeError` if not one value has a meaning.
    """
    refuse_too_many(pack)
    groups: dict[tuple[str, datetime], Gathered] = {}
    for record in resolve(pack):
        rule = profile.inputs.get(record.name) or profile.inputs.get(record.unit) or UNITS.get(record.unit)
        rule = rule or (NAMES.get(record.name) if not record.unit else None)
        if rule is None or record.value is None:
            continue
        device = topic_device or record.base.rstrip(_SEPARATORS) or record.name
        groups.setdefault((device, _time(record.time_s, received_at)), Gathered()).put(rule, record.value)
    readings = [reading for (device, at), found in groups.items() for reading in found.readings(device, at, received_at)]
    if not readings:
        raise DecodeError("nothing_mapped", "no record has a unit or a name with a meaning")
    return readings


def written_pack(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """The pack of measurements of one device, to be serialised."""
    device = readings[0].device
    pack: list[dict[str, Any]] = []
    for reading in readings:
        if not isinstance(reading, SensorReading) or reading.measured_at is None:
            raise InvalidInputError("reading", "SenML is written of measurements with a time")
        at = {"bt": (reading.measured_at - EPOCH) / timedelta(seconds=1)}
        for name, unit in _WRITTEN.items():
            value = getattr(reading, name)
            if value is not None:
                pack.append(at | ({"n": name, "vb": value} if isinstance(value, bool) else {"n": name, "u": unit, "v": value}))
                at = {}
    if not pack:
        raise InvalidInputError("reading", "there is nothing to say")
    return [{"bn": f"{device}:"} | pack[0], *pack[1:]]


_WRITTEN: Final = {
    "weight_g": "g",
    "temperature_c": "Cel",
    "humidity_pct": "%RH",
    "door_open": "",
    "count": "count",
    "battery_v": "V",
    "battery_pct": "%EL",
}


def _time(seconds: float, received_at: datetime) -> datetime:
    start = received_at if abs(seconds) < _RELATIVE_BELOW_S else EPOCH
    try:
        return start + timedelta(microseconds=round(seconds * 1e6))
    except OverflowError as error:
        raise DecodeError("bad_time", f"{seconds} s is outside the years 1 to 9999") from error
