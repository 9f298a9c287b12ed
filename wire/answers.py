"""What a device answers on its `ack` topic to a command or a configuration: JSON, or CBOR with integer keys."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Final, NamedTuple

import cbor2
import msgspec
from msgspec import Meta

from domain.errors import DecodeError
from wire.codec import refuse_oversize
from wire.json_payload import Word, decode_json

_ID: Final = 44
_ACCEPTED: Final = 61
_REASON: Final = 62


class Answer(NamedTuple):
    """`message_id` is the `id` of what is answered."""

    message_id: str
    accepted: bool
    reason: str | None


class _Json(msgspec.Struct):
    id: Annotated[str, Meta(max_length=40)]
    accepted: bool
    reason: Word | None = None


_JSON: Final = msgspec.json.Decoder(_Json)


def decode_answer(payload: bytes) -> Answer:
    """The answer in a payload. Raises only DecodeError."""
    if payload.lstrip()[:1] == b"{":
        said = decode_json(_JSON, payload)
        return Answer(said.id, said.accepted, said.reason or None)
    refuse_oversize(payload)
    try:
        content = cbor2.load(BytesIO(payload))
    except Exception as error:  # cbor2 lets many kinds through for malformed input
        raise DecodeError("not_cbor", str(error)) from error
    if not isinstance(content, dict):
        raise DecodeError("wrong_type", "an answer is a map")
    message_id, accepted, reason = content.get(_ID), content.get(_ACCEPTED), content.get(_REASON)
    if not isinstance(message_id, str) or not isinstance(accepted, bool) or not isinstance(reason, str | None):
        raise DecodeError("missing_field", "an answer has the text 44, the boolean 61 and perhaps the text 62")
    return Answer(message_id[:40], accepted, reason or None)
