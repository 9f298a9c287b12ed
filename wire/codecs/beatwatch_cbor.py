"""Our own firmware's CBOR: a map or an array of maps with integer keys and, but for text, integer values, for metered links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import cbor2

from domain.errors import DecodeError, InvalidInputError
from domain.observations import DeviceStatus, Position, Reading, SensorReading
from wire.cbor_payload import load_cbor
from wire.codec import Codec, Encoder, Message, refuse_too_many
from wire.instants import from_unix_ms, to_unix_ms
from wire.own_channels import channel_for, channel_from, channel_of, own_topic

_INT8: Final = 2**63 - 1
_INT4: Final = 2**31 - 1
_INT2: Final = 2**15 - 1
_MAX_ELEMENTS: Final = 64
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Number:
    """An integer key whose value is an integer, `per_unit` of which make one of the field's unit; 0 leaves it an integer."""

    key: int
    field: str
    per_unit: int = 0
    limit: int = 10**15


@dataclass(frozen=True, slots=True)
class Other:
    """An integer key with a value of another type."""

    key: int
    field: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _wrong(what: str, value: Any) -> DecodeError:
    return DecodeError("wrong_type", f"{what} is wanted and {type(value).__name__} found")


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _wrong("a boolean", value)
    return value


def _read_time(value: Any) -> datetime:
    if type(value) is not int:
        raise _wrong("a time in milliseconds", value)
    try:
        return from_unix_ms(value)
    except ValueError as error:
        raise DecodeError("bad_time", str(error)) from error


def _read_text(value: Any) -> str:
    if type(value) is not str:
        raise _wrong("text", value)
    if len(value) > _MAX_TEXT or "\0" in value:  # a database cannot hold NUL
        raise DecodeError("out_of_range", f"text has NUL or more than {_MAX_TEXT} characters")
    return value


def _read_array(value: Any, element: Callable[[Any], Any]) -> tuple[Any, ...]:
    if type(value) is not list or len(value) > _MAX_ELEMENTS:
        raise _wrong(f"an array of up to {_MAX_ELEMENTS}", value)
    return tuple(map(element, value))


def _read_probe(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) is not int or not -_INT4 <= value <= _INT4:
        raise _wrong("a temperature in 0.01 C", value)
    return value / 100


def _boolean(key: int, field: str) -> Other:
    return Other(key, field, _read_boolean, bool)


def _text(key: int, field: str) -> Other:
    return Other(key, field, _read_text, str)


def _time(field: str) -> Other:
    return Other(3, field, _read_time, to_unix_ms)


_SHARED: Final = (
    Number(1, "boot_id", limit=_INT8),
    Number(2, "seq", limit=_INT8),
    Number(20, "battery_v", 1000),
    Number(21, "battery_pct", 1),
)
_POSITION: Final = (
    *_SHARED,
    _time("fix_time"),
    Number(4, "longitude_deg", 10**7, _INT4),
    Number(5, "latitude_deg", 10**7, _INT4),
    Number(6, "speed_mps", 100),
    Number(7, "course_deg", 100),
    Number(8, "altitude_m", 10),
    Number(9, "accuracy_m", 10),
    Number(10, "hdop", 100),
    Number(11, "satellites", limit=_INT2),
    _boolean(12, "fix_valid"),
    _boolean(13, "ignition"),
    _boolean(14, "in_motion"),
    _boolean(15, "door_open"),
    Number(16, "cargo_kg", 1000),
    Number(17, "fuel_l", 1000),
    Number(18, "fuel_pct", 10),
    Number(19, "external_v", 1000),
    Number(22, "odometer_m", 1),
    Other(
        23,
        "temperature_c",
        lambda value: _read_array(value, _read_probe),
        lambda probes: [None if probe is None else round(probe * 100) for probe in probes],
    ),
    Other(24, "alarms", lambda value: _read_array(value, _read_text), list),
    _boolean(25, "buffered"),
    Other(26, "device_time", _read_time, to_unix_ms),
)
_SENSOR: Final = (
    *_SHARED,
    _time("measured_at"),
    _boolean(15, "door_open"),
    Number(23, "temperature_c", 100),
    _boolean(25, "buffered"),
    Other(26, "device_time", _read_time, to_unix_ms),
    Number(32, "weight_g", 1),
    Number(33, "humidity_pct", 10),
    Number(34, "count", limit=_INT8),
)
_STATUS: Final = (
    *_SHARED,
    _time("reported_at"),
    _boolean(40, "online"),
    _text(41, "firmware"),
    Number(42, "signal_dbm", 1),
    _text(43, "configuration_version"),
)


