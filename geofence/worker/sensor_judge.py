"""The sensors' engine of one organisation: late samples and changed fittings replay a sensor from its checkpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from domain.errors import InvalidInputError
from geofence.parameters import Parameters
from geofence.rows import from_us, to_us
from geofence.rulebook import SENSOR_RULES
from geofence.sensing.engine import Sensed, SensorEngine, SensorWorld
from geofence.sensing.samples import SAMPLE, Samples
from geofence.worker.corrections import Produced, correct
from geofence.worker.rebuild import BEGINNING, END
from store import sensing
from store.conclusions import (
    Checkpoint,
    Judged,
    Past,
    past_since,
    put_events,
    supersede_events,
    tell_concluded,
    withdraw_events,
)
from store.pool import Connection
from store.sensing import Seen

CHECKPOINT_EVERY_US: Final = 7_200_000_000
_SPREAD_US: Final = 7_919_000_000  # a prime, so that devices do not all save at the same moment
BOOKS: Final = timedelta(days=45)
"""For how long before a sample the books of its shelf are kept at hand: longer than any reading may be late."""
NEWS_US: Final = 36 * 3_600_000_000
"""What the books bring to light is news for so long: often they are closed on the morning after."""
_EARLIEST: Final = BEGINNING + BOOKS
_RULES: Final = tuple(rule.name for rule in SENSOR_RULES)


@dataclass(slots=True)
class SensorOutcome:
    """What was judged and stored."""

    samples: int = 0
    stored: int = 0
    rebuilt: frozenset[int] = frozenset()
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Return:
    """Devices put back: since when they are judged anew, from which checkpoint, and how far they had been judged."""

    sinces: Mapping[int, datetime]
    checkpoints: Mapping[int, Checkpoint]
    known_us: Mapping[int, int]
    late: frozenset[int]  # had samples from before they had been judged to

    @property
    def afters(self) -> dict[int, datetime]:
        return {device: self.checkpoints[device].at if device in self.checkpoints else BEGINNING for device in self.sinces}


class SensorJudge:
    """Takes a sensor up from its checkpoint when it is first heard of, so that after a crash nothing else is to be done."""

    def __init__(self, org_id: int) -> None:
        self._org_id = org_id
        self._parameters = Parameters()
        self._engine = SensorEngine(SensorWorld(), self._parameters)
        self._devices: dict[int, Judged] = {}  # whose fitting is known, also where it is nothing
        self._saved_slot: dict[int, int] = {}

    def renew(self, parameters: Parameters) -> None:
        """Go on with other parameters, each version from its moment on; what was judged before stays."""
        if parameters is not self._parameters:
            self._parameters = parameters
            self._engine.renew(parameters)

    def judge(
        self,
        connection: Connection,
        devices: Mapping[int, Judged],
        samples: Samples,
        changed: Mapping[int, int],
        cursor: int,
        trackers: Collection[int],
    ) -> SensorOutcome:
        """Judge new samples of `devices`, those in `changed` anew since a moment in microseconds, and store what that gives.

        `trackers` are the devices whose positions are samples; replays see what batches up to `cursor` stored.
        """
        self._fit(connection, devices, samples, changed)
        judged = samples[np.isin(samples["device"], [device for device in devices if self._engine.judges(device)])]
        firsts = _first_moments(judged)
        back = self._go_back(connection, firsts, changed)
        sensed = self._engine.advance(judged[~np.isin(judged["device"], [*back.sinces])])
        outcome = SensorOutcome(len(judged), 0, frozenset(back.sinces), _faults(sensed))
        outcome.stored = self._store(connection, sensed, Past(), frozenset())
        self._observe(connection, sensed, {})
        if back.sinces:
            self._replay(connection, back, cursor, trackers, outcome)
        due = self._due_checkpoints({*firsts, *back.sinces})
        sensing.save_checkpoints(connection, dict.fromkeys(due, self._org_id), due)
        if outcome.stored:
            tell_concluded(connection, [self._org_id])
        return outcome

    def _fit(self, connection: Connection, devices: Mapping[int, Judged], samples: Samples, changed: Mapping[int, int]) -> None:
        """Learn what devices are fitted to that were never heard of, or are fitted otherwise now."""
        wanted = {device: judged.key for device, judged in devices.items() if device not in self._devices or device in changed}
        if not wanted:
            return
        moments = [*changed.values(), *samples["at_us"][np.isin(samples["device"], [*wanted])].tolist()]
        oldest = max(from_us(min(moments)), _EARLIEST) if moments else _EARLIEST
        for device, fitted in sensing.fitted_devices(connection, wanted, oldest - BOOKS).items():
            self._devices[device] = devices[device]
            self._engine.fit(device, wanted[device], self._org_id, fitted)

    def _go_back(self, connection: Connection, firsts: Mapping[int, int], changed: Mapping[int, int]) -> _Return:
        """Put devices back to before what is late or changed, or is the first that this process hears of them."""
        sinces: dict[int, datetime] = {}
        known_us: dict[int, int] = {}
        for device in sorted(firsts.keys() | changed.keys()):
            frontier_us = self._engine.frontier_us(device)
            since_us = min(firsts.get(device, to_us(END)), changed.get(device, to_us(END)))
            if frontier_us is not None:
                known_us[device] = frontier_us
            if frontier_us is None or since_us <= frontier_us:
                sinces[device] = from_us(since_us)
        unheard = {device: END for device in sinces if device not in known_us}
        newest = sensing.checkpoints_before(connection, unheard) if unheard else {}
        known_us |= {device: to_us(kept.at) for device, kept in newest.items()}
        checkpoints = sensing.checkpoints_before(connection, sinces) if sinces else {}
        for device in sinces:
            if not self._restore(device, checkpoints.get(device)):
                del checkpoints[device]
        late = frozenset(
            device for device in sinces if device in known_us and firsts.get(device, to_us(END)) <= known_us[device]
        )
        return _Return(sinces, checkpoints, known_us, late)

    def _restore(self, device: int, checkpoint: Checkpoint | None) -> bool:
        """False, and back to never seen, when the checkpoint is of another time's engine."""
        try:
            self._engine.restore(device, checkpoint.state if checkpoint else None)
        except InvalidInputError:
            return False
        return True

    def _replay(
        self, connection: Connection, back: _Return, cursor: int, trackers: Collection[int], outcome: SensorOutcome
    ) -> None:
        samples = sensing.samples_of_devices(connection, back.afters, cursor, trackers, SAMPLE)
        sensed = self._engine.advance(samples[np.isin(samples["device"], [*back.sinces])])
        outcome.faults += _faults(sensed)
        change_nos = {device: kept.change_no for device, kept in back.checkpoints.items()}
        theirs = [self._devices[device] for device in back.sinces]
        past = past_since(connection, theirs, change_nos, rules=_RULES, among=True)
        outcome.stored += self._store(connection, sensed, past, self._known_before(sensed, back))
        self._observe(connection, sensed, back.afters)
        sensing.drop_checkpoints(connection, back.sinces)

    def _known_before(self, sensed: Sensed, back: _Return) -> frozenset[str]:
        """Events that should have been concluded before: late samples page nobody, and nor do changes of long ago."""
        numbers = {judged.key: number for number, judged in self._devices.items()}
        found = []
        for event in sensed.conclusions.events:
            number = numbers[event.device_id]
            news_us = 0 if number in back.late else NEWS_US
            if to_us(event.detected_at) <= back.known_us.get(number, to_us(BEGINNING)) - news_us:
                found.append(event.event_id)
        return frozenset(found)

    def _store(self, connection: Connection, sensed: Sensed, past: Past, late: frozenset[str]) -> int:
        """Store events in place of what was held -> how many changed."""
        produced = Produced()
        produced.add(sensed.conclusions)
        correction = correct(Past(past.current_events, past.base_events), produced, late)
        put_events(connection, {judged.key: judged for judged in self._devices.values()}, correction.events)
        gone = [event.event_id for event in correction.overturned]
        supersede_events(connection, self._org_id, gone, "late_data")
        withdraw_events(connection, self._org_id, correction.withdrawn)
        return len(correction.events) + len(gone) + len(correction.withdrawn)

    def _observe(self, connection: Connection, sensed: Sensed, afters: Mapping[int, datetime]) -> None:
        numbers = {judged.key: number for number, judged in self._devices.items()}
        seen = [
            Seen(self._org_id, numbers[one.device_id], one.at, one.outlet_id, one.product, one.pieces, one.confidence)
            for one in sensed.observed.values()
        ]
        sensing.put_observed(connection, seen, afters)

    def _due_checkpoints(self, devices: Collection[int]) -> dict[int, tuple[datetime, bytes]]:
        due: dict[int, tuple[datetime, bytes]] = {}
        for device in devices:
            frontier_us = self._engine.frontier_us(device)
            if frontier_us is None:
                continue
            slot = (frontier_us + device * _SPREAD_US) // CHECKPOINT_EVERY_US
            if self._saved_slot.setdefault(device, slot) != slot:
                due[device] = from_us(frontier_us), self._engine.checkpoint(device)
                self._saved_slot[device] = slot
        return due


def _first_moments(samples: Samples) -> dict[int, int]:
    """When each device's first sample was measured, in microseconds; samples are in order."""
    starts = [*np.flatnonzero(np.diff(samples["device"], prepend=-1)).tolist(), len(samples)]
    return {int(samples["device"][low]): int(samples["at_us"][low]) for low, _ in pairwise(starts)}


def _faults(sensed: Sensed) -> list[str]:
    return [fault.rule for fault in sensed.conclusions.faults]
