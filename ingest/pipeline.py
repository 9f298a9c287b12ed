"""The whole way of a batch: decode -> resolve devices -> screen -> one transaction. Acknowledging is the caller's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from domain.errors import InvalidInputError
from ingest import metrics
from ingest.columns import days_of, to_batch
from ingest.decoding import Decoded, Decoder
from ingest.redelivery import as_first_received, receipts
from ingest.registry import Registry
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from store.devices import Identity, KnownDevice
from store.telemetry import StoredBatch
from store.telemetry_writer import TelemetryWriter

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stores what was decoded; safe to call again with the same when the database was away.

    `client_id` names the session at the broker that deliveries come by.
    """

    decoder: Decoder
    registry: Registry
    writer: TelemetryWriter
    screening: Screening
    client_id: str = ""

    def recall(self, deliveries: list[Delivery]) -> list[Delivery]:
        """`deliveries`, those that come again as received when they first were. To be called when all before is stored.

        Raises UnavailableError.
        """
        return as_first_received(deliveries, self.client_id, self.writer)

    def store(self, decoded: Decoded) -> set[int]:
        """Commit every reading and dead letter of `decoded`; the numbers of the deliveries that became dead letters.

        Raises UnavailableError; calling again then doubles nothing.
        """
        devices = self.registry.resolve(decoded.senders())
        known = self._without_strangers(decoded, devices)
        try:
            self._commit(known, devices)
        except InvalidInputError as error:
            return self._store_halves(known, devices, error)
        return set(known.letters)

    def _without_strangers(self, decoded: Decoded, devices: Mapping[Identity, KnownDevice]) -> Decoded:
        strangers = decoded.senders() - devices.keys()
        if not strangers:
            return decoded
        known = decoded.kept(lambda sender, _: sender in devices)
        for heard in (decoded.positions, decoded.sensor_readings, decoded.statuses):
            for sender, number in zip(heard.senders, heard.delivery_nos, strict=True):
                if sender in strangers:
                    detail = f"no device {sender.external_id!r} is registered" + (
                        f" in {sender.tenant!r}" if sender.tenant else ""
                    )
                    known.letters[number] = self.decoder.letter(decoded.deliveries[number], "unknown_device", detail)
        return known

    def _commit(self, decoded: Decoded, devices: Mapping[Identity, KnownDevice]) -> None:
        batch = to_batch(decoded, devices, self.screening)
        remembered = self.client_id, receipts(decoded)
        started = time.perf_counter()
        stored = self.writer.store(batch, list(decoded.letters.values()), days_of(batch), decoded.answers, remembered)
        metrics.STORE_S.observe(time.perf_counter() - started)
        _count(decoded, stored)

    def _store_halves(self, decoded: Decoded, devices: Mapping[Identity, KnownDevice], error: InvalidInputError) -> set[int]:
        """The database refuses some value: find the message that holds it and keep that one as a dead letter."""
        numbers = sorted(
            {*decoded.positions.delivery_nos, *decoded.sensor_readings.delivery_nos, *decoded.statuses.delivery_nos}
        )
        if len(numbers) <= 1:
            refused = Decoded(decoded.deliveries, letters=dict(decoded.letters))
            for number in numbers:
                refused.letters[number] = self.decoder.letter(decoded.deliveries[number], "unstorable", error.detail)
            _log.error("the database refuses a message", error=str(error))
            self._commit(refused, devices)
            return set(refused.letters)
        middle = numbers[len(numbers) // 2]
        first = decoded.kept(lambda _, number: number < middle)
        second = decoded.kept(lambda _, number: number >= middle)
        second.letters.clear()
        dead: set[int] = set()
        for half in (first, second):
            try:
                self._commit(half, devices)
                dead |= half.letters.keys()
            except InvalidInputError as again:
                dead |= self._store_halves(half, devices, again)
        return dead


def _count(decoded: Decoded, stored: StoredBatch) -> None:
    metrics.SILENT.inc(decoded.silent)
    metrics.DECODED.labels("position").inc(len(decoded.positions.readings))
    metrics.DECODED.labels("sensor").inc(len(decoded.sensor_readings.readings))
    metrics.DECODED.labels("status").inc(len(decoded.statuses.readings))
    for letter in decoded.letters.values():
        metrics.DEAD.labels(letter.reason).inc()
    metrics.STORED.inc(stored.stored)
    metrics.QUARANTINED.inc(stored.quarantined)
    metrics.DUPLICATE.inc(stored.duplicates)