class _Kind:
    """How one kind of reading is read and written."""

    def __init__(
        self, record: type[Position] | type[SensorReading] | type[DeviceStatus], keys: Iterable[Number | Other]
    ) -> None:
        slot_of = record._fields.index
        self.names = {key.key: key.field for key in keys}
        self._make: Callable[[list[Any]], Reading] = record._make
        self._blank = [record._field_defaults.get(field) for field in record._fields]
        self._received = slot_of("received_at")
        self._numbers = {key.key: (slot_of(key.field), key.per_unit, key.limit) for key in keys if isinstance(key, Number)}
        self._others = {key.key: (slot_of(key.field), key.read) for key in keys if isinstance(key, Other)}
        self._writers = [(slot_of(key.field), key.key, _writer(key)) for key in keys]

    def read(self, item: Any, received_at: datetime, device: str) -> Reading:
        """The reading that a map holds; keys of later firmware are ignored."""
        if type(item) is not dict:
            raise _wrong("a map", item)
        numbers, others, values = self._numbers, self._others, self._blank.copy()
        for key, value in item.items():
            if value is None:
                continue
            if number := numbers.get(key):
                slot, per_unit, limit = number
                if type(value) is not int:
                    raise _wrong(f"an integer under key {key}", value)
                if not -limit <= value <= limit:
                    raise DecodeError("out_of_range", f"key {key} holds {value}")
                values[slot] = value / per_unit if per_unit else value
            elif other := others.get(key):
                values[other[0]] = other[1](value)
        if values == self._blank:
            raise DecodeError("empty", "there is a reading without any value")
        values[0], values[self._received] = device, received_at
        return self._make(values)

    def write(self, reading: Reading) -> dict[int, Any]:
        """The map of a reading, of what it has values for."""
        said = ((number, reading[slot], write) for slot, number, write in self._writers)
        return {number: write(value) for number, value, write in said if value is not None and value != ()}


def _writer(key: Number | Other) -> Callable[[Any], Any]:
    if isinstance(key, Other):
        return key.write
    per_unit = key.per_unit
    return (lambda value: round(value * per_unit)) if per_unit else int


_KINDS: Final[Mapping[str, _Kind]] = {
    "pos": _Kind(Position, _POSITION),
    "event": _Kind(Position, _POSITION),
    "sensor": _Kind(SensorReading, _SENSOR),
    "status": _Kind(DeviceStatus, _STATUS),
}
KEYS_BY_CHANNEL: Final = {channel: kind.names for channel, kind in _KINDS.items()}
"""The field of each integer key, by the channel that carries it."""


class BeatwatchCbor(Codec, Encoder):
    """The short form of our own format; the firmware's encoder writes it."""

    batches = True

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one map or of an array of them; an acknowledgement (`ack`) holds none."""
        content = load_cbor(payload)
        items = content if isinstance(content, list) else [content]
        if not items:
            raise DecodeError("empty", "the array has no readings")
        refuse_too_many(items)
        channel = channel_of(topic) or _channel_in(items[0])
        if channel == "ack":
            return []
        kind = _KINDS[channel]
        return [kind.read(item, received_at, device) for item in items]

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One message with all the readings, which must be of one device and one kind; values are rounded to wire units."""
        channel = channel_for(readings[0])
        try:
            items = [_KINDS[channel].write(reading) for reading in readings]
        except (ValueError, OverflowError) as error:
            raise InvalidInputError("reading", f"has a value that is no number: {error}") from error
        payload = cbor2.dumps(items[0] if len(items) == 1 else items)
        return Message(own_topic(tenant, readings[0].device, channel), payload)


def _channel_in(item: Any) -> str:
    """The channel of a payload without topic, by the keys that only one kind has; key 3 is every kind's time."""
    if type(item) is not dict:
        raise _wrong("a map", item)
    sensor, status = _KINDS["sensor"].names, _KINDS["status"].names
    if any(key in item for key in (4, 5)):
        return "pos"
    return channel_from({sensor.get(key) or status.get(key) or "" for key in item if key != 3})
