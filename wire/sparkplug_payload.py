"""Sparkplug B payloads: the fields of the public specification's message, values in their declared types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from domain.errors import DecodeError
from wire.codec import check_size
from wire.protobuf import Value, double_of, fields, float_of, write_field

_SIGNED_BITS: Final = {1: 8, 2: 16, 3: 32, 4: 64}
_BOOLEAN: Final = 11
SEQ_WRAP: Final = 256
"""The count of messages starts again at 0 here."""
_MOST_METRICS: Final = 5_000
_LONGEST_TEXT: Final = 1000
_COMPRESSED: Final = b"SPBV1.0_COMPRESSED"

# numbers of the fields, from the specification's schema
_TIMESTAMP, _METRICS, _SEQ, _UUID = 1, 2, 3, 4
_NAME, _ALIAS, _METRIC_TIMESTAMP, _DATATYPE, _IS_HISTORICAL, _IS_NULL = 1, 2, 3, 4, 5, 7
_INT, _LONG, _FLOAT, _DOUBLE, _BOOL, _STRING = 10, 11, 12, 13, 14, 15


Raw = int | float | str | None
"""A metric's value; a boolean is an integer too."""


@dataclass(slots=True)
class Metric:
    """One value; births give it a name and an alias, and later messages may give the alias alone."""

    name: str | None = None
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int | None = None
    is_historical: bool = False
    value: Raw = None


@dataclass(slots=True)
class SparkplugPayload:
    """A message of an edge node or device."""

    timestamp_ms: int | None = None
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def parse_payload(payload: bytes) -> SparkplugPayload:
    """The message; `DecodeError` if it is none."""
    check_size(payload)
    parsed = SparkplugPayload()
    for number, value in fields(payload):
        if number == _TIMESTAMP:
            parsed.timestamp_ms = _integer(value)
        elif number == _SEQ:
            parsed.seq = _integer(value)
            if parsed.seq >= SEQ_WRAP:
                raise DecodeError("out_of_range", f"seq {parsed.seq} is not below {SEQ_WRAP}")
        elif number == _UUID and value == _COMPRESSED:
            raise DecodeError("not_understood", "the payload is compressed: switch that off at the node")
        elif number == _METRICS:
            parsed.metrics.append(_metric(_content(value)))
            if len(parsed.metrics) > _MOST_METRICS:
                raise DecodeError("too_large", f"there are more than {_MOST_METRICS} metrics")
    return parsed


def typed(value: Raw, datatype: int | None) -> Raw:
    """A raw value in its declared type: signed integers arrive in unsigned fields."""
    bits = _SIGNED_BITS.get(datatype or 0)
    if bits is not None and isinstance(value, int) and not isinstance(value, bool):
        low: int = value % 2**bits
        return low - 2**bits if low >= 2 ** (bits - 1) else low
    if datatype == _BOOLEAN and isinstance(value, int):
        return bool(value)
    return value


def rebirth_command(timestamp_ms: int) -> bytes:
    """The payload of a node command that asks for its births."""
    metric = write_field(_NAME, "Node Control/Rebirth") + write_field(_DATATYPE, _BOOLEAN) + write_field(_BOOL, value=True)
    return write_field(_TIMESTAMP, timestamp_ms) + write_field(_METRICS, metric)


def _metric(content: bytes) -> Metric:
    metric = Metric()
    is_null = False
    for number, value in fields(content):
        if number == _NAME:
            metric.name = _text(value)
        elif number == _ALIAS:
            metric.alias = _integer(value)
        elif number == _METRIC_TIMESTAMP:
            metric.timestamp_ms = _integer(value)
        elif number == _DATATYPE:
            metric.datatype = _integer(value)
        elif number == _IS_HISTORICAL:
            metric.is_historical = bool(_integer(value))
        elif number == _IS_NULL:
            is_null = bool(_integer(value))
        elif number in _READERS:
            metric.value = _READERS[number](value)
    if is_null:
        metric.value = None
    return metric


def _integer(value: Value) -> int:
    if not isinstance(value, int):
        raise DecodeError("wrong_type", "an integer is wanted and bytes found")
    return value


def _content(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise DecodeError("wrong_type", "bytes are wanted and an integer found")
    return value


def _text(value: Value) -> str:
    content = _content(value)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError("not_text", "a string is not UTF-8") from error
    if len(text) > _LONGEST_TEXT or "\0" in text:
        raise DecodeError("out_of_range", f"a string has NUL or more than {_LONGEST_TEXT} characters")
    return text


def _finite(value: float) -> float | None:
    """Not a number, or one beyond all, is how a node says that it has no value."""
    return value if isfinite(value) else None


def _float(value: Value) -> float | None:
    bits = _integer(value)
    if bits >= 2**32:
        raise DecodeError("wrong_type", "a float has more than 32 bits")
    return _finite(float_of(bits))


_READERS: Final[Mapping[int, Callable[[Value], Raw]]] = {
    _INT: _integer,
    _LONG: _integer,
    _FLOAT: _float,
    _DOUBLE: lambda value: _finite(double_of(_integer(value))),
    _BOOL: lambda value: bool(_integer(value)),
    _STRING: _text,
}
