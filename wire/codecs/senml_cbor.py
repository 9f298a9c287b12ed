"""SenML as CBOR (RFC 8428, section 6): an array of maps whose labels are integers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import cbor2

from domain.errors import DecodeError
from domain.observations import Reading
from wire.cbor_payload import load_cbor
from wire.codec import Codec, Encoder, Message, Profiles, refuse_too_many
from wire.senml import SenmlProfile, pack_readings, written_pack

_LABELS: Final = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
_NUMBERS: Final = {label: number for number, label in _LABELS.items()}


class SenmlCbor(Codec, Encoder):
    """The same packs as in JSON, shorter."""

    batches = True
    times_relative_to_receipt = True

    def __init__(self, profiles: Profiles[SenmlProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(SenmlProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one pack."""
        content = load_cbor(payload, decimals=True)  # which RFC 8428 allows for numbers
        if not isinstance(content, list):
            raise DecodeError("wrong_type", f"a pack must be an array and is {type(content).__name__}")
        refuse_too_many(content)
        return pack_readings([_named(item) for item in content], self._profiles.of(device), device, received_at)

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One pack of measurements."""
        pack = [{_NUMBERS[label]: value for label, value in record.items()} for record in written_pack(readings)]
        return Message(f"senml/{readings[0].device}", cbor2.dumps(pack))


def _named(item: Any) -> dict[str, Any]:
    """The record with its labels as in JSON; labels of extensions are text in both."""
    if not isinstance(item, dict):
        raise DecodeError("wrong_type", f"a record must be a map and is {type(item).__name__}")
    labels = (label if isinstance(label, str) else _LABELS.get(label, "") for label in item)
    return dict(zip(labels, item.values(), strict=True))
