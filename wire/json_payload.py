"""JSON payloads decoded to types, every way of failing turned into one `DecodeError` with a stable reason."""

from __future__ import annotations

from codecs import BOM_UTF8
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from domain.errors import DecodeError
from wire.codec import check_size
from wire.instants import from_unix_ms, parse_instant

T = TypeVar("T")

Degrees = Annotated[float, Meta(ge=-214.7483647, le=214.7483647)]
"""An angle that fits 32 bits of 1e-7 degree. One beyond the globe is kept: screening marks it."""
Quantity = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A measured value; anything beyond is a broken sender rather than a measurement."""
Counter = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer of 64 bits."""
Small = Annotated[int, Meta(ge=-(2**15), le=2**15 - 1)]
"""An integer of 16 bits."""
Word = Annotated[str, Meta(max_length=200, pattern=r"\A[^\x00]*\Z")]
"""Short text without NUL, which a database cannot hold."""
Moment = str | int
"""ISO 8601 with a zone, or whole Unix milliseconds."""

_REASONS: Final = (
    ("missing required", "missing_field"),
    ("` <= ", "out_of_range"),
    ("` >= ", "out_of_range"),
    ("out of range", "out_of_range"),
    ("of length", "out_of_range"),
)


def decode_json(decoder: msgspec.json.Decoder[T], payload: bytes, *, numbers_as_text: bool = False) -> T:
    """The typed content of a payload; `DecodeError` if it is empty, too large, no JSON, or JSON of another shape.

    A whole number may be written as 8, 8.0 or 8e0: JSON makes no difference, and many a language writes the second.
    With `numbers_as_text`, numbers, true and false may also come as text.
    """
    check_size(payload)
    payload = payload.removeprefix(BOM_UTF8).rstrip(b"\0")  # RFC 8259 lets us pass over the first; C programs send the other
    try:
        try:
            return decoder.decode(payload)
        except msgspec.ValidationError as error:
            if "got `float`" not in str(error) and not numbers_as_text:
                raise
            content = _with_whole_numbers(msgspec.json.decode(payload))
            return msgspec.convert(content, decoder.type, strict=not numbers_as_text)
    except msgspec.ValidationError as error:
        raise refusal(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError("not_json", str(error)) from error


def _with_whole_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, dict):
        return {key: _with_whole_numbers(inner) for key, inner in value.items()}
    return [_with_whole_numbers(inner) for inner in value] if isinstance(value, list) else value


def refusal(error: msgspec.ValidationError) -> DecodeError:
    """The error for content of another shape than its type."""
    text = str(error)
    return DecodeError(next((reason for sign, reason in _REASONS if sign in text), "wrong_type"), text)


def moment(value: str | int | None) -> datetime | None:
    """The UTC moment of a `Moment`; `DecodeError` if it names none."""
    if value is None:
        return None
    try:
        return parse_instant(value) if isinstance(value, str) else from_unix_ms(value)
    except ValueError as error:
        raise DecodeError("bad_time", str(error)) from error
