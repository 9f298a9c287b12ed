"""The ingest service: takes messages, stores them, and only then lets the broker forget them."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog

from domain.errors import UnavailableError
from ingest import metrics
from ingest.configuration import Configuration
from ingest.decoding import Decoded, Decoder
from ingest.downlink import serve_downlink
from ingest.pipeline import Pipeline
from ingest.profiles import DeviceProfiles
from ingest.registry import Registry
from ingest.screening import Screening
from ingest.sources.delivery import Delivery
from ingest.sources.mqtt import MqttLimits, MqttSource
from ingest.throttle import Throttle
from ingest.upkeep import keep_up
from store.telemetry_writer import TelemetryWriter
from wire.topics import Router

_log = structlog.get_logger()
_BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_IDLE_S: Final = 0.5
_HELD_S: Final = 0.05
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How ingest works; the defaults suit one machine."""

    client_id: str = "beatwatch-ingest"  # names the session at the broker: keep it, and keep it apart from other workers'
    adopt_unknown: bool = True
    default_organisation: str = "default"
    max_batch: int = 5_000  # messages in a transaction
    linger_s: float = 0.02  # how long a batch that is not full waits for more
    limits: MqttLimits = field(default_factory=MqttLimits)
    screening: Screening = field(default_factory=Screening)
    device_rate_per_s: float = 0.0  # messages of one topic; more wait their turn. 0: no limit
    device_burst: float = 100.0
    retention_days: int = 0  # 0: kept for ever
    ca_file: str | None = None  # certificate authority of an mqtts broker


def run(
    database_url: str,
    mqtt_url: str,
    stop: threading.Event,
    options: IngestOptions | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until `stop` is set; then store and acknowledge what was received, and return.

    `on_ready` is called once broker and database have both answered. Neither has to be there at the start or stay there.
    """
    options = options or IngestOptions()
    _spare_the_collector()
    router, profiles = Router(), DeviceProfiles()
    source = MqttSource(mqtt_url, options.client_id, limits=options.limits, ca_file=options.ca_file)
    configuration = Configuration(router, profiles, source)
    writer = TelemetryWriter(database_url)
    registry = Registry(writer, adopt=options.adopt_unknown, default_slug=options.default_organisation)
    pipeline = Pipeline(Decoder(router, profiles.codec), registry, writer, options.screening, options.client_id)
    source.start()
    for name, task, arguments in (
        ("configuration", configuration.follow, (database_url, stop)),
        ("downlink", serve_downlink, (database_url, source, stop)),
        ("upkeep", keep_up, (database_url, options.retention_days, stop)),
    ):
        threading.Thread(target=task, args=arguments, name=name, daemon=True).start()
    try:
        if _announce(source, configuration, stop, on_ready):
            _serve(source, pipeline, stop, options)
    finally:
        source.close()
        writer.close()
    _log.info("ingest has drained")


def _spare_the_collector() -> None:
    """Look for cycles seldom: a batch makes tens of thousands of objects, none in a cycle, and lets go of all of them."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _announce(source: MqttSource, configuration: Configuration, stop: threading.Event, on_ready: Callable[[], None]) -> bool:
    """Wait for database and broker, and say when both are there; False if we are to stop before."""
    for answered in (configuration.loaded, source.subscribed):
        while not answered.wait(0.1):
            if stop.is_set():
                return False
    on_ready()
    _log.info("ingest is ready")
    return True


def _serve(source: MqttSource, pipeline: Pipeline, stop: threading.Event, options: IngestOptions) -> None:
    throttle = _throttle(options)
    while True:
        draining = stop.is_set()
        if draining:
            source.stop_reading()
        deliveries = _take(source, options, wait_s=0.0 if draining else (_HELD_S if throttle else _IDLE_S))
        metrics.RECEIVED.inc(len(deliveries))
        if throttle is not None:
            # Who is told to stop leaves what still waits its turn with the broker.
            deliveries = throttle.admit(deliveries, time.monotonic_ns() // 1000)
            metrics.HELD.set(len(throttle))
        if not deliveries:
            if draining:
                return
            continue
        metrics.BATCH_SIZE.observe(len(deliveries))
        metrics.QUEUE_DEPTH.set(len(source))
        metrics.QUEUE_BYTES.set(source.waiting_bytes)
        recalled = _insist(partial(pipeline.recall, deliveries), stop)
        if recalled is None:
            return
        decoded = pipeline.decoder.decode(recalled)
        if _insist(partial(pipeline.store, decoded), stop) is None:
            return
        _finish(source, pipeline, decoded)


def _throttle(options: IngestOptions) -> Throttle | None:
    if options.device_rate_per_s <= 0:
        return None
    return Throttle(options.device_rate_per_s, options.device_burst, options.limits.receive_maximum // 2)


def _take(source: MqttSource, options: IngestOptions, wait_s: float) -> list[Delivery]:
    deliveries = source.take(options.max_batch, wait_s)
    if deliveries and wait_s and len(deliveries) < options.max_batch:
        time.sleep(options.linger_s)
        deliveries += source.take(options.max_batch - len(deliveries), 0.0)
    return deliveries


def _insist(attempt: Callable[[], T], stop: threading.Event) -> T | None:
    """Try until the database answers; None if we are to stop while it is away: the broker keeps what we hold."""
    failures = 0
    while True:
        try:
            return attempt()
        except UnavailableError as error:
            metrics.RETRIES.inc()
            _log.warning("the database is away, holding on", reason=str(error))
            if stop.wait(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]):
                return None
            failures += 1


def _finish(source: MqttSource, pipeline: Pipeline, decoded: Decoded) -> None:
    source.acknowledge(decoded.deliveries)
    metrics.ACKNOWLEDGED.inc(len(decoded.deliveries))
    now_us = time.time_ns() // 1000
    metrics.LAG.observe((now_us - delivery.received_us) / 1e6 for delivery in decoded.deliveries)
    for (format_name, reason), count in pipeline.decoder.take_warnings().items():
        metrics.WARNINGS.labels(format_name, reason).inc(count)
    for reply in pipeline.decoder.replies():
        source.send(reply.topic, reply.payload)
