"""What ingest counts, for Prometheus."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import numpy as np
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import SummaryMetricFamily
from prometheus_client.registry import Collector

_RECENT: Final = 20_000
_QUANTILES: Final = (0.5, 0.95, 0.99)

RECEIVED: Final = Counter("beatwatch_ingest_received", "Messages taken from the broker")
DECODED: Final = Counter("beatwatch_ingest_decoded", "Readings decoded from messages", ["kind"])
DEAD: Final = Counter("beatwatch_ingest_dead_letters", "Messages kept as dead letters", ["reason"])
STORED: Final = Counter("beatwatch_ingest_stored", "Readings stored, quarantined ones among them")
QUARANTINED: Final = Counter("beatwatch_ingest_quarantined", "Readings stored but kept from judgement")
DUPLICATE: Final = Counter("beatwatch_ingest_duplicate", "Readings that were stored already")
SILENT: Final = Counter("beatwatch_ingest_silent", "Messages that are well-formed and hold no reading")
WARNINGS: Final = Counter(
    "beatwatch_ingest_warnings", "What was amiss in messages that were read all the same", ["format", "reason"]
)
ACKNOWLEDGED: Final = Counter("beatwatch_ingest_acknowledged", "Messages committed and acknowledged")
RETRIES: Final = Counter("beatwatch_ingest_retries", "Attempts to store a batch that failed because the database was away")
RECONNECTS: Final = Counter("beatwatch_ingest_connections", "Connections made to the broker")
HELD: Final = Gauge("beatwatch_ingest_held", "Messages that wait because their device says too much")
QUEUE_DEPTH: Final = Gauge("beatwatch_ingest_queue_depth", "Messages received and not yet taken up")
QUEUE_BYTES: Final = Gauge("beatwatch_ingest_queue_bytes", "Bytes of payload received and not yet taken up")
BATCH_SIZE: Final = Histogram(
    "beatwatch_ingest_batch_messages", "Messages in a batch", buckets=(1, 10, 100, 500, 1000, 2000, 5000, 10000)
)
STORE_S: Final = Histogram(
    "beatwatch_ingest_store_seconds", "Time to store a batch", buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30)
)


class LagQuantiles(Collector):
    """Seconds from receipt to commit of recent messages, as quantiles."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._count = 0
        self._sum_s = 0.0

    def observe(self, lags_s: Iterable[float]) -> None:
        """Note the lags of a committed batch."""
        lags = list(lags_s)
        self._recent.extend(lags)
        self._count += len(lags)
        self._sum_s += sum(lags)

    def collect(self) -> Iterable[SummaryMetricFamily]:
        """The family to expose."""
        family = SummaryMetricFamily("beatwatch_ingest_lag_seconds", "From receipt to commit, of recent messages")
        recent = np.array(self._recent)
        family.add_metric([], self._count, self._sum_s)
        for quantile in _QUANTILES:
            value = float(np.quantile(recent, quantile)) if len(recent) else float("nan")
            family.add_sample("beatwatch_ingest_lag_seconds", {"quantile": str(quantile)}, value)
        yield family


LAG: Final = LagQuantiles()
REGISTRY.register(LAG)
