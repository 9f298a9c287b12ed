"""What a device of ours answers to a command, a configuration or a piece of an image, on its `ack` channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.errors import DecodeError
from wire.cbor_payload import load_cbor
from wire.json_payload import Counter, Moment, Word, decode_json, moment, refusal

_KEYS: Final = {
    1: "boot_id",
    3: "time",
    43: "version",
    44: "id",
    60: "regarding",
    61: "accepted",
    62: "reason",
    63: "offset",
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An answer; `message_id` is that of the message answered, `reason` says why it was not accepted."""

    accepted: bool
    regarding: str | None = None  # cmd, cfg or ota
    message_id: str | None = None
    reason: str | None = None
    version: str | None = None  # of the configuration that now holds
    offset: int | None = None  # of the piece of an image
    boot_id: int | None = None
    at: datetime | None = None


class _Answer(msgspec.Struct):
    accepted: bool
    regarding: Word | None = None
    id: Word | None = None
    reason: Word | None = None
    version: Word | None = None
    offset: Counter | None = None
    boot_id: Counter | None = None
    time: Moment | None = None


_DECODER: Final = msgspec.json.Decoder(_Answer)


def decode_acknowledgement(payload: bytes) -> Acknowledgement:
    """The answer in a JSON or CBOR payload; `DecodeError` if it is none."""
    answer = decode_json(_DECODER, payload) if payload.lstrip()[:1] == b"{" else _from_cbor(load_cbor(payload))
    return Acknowledgement(
        accepted=answer.accepted,
        regarding=answer.regarding,
        message_id=answer.id,
        reason=answer.reason or None,
        version=answer.version,
        offset=answer.offset,
        boot_id=answer.boot_id,
        at=moment(answer.time),
    )


def _from_cbor(content: Any) -> _Answer:
    if not isinstance(content, Mapping):
        raise DecodeError("wrong_type", "an acknowledgement must be a map")
    named = {_KEYS[key]: value for key, value in content.items() if isinstance(key, int) and key in _KEYS}
    try:
        return msgspec.convert(named, _Answer, strict=True)
    except msgspec.ValidationError as error:
        raise refusal(error) from error
