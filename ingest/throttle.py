"""A limit on how much one topic may say in a second. What exceeds it waits its turn; nothing is dropped. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.sources.delivery import Delivery

_REMEMBERED: Final = 1 << 16


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_us: int


class Throttle:
    """A token bucket for each topic: `rate_per_s` messages a second, `burst` at once.

    At most `most_held` messages wait; beyond that the oldest go through, so that one that floods cannot fill the window in
    which everybody's messages reach us.
    """

    def __init__(self, rate_per_s: float, burst: float, most_held: int) -> None:
        self._rate_per_us = rate_per_s / 1e6
        self._burst = burst
        self._most_held = most_held
        self._buckets: dict[str, _Bucket] = {}
        self._held: dict[str, deque[Delivery]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Messages that wait."""
        return self._count

    def admit(self, deliveries: Sequence[Delivery], now_us: int) -> list[Delivery]:
        """Those of the waiting and of `deliveries` that may pass at `now_us`; each topic's in the order they came.

        `now_us` is of a clock that never goes back.
        """
        for delivery in deliveries:
            self._held.setdefault(delivery.topic, deque()).append(delivery)
        self._count += len(deliveries)
        passing: list[Delivery] = []
        for topic in list(self._held):
            self._release(topic, now_us, passing)
        self._release_excess(passing)
        if len(self._buckets) > _REMEMBERED:
            self._buckets = {topic: self._buckets[topic] for topic in self._held}
        return passing

    def _release(self, topic: str, now_us: int, passing: list[Delivery]) -> None:
        bucket = self._buckets.setdefault(topic, _Bucket(self._burst, now_us))
        bucket.tokens = min(self._burst, bucket.tokens + (now_us - bucket.filled_us) * self._rate_per_us)
        bucket.filled_us = now_us
        waiting = self._held[topic]
        while waiting and bucket.tokens >= 1:
            bucket.tokens -= 1
            passing.append(waiting.popleft())
            self._count -= 1
        if not waiting:
            del self._held[topic]

    def _release_excess(self, passing: list[Delivery]) -> None:
        while self._count > self._most_held:
            topic = min(self._held, key=lambda name: self._held[name][0].received_us)
            passing.append(self._held[topic].popleft())
            self._count -= 1
            if not self._held[topic]:
                del self._held[topic]
