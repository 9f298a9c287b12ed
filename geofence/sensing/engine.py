"""The sensors' engine: samples in, conclusions out. No clock, no randomness, no I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from domain.equipment import Equipment, Fitted
from domain.errors import InvalidInputError
from domain.events import Severity
from geofence.conclusions import Conclusions, Fault
from geofence.journal import Episode
from geofence.parameters import Parameters
from geofence.rulebook import CATALOGUE, SENSOR_RULES, resolve
from geofence.sensing.samples import Sample, Samples
from geofence.sensing.watch import EVER_US, Observation, SensorJournal, SensorRule, Watch

_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class SensorWorld:
    """Which devices there are, and what each is fitted to. A device fitted to nothing is not judged."""

    equipment: Equipment = field(default_factory=Equipment)
    devices: Mapping[int, str] = field(default_factory=dict)  # number in SAMPLE -> the device's key
    organisations: Mapping[int, int] = field(default_factory=dict)  # device number -> organisation; missing = 0


@dataclass(frozen=True, slots=True)
class Sensed:
    """What one call concluded, and what shelves were seen to hold meanwhile, by device and moment."""

    conclusions: Conclusions
    observed: Mapping[tuple[str, datetime], Observation]


class SensorEngine:
    """Judges many sensors. Live, late and historic samples go through the same call.

    What is concluded at a moment depends only on samples up to then, on the equipment and on the parameters; time passing
    without samples concludes nothing, as no data is never a violation.
    """

    def __init__(
        self, world: SensorWorld, parameters: Parameters | None = None, rules: Iterable[SensorRule] = SENSOR_RULES
    ) -> None:
        """Raise InvalidInputError for parameters that the rule book does not know or allow."""
        self._parameters = parameters or Parameters()
        self._parameters.check(CATALOGUE)
        self._rules = tuple(rules)
        self._keys, self._organisations = dict(world.devices), dict(world.organisations)
        by_key = fitted_by_device(world.equipment)
        self._fitted = {number: by_key[key] for number, key in world.devices.items() if key in by_key}
        self._watches: dict[int, Watch] = {}
        self._values: dict[str, tuple[dict[str, float], ...]] = {}  # by organisation, one for each version of the parameters
        self.faults: Counter[str] = Counter()

    def fit(self, device: int, key: str, organisation: int, fitted: Sequence[Fitted]) -> None:
        """Know from now on what a device is fitted to; () for nothing. What it did before is judged anew by replaying it."""
        self._keys[device], self._organisations[device] = key, organisation
        self._fitted[device] = tuple(fitted)
        kept = self._watches.pop(device, None)
        watch = self._watch(device)
        if kept is not None and watch is not None:
            watch.now_us, watch.last_us, watch.memory, watch.episodes = kept.now_us, kept.last_us, kept.memory, kept.episodes

    def renew(self, parameters: Parameters) -> None:
        """Go on with other parameters. Raises InvalidInputError for those that the rule book does not know or allow."""
        parameters.check(CATALOGUE)
        self._parameters = parameters
        self._values.clear()
        for number, watch in self._watches.items():
            watch.values = self._device_values(number, watch.now_us)

    def advance(self, samples: Samples) -> Sensed:
        """Judge samples sorted by (device, time, source, seq), each not earlier than its device's frontier.

        Earlier ones are late: restore a checkpoint from before them and replay instead. Raises InvalidInputError, having
        changed nothing, when samples are not as said.
        """
        self._check(samples)
        journal = SensorJournal()
        for sample in map(Sample._make, samples.tolist()):
            watch = self._watch(sample.device)
            if watch is not None:
                if len(self._parameters.since_us) > 1:
                    watch.values = self._device_values(sample.device, sample.at_us)
                self._step(watch, sample, journal)
        return Sensed(journal.conclusions(), journal.observed)

    def frontier_us(self, device: int) -> int | None:
        """The last sample that the device's state has seen. None: nothing yet."""
        watch = self._watches.get(device)
        return None if watch is None or watch.now_us == EVER_US else watch.now_us

    def checkpoint(self, device: int) -> bytes:
        """The device's whole state. Its moment is `frontier_us`."""
        watch = self._watches[device]
        episodes = {rule: asdict(episode) for rule, episode in watch.episodes.items()}
        kept = {"version": _VERSION, "now_us": watch.now_us, "last_us": watch.last_us, "memory": watch.memory}
        return msgspec.msgpack.encode({**kept, "episodes": episodes})

    def restore(self, device: int, checkpoint: bytes | None) -> None:
        """Put the device back to a checkpoint, or with None to never seen.

        Raises InvalidInputError for one that is unreadable or of another version, after which the device is as never seen.
        """
        self._watches.pop(device, None)
        watch = self._watch(device)
        if checkpoint is None or watch is None:
            return
        try:
            kept = msgspec.msgpack.decode(checkpoint)
            if kept["version"] != _VERSION:
                raise InvalidInputError("checkpoint", "is of another version")
            episodes = {rule: _episode(fields) for rule, fields in kept["episodes"].items()}
            watch.now_us, watch.last_us, watch.memory = kept["now_us"], kept["last_us"], kept["memory"]
        except (msgspec.DecodeError, TypeError, KeyError) as error:
            raise InvalidInputError("checkpoint", "is not a checkpoint") from error
        watch.episodes = episodes

    def judges(self, device: int) -> bool:
        """Whether the device is fitted to anything."""
        return bool(self._fitted.get(device))

    def _watch(self, number: int) -> Watch | None:
        watch, fitted = self._watches.get(number), self._fitted.get(number)
        if watch is None and fitted:
            watch = self._watches[number] = Watch(self._keys[number], fitted, self._device_values(number, EVER_US))
        return watch

    def _device_values(self, number: int, moment_us: int) -> dict[str, float]:
        """The parameters that hold for a device at a moment."""
        organisation = str(self._organisations.get(number, 0))
        if organisation not in self._values:
            versions = self._parameters.versions()
            self._values[organisation] = tuple(resolve(version, organisation, None) for version in versions)
        return self._values[organisation][max(0, bisect_right(self._parameters.since_us, moment_us) - 1)]

    def _check(self, samples: Samples) -> None:
        if len(samples) == 0:
            return
        numbers, moments = samples["device"], samples["at_us"]
        first = np.concatenate(([True], numbers[1:] != numbers[:-1]))
        if np.any((moments[1:] < moments[:-1]) & ~first[1:]) or len(np.unique(numbers)) != int(first.sum()):
            raise InvalidInputError("samples", "are not sorted by device and time")
        for index in np.flatnonzero(first):
            frontier_us = self.frontier_us(int(numbers[index]))
            if frontier_us is not None and int(moments[index]) <= frontier_us:
                raise InvalidInputError("samples", "the first one of a device is not later than its frontier")

    def _step(self, watch: Watch, sample: Sample, journal: SensorJournal) -> None:
        watch.journal = journal
        watch.last_us, watch.now_us = watch.now_us, sample.at_us
        for rule in self._rules:
            try:
                rule.step(watch, sample)
            except Exception as error:  # noqa: BLE001  any mistake in one rule must not stop the others
                self.faults[rule.name] += 1
                watch.memory.pop(rule.name, None)
                journal.faults.append(Fault(rule.name, watch.key, f"{type(error).__name__}: {error}"))


def fitted_by_device(equipment: Equipment) -> dict[str, tuple[Fitted, ...]]:
    """What each device is fitted to."""
    found: dict[str, tuple[Fitted, ...]] = {}
    everything: tuple[Fitted, ...] = (*equipment.shelves, *equipment.coolers, *equipment.assets)
    for one in everything:
        found[one.device_id] = (*found.get(one.device_id, ()), one)
    return found


def _episode(fields: dict[str, Any]) -> Episode:
    return Episode(**{**fields, "severity": Severity(fields["severity"])})
