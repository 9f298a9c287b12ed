"""How much one caller may ask: a bucket of tokens each, which fills again at a steady rate.

The buckets are this process's own: with several processes behind a balancer a caller has as many times the rate.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from domain.errors import TooManyRequestsError

_REMEMBERED: Final = 10_000
"""So many callers have a bucket; who has not asked for longest begins with a full one again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second in the long run, and how many at once. A rate of 0 is no limit."""

    per_s: float
    burst: int


NO_LIMIT: Final = Rate(0.0, 0)


class Limits:
    """The buckets of all callers. `clock` counts seconds and never goes back."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller -> tokens at a moment
        self._lock = threading.Lock()

    def take(self, caller: str, cost: float = 1.0) -> None:
        """Take from the caller's bucket. Raises TooManyRequestsError, saying when there is enough again."""
        if self._rate.per_s <= 0:
            return
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.pop(caller, (float(self._rate.burst), now))
            tokens = min(float(self._rate.burst), tokens + (now - since) * self._rate.per_s)
            wait_s = (cost - tokens) / self._rate.per_s
            self._buckets[caller] = (tokens if wait_s > 0 else tokens - cost, now)
            while len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        if wait_s > 0:
            raise TooManyRequestsError(wait_s)
