"""Dead letters tried again, after a decoder was corrected or a device registered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.errors import NotFoundError
from ingest.configuration import usable_patterns
from ingest.decoding import Decoder
from ingest.pipeline import Pipeline
from ingest.profiles import DeviceProfiles
from ingest.registry import Registry
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from store.deadletters import KeptLetter
from store.telemetry_writer import TelemetryWriter
from wire.topics import Router

_AT_ONCE: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many letters have become readings, and how many are still dead."""

    redriven: int
    still_dead: int


def redrive(
    database_url: str, *, dead_letter_id: int | None = None, reason: str | None = None, adopt: bool, default_slug: str
) -> Redriven:
    """Try the dead letters of a number or a `reason` again, or all; as if they arrived when they did.

    Safe to interrupt: a letter is marked after its readings are committed. Raises UnavailableError, and NotFoundError for a
    number that is no dead letter's, or no longer.
    """
    writer = TelemetryWriter(database_url)
    router, profiles = Router(), DeviceProfiles()
    registry = Registry(writer, adopt=adopt, default_slug=default_slug)
    pipeline = Pipeline(Decoder(router, profiles.codec, redriving=True), registry, writer, Screening())
    redriven = still_dead = after = 0
    try:
        profiles.replace(writer.profiled_devices())
        router.replace(usable_patterns(writer.topic_patterns()))
        while letters := writer.letters_to_redrive(after, dead_letter_id, reason, _AT_ONCE):
            dead = pipeline.store(pipeline.decoder.decode([_delivery(letter) for letter in letters]))
            done = [letter.dead_letter_id for number, letter in enumerate(letters) if number not in dead]
            writer.mark_redriven(done)
            redriven, still_dead = redriven + len(done), still_dead + len(dead)
            after = letters[-1].dead_letter_id
    finally:
        writer.close()
    if dead_letter_id is not None and not redriven + still_dead:
        raise NotFoundError("dead letter that is still dead", str(dead_letter_id))
    return Redriven(redriven, still_dead)


def _delivery(letter: KeptLetter) -> Delivery:
    received_us = (letter.received_at - _EPOCH) // timedelta(microseconds=1)
    return Delivery(letter.topic, letter.payload, received_us, False, None)
