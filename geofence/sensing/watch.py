"""What is known of one sensor: what it is fitted to, what its rules remember, and its events that are not over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from domain.equipment import Asset, Cooler, Fitted, Shelf
from domain.events import Severity
from geofence.conclusions import Withdrawal
from geofence.journal import Episode, Journal, event_id, rounded
from geofence.parameters import Parameter
from geofence.rows import from_us, to_us
from geofence.sensing.samples import Sample

EVER_US: Final = -(2**62)
Kind = TypeVar("Kind", Shelf, Cooler, Asset)


class Observation(NamedTuple):
    """How many pieces a shelf held at a moment, and how far that can be believed, from 0 to 1."""

    device_id: str
    outlet_id: str
    product: str
    at: datetime
    pieces: int
    confidence: float


@dataclass(slots=True)
class SensorJournal(Journal):
    """A journal that also keeps what shelves were seen to hold, the latest of a moment."""

    observed: dict[tuple[str, datetime], Observation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SensorRule:
    """A rule over the samples of one kind of equipment, or what such rules stand on; the sensors' counterpart of `Rule`.

    `step` is called with every sample, in the order of time. What it must remember goes to `watch.memory[name]` (numbers,
    text, lists, maps) and to open episodes, which are what a checkpoint keeps.
    """

    name: str
    step: Callable[[Watch, Sample], None]
    parameters: tuple[Parameter, ...] = ()


class Watch:
    """One sensor's device. Rules read it and conclude through it."""

    __slots__ = ("_fitted", "episodes", "journal", "key", "last_us", "memory", "now_us", "values")

    def __init__(self, key: str, fitted: Sequence[Fitted], values: Mapping[str, float]) -> None:
        self.key = key
        self._fitted = [(_us(one.valid_from, EVER_US), _us(one.valid_until, -EVER_US), one) for one in fitted]
        self.values = values
        self.now_us = EVER_US
        self.last_us = EVER_US  # the sample before this one
        self.memory: dict[str, Any] = {}
        self.episodes: dict[str, Episode] = {}
        self.journal = SensorJournal()

    def fitted(self, kind: type[Kind]) -> Kind | None:
        """What of a kind the device is fitted to now."""
        for since_us, until_us, one in self._fitted:
            if isinstance(one, kind) and since_us <= self.now_us < until_us:
                return one
        return None

    def remembered(self, rule: str, **blank: Any) -> dict[str, Any]:
        """The rule's memory; `blank` is what it begins with."""
        kept: dict[str, Any] = self.memory.setdefault(rule, blank)
        return kept

    def parameter(self, name: str) -> float:
        """The value of `rule.threshold` that holds here."""
        return self.values[name]

    def span_us(self, name: str) -> int:
        """A parameter in seconds as microseconds."""
        return round(self.values[name] * 1e6)

    def open(
        self,
        rule: str,
        started_us: int,
        severity: Severity,
        *,
        confidence: float = 1.0,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin an event of a rule, unless one goes on."""
        if rule in self.episodes:
            return
        name = event_id(rule, self.key, None, "", started_us)
        episode = Episode(name, rule, severity, None, None, started_us, self.now_us, confidence, rounded(facts or {}))
        self.episodes[rule] = episode
        self.journal.note(self.key, episode, None)

    def change(self, rule: str, severity: Severity | None = None, **facts: Any) -> None:
        """Give a running event new facts or another severity."""
        episode = self.episodes.get(rule)
        if episode is None:
            return
        episode.severity = severity or episode.severity
        episode.facts = {**episode.facts, **rounded(facts)}
        self.journal.note(self.key, episode, None)

    def close(self, rule: str, ended_us: int, **facts: Any) -> None:
        """End a running event; nothing happens when there is none."""
        episode = self.episodes.pop(rule, None)
        if episode is None:
            return
        episode.facts = {**episode.facts, **rounded(facts)}
        self.journal.note(self.key, episode, max(ended_us, episode.started_us))

    def tell(
        self,
        rule: str,
        started_us: int,
        ended_us: int,
        severity: Severity,
        *,
        confidence: float = 1.0,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """An event that is over when it is told."""
        if rule not in self.episodes:
            self.open(rule, started_us, severity, confidence=confidence, facts=facts)
            self.close(rule, ended_us)

    def withdraw(self, rule: str, reason: str) -> None:
        """A running event was wrong after all."""
        episode = self.episodes.pop(rule, None)
        if episode is not None:
            episode.facts = {**episode.facts, "withdrawn": reason}
            self.journal.note(self.key, episode, max(self.now_us, episode.started_us))
            self.journal.withdrawn[episode.event_id] = Withdrawal(episode.event_id, from_us(self.now_us), reason)

    def observe(self, shelf: Shelf, at_us: int, pieces: int, confidence: float) -> None:
        """Say how many pieces the shelf held."""
        at = from_us(at_us)
        seen = Observation(self.key, shelf.outlet_id, shelf.product, at, pieces, round(confidence, 3))
        self.journal.observed[self.key, at] = seen


def _us(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else to_us(moment)
