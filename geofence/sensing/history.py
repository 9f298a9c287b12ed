"""Judging a whole set of samples at once, or as they would have arrived: the same conclusions either way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np

from domain.events import Event
from geofence.conclusions import Fault
from geofence.rows import MISSING_US
from geofence.sensing.engine import Sensed, SensorEngine
from geofence.sensing.samples import SAMPLE, Samples, in_order, sound_samples
from geofence.sensing.watch import Observation

_STEP_US: Final = 60 * 1_000_000
_CHECKPOINT_US: Final = 3600 * 1_000_000
_KEY: Final = ["device", "at_us", "source", "seq"]


@dataclass(slots=True)
class SensorJudgement:
    """The final events of a set of samples, and what shelves were seen to hold."""

    events: dict[str, Event] = field(default_factory=dict)
    observed: dict[tuple[str, datetime], Observation] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, sensed: Sensed) -> None:
        """The latest form of each conclusion, without those withdrawn."""
        self.events |= {event.event_id: event for event in sensed.conclusions.events}
        for withdrawal in sensed.conclusions.withdrawn:
            self.events.pop(withdrawal.event_id, None)
        self.observed |= sensed.observed
        self.faults.extend(sensed.conclusions.faults)

    def copy(self) -> SensorJudgement:
        """As it stands."""
        return SensorJudgement(dict(self.events), dict(self.observed), list(self.faults))


def judge_samples(engine: SensorEngine, samples: Samples) -> SensorJudgement:
    """Judge samples in any order, repeated or not, by an engine that knows nothing yet."""
    judgement = SensorJudgement()
    judgement.take(engine.advance(sound_samples(samples)))
    return judgement


@dataclass(slots=True)
class _Story:
    """One device: its samples so far, what stands concluded, and (frontier, state, conclusions) at earlier moments."""

    samples: Samples = field(default_factory=lambda: np.empty(0, SAMPLE))
    judged: SensorJudgement = field(default_factory=SensorJudgement)
    points: list[tuple[int, bytes | None, SensorJudgement]] = field(
        default_factory=lambda: [(-(2**62), None, SensorJudgement())]
    )


class SensorReplay:
    """Feeds an engine with samples in the order of their arrival; late ones take their device back to before them."""

    def __init__(self, engine: SensorEngine) -> None:
        self._engine = engine
        self._stories: dict[int, _Story] = {}
        self.rebuilds = 0

    def run(self, samples: Samples) -> SensorJudgement:
        """Take all samples, a minute of arrivals at a time."""
        sound = sound_samples(samples)
        arrived = np.where(sound["received_us"] == MISSING_US, sound["at_us"], sound["received_us"])
        order = np.argsort(arrived, kind="stable")
        sound, arrived, low = sound[order], arrived[order], 0
        while low < len(sound):
            high = int(np.searchsorted(arrived, arrived[low] + _STEP_US, side="right"))
            self.take(sound[low:high])
            low = high
        return self.judgement()

    def take(self, batch: Samples) -> None:
        """Samples that arrived together, in any order."""
        ordered = in_order(batch)
        starts = [*np.flatnonzero(np.diff(ordered["device"], prepend=-1)).tolist(), len(ordered)]
        for low, high in pairwise(starts):
            self._take_device(int(ordered[low]["device"]), ordered[low:high])

    def judgement(self) -> SensorJudgement:
        """What stands by now."""
        result = SensorJudgement()
        for story in self._stories.values():
            result.events |= story.judged.events
            result.observed |= story.judged.observed
            result.faults += story.judged.faults
        return result

    def _take_device(self, device: int, batch: Samples) -> None:
        story = self._stories.setdefault(device, _Story())
        fresh = batch[~np.isin(batch[_KEY], story.samples[_KEY])]
        if not len(fresh) or not self._engine.judges(device):
            return
        story.samples = in_order(np.concatenate((story.samples, fresh)))
        frontier_us, since_us = self._engine.frontier_us(device), int(fresh["at_us"].min())
        if frontier_us is not None and since_us <= frontier_us:
            fresh = self._go_back(device, story, since_us)
        story.judged.take(self._engine.advance(fresh))
        frontier_us = self._engine.frontier_us(device) or 0
        if frontier_us - story.points[-1][0] >= _CHECKPOINT_US:
            story.points.append((frontier_us, self._engine.checkpoint(device), story.judged.copy()))

    def _go_back(self, device: int, story: _Story, since_us: int) -> Samples:
        """Put the device back to before a moment -> the samples since then."""
        self.rebuilds += 1
        while story.points[-1][0] >= since_us:
            story.points.pop()
        frontier_us, checkpoint, judged = story.points[-1]
        self._engine.restore(device, checkpoint)
        story.judged = judged.copy()
        return story.samples[story.samples["at_us"] > frontier_us]
