"""SenML as JSON (RFC 8428, section 5): an array of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.observations import Reading
from wire.codec import Codec, Encoder, Message, Profiles
from wire.json_payload import decode_json
from wire.senml import SenmlProfile, pack_readings, written_pack

_DECODER: Final = msgspec.json.Decoder(list[dict[str, Any]])


class SenmlJson(Codec, Encoder):
    """Measurements, and positions where a pack tells latitude and longitude."""

    batches = True
    times_relative_to_receipt = True

    def __init__(self, profiles: Profiles[SenmlProfile] | None = None) -> None:
        super().__init__()
        self._profiles = profiles or Profiles(SenmlProfile())

    def decode(self, topic: str, payload: bytes, received_at: datetime, device: str = "") -> list[Reading]:
        """The readings of one pack."""
        pack = decode_json(_DECODER, payload)
        return pack_readings(pack, self._profiles.of(device), device, received_at)

    def encode(self, readings: Sequence[Reading], tenant: str) -> Message:
        """One pack of measurements."""
        return Message(f"senml/{readings[0].device}", msgspec.json.encode(written_pack(readings)))
