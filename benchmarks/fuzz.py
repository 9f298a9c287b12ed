"""Mutated messages of every format that we can write, through the pipeline into a real database: each must be accounted for."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer

from benchmarks.report import write_report
from benchmarks.stand import stand
from domain.errors import InvalidInputError
from domain.observations import DeviceStatus, Position, SensorReading
from ingest.decoding import Decoded, Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from store.telemetry_writer import TelemetryWriter
from wire.registry import FORMATS, codec, encoder
from wire.topics import Router

BATCH: Final = 2_000
_INTERESTING: Final = b'0123456789"{}[],:-+eE.\x00\xff\x80'
_COUNTS: Final = """
SELECT (SELECT count(*) FROM position) + (SELECT count(*) FROM sensor_reading) + (SELECT count(*) FROM device_status),
    (SELECT count(*) FROM position WHERE grade = 3), (SELECT coalesce(sum(deliveries), 0)::bigint FROM dead_letter),
    (SELECT count(*) FROM dead_letter WHERE reason IN ('internal_error', 'unstorable'))
"""


def seeds() -> list[Delivery]:
    """One honest message for each format that has an encoder and each kind of reading that it can say."""
    now = datetime.now(UTC)
    readings = (
        Position("van", now, now, 77.5, 12.9, 8.5, 90.0, 900.0, 5.0, 0.9, 9, True, True, True, False, seq=1, boot_id=1),
        Position("van", now, now, 77.5, 12.9, temperature_c=(4.5, None), alarms=("sos", "tow"), odometer_m=1e6, seq=2),
        SensorReading("shelf", now, now, 1500.0, 4.5, 60.0, False, 12, seq=3),
        DeviceStatus("van", now, now, True, "1.2", -70.0, seq=4),
    )
    found = []
    for name in FORMATS:
        for reading in readings:
            try:
                message = encoder(name).encode([reading], "default")
            except InvalidInputError:
                continue  # only read, or not a kind that it can say
            found.append(Delivery(message.topic, message.payload, time.time_ns() // 1000, False, None))
    return found


def mutated(rng: random.Random, honest: Sequence[Delivery]) -> Delivery:
    """One of `honest` with up to forty bytes inserted, removed or replaced."""
    seed = rng.choice(honest)
    payload = bytearray(seed.payload)
    for _ in range(rng.choice([0, 1, 1, 2, 5, 40])):
        action, at = _below(rng, 4), _below(rng, len(payload) + 1)
        if action == 0:
            payload[at:at] = rng.randbytes(1 + _below(rng, 4))
        elif action == 1:
            del payload[at : at + 1 + _below(rng, 8)]
        elif payload:
            payload[at % len(payload)] = _INTERESTING[_below(rng, len(_INTERESTING))] if action == 2 else _below(rng, 256)
    return seed._replace(payload=bytes(payload), retained=rng.random() < 0.05)


def _below(rng: random.Random, limit: int) -> int:
    """A number from 0 to below `limit`: `randrange` would take most of the time of a million messages."""
    return int(rng.random() * limit)


def with_readings(decoded: Decoded) -> set[int]:
    """The numbers of the deliveries that hold a reading."""
    return {*decoded.positions.delivery_nos, *decoded.sensor_readings.delivery_nos, *decoded.statuses.delivery_nos}


def run(database_url: str, messages: int, seed: int) -> dict[str, Any]:
    """Store `messages` mutated messages; what became of them."""
    rng, honest = random.Random(seed), seeds()
    writer = TelemetryWriter(database_url)
    pipeline = Pipeline(
        Decoder(Router(), lambda route: codec(route.format)),
        Registry(writer, adopt=True, default_slug="default"),
        writer,
        Screening(),
    )
    heard = dead = silent = readings = 0
    began = time.monotonic(), time.process_time()
    for size in _batches(messages):
        decoded = pipeline.decoder.decode([mutated(rng, honest) for _ in range(size)])
        dead += len(pipeline.store(decoded))
        heard, silent, readings = heard + len(with_readings(decoded)), silent + decoded.silent, readings + len(decoded)
    writer.close()
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_COUNTS.encode()).fetchone()
    assert row is not None
    stored, quarantined, letters, bugs = row
    return {
        "messages": messages,
        "with_readings": heard,
        "dead_letters": dead,
        "silent": silent,
        "unaccounted": messages - heard - dead - silent,
        "readings": readings,
        "stored": stored,
        "quarantined": quarantined,
        "duplicates": readings - stored,
        "dead_letters_kept": letters,
        "internal_errors": bugs,
        "seconds": round(time.monotonic() - began[0], 1),
        "processor_us": round(1e6 * (time.process_time() - began[1]) / messages, 1),
    }


def _batches(messages: int) -> Iterator[int]:
    for first in range(0, messages, BATCH):
        yield min(BATCH, messages - first)


def main(
    messages: Annotated[int, typer.Option(min=1)] = 1_000_000,
    seed: Annotated[int, typer.Option()] = 1,
    seconds: Annotated[float | None, typer.Option(help="as for the other benchmarks: 10,000 messages for each")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Run, print a table and write the figures; exit 1 if a message is unaccounted for or met a bug."""
    with stand() as standing:
        figures = run(standing.database_url, messages if seconds is None else round(10_000 * seconds), seed)
    write_report("fuzz", figures, json_file)
    if figures["unaccounted"] or figures["internal_errors"] or figures["dead_letters_kept"] != figures["dead_letters"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
