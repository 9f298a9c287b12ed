"""CBOR payloads as plain values: maps, arrays, text, bytes, numbers, booleans and null; no tags, no cycles, no depth."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final, NoReturn

import cbor2

from domain.errors import DecodeError
from wire.codec import check_size

_MAX_DEPTH: Final = 8


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("tags are not part of any format that is read")


_NO_TAGS: Final = dict.fromkeys(
    (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000), _refuse_tag
)
"""Every tag that the library would act upon, some of them (patterns, huge decimals, cycles) at a cost the sender chooses."""


def _decimal(value: Any, _: bool) -> float:
    """A decimal fraction, `[exponent, mantissa]`; numbers of more than 64 bits are of a tag that is refused."""
    exponent, mantissa = value
    if type(exponent) is not int or type(mantissa) is not int:
        raise ValueError("a decimal fraction is made of two integers")
    return float(f"{mantissa}e{exponent}")


def load_cbor(payload: bytes, *, decimals: bool = False) -> Any:
    """The one value of a payload; `DecodeError` if it is too large, cut, followed by something or beyond the subset.

    With `decimals`, a number may also be a decimal fraction (tag 4, RFC 8949, section 3.4.4). Unknown tags, simple values and
    `undefined` come through as objects of the library, which no format's types accept.
    """
    check_size(payload)
    file = BytesIO(payload)
    tags = _NO_TAGS | {4: _decimal} if decimals else _NO_TAGS
    decoder = cbor2.CBORDecoder(file, max_depth=_MAX_DEPTH, allow_duplicate_keys=False, semantic_decoders=tags)
    try:
        value = decoder.decode()
    except cbor2.CBORDecodeEOF as error:
        raise DecodeError("truncated", str(error)) from error
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise DecodeError("not_cbor", str(error)) from error
    if file.tell() != len(payload):
        raise DecodeError("trailing_bytes", f"{len(payload) - file.tell()} bytes follow the value")
    return value
