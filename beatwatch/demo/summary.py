"""The last line of the demonstration: what was published against what is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from beatwatch.demo.performance import Tally
from store.census import count_everything, stored_readings
from store.pool import Pool


@dataclass(frozen=True, slots=True)
class Summary:
    """Readings the broker acknowledged, rows stored for those devices, and what came of them."""

    published: int
    stored: int
    lost: int
    duplicates: int
    dead_letters: int
    events: int
    alerts: int
    ingest_lag_p95_ms: float | None

    @property
    def is_flawless(self) -> bool:
        """Nothing lost and nothing doubled."""
        return self.lost == 0 and self.duplicates == 0


def summarise(pool: Pool, tally: Tally) -> Summary:
    """Compare, reading by reading, what the broker acknowledged with the rows of those devices."""
    with pool.connection() as connection:
        stored = Counter(stored_readings(connection, {device for device, _, _ in tally.readings}))
        counts = count_everything(connection)
    lag_ms = counts.ingest_lag_p95_ms
    return Summary(
        published=len(tally.readings),
        stored=stored.total(),
        lost=len(tally.readings - stored.keys()),
        duplicates=stored.total() - len(stored),
        dead_letters=counts.dead_letters,
        events=counts.events,
        alerts=counts.alerts,
        ingest_lag_p95_ms=None if lag_ms is None else round(lag_ms, 1),
    )
