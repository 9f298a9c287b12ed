"""Lets rules step over facts, one fact at a time, and keeps a rule that raises from harming the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from geofence.conclusions import Fault
from geofence.facts import HOME, KINDS, OUT, TRIP_OFF, Fact
from geofence.rule import Rule, Wake
from geofence.rules.zone_passages import PASSAGES
from geofence.tracking import Device


class Stepper:
    """The rules by the kinds of facts they want, in the rule book's order."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.faults: Counter[str] = Counter()
        self._rules = tuple(rules)
        self._on = [[rule.on[kind] for rule in rules if kind in rule.on] for kind in range(len(KINDS))]
        self.wanted = np.array([bool(wanting) for wanting in self._on])
        self.wanted[[TRIP_OFF, OUT, HOME]] = True
        self.passages = np.isin(np.arange(len(KINDS)), PASSAGES)  # told of all devices at once
        self._wake = {rule.name: rule for rule in rules if rule.wake is not None}

    def take(self, device: Device, fact: Fact) -> None:
        """One fact, to every rule that wants it."""
        for step in self._on[fact[0]]:
            try:
                step(device, fact)
            except Exception as error:  # noqa: BLE001  any mistake in one rule must not stop telemetry or other rules
                rule = next(rule for rule in self._rules if rule.on.get(fact.kind) is step)
                self._isolate(rule, device, error)
        if device.journal.follow_ups:
            self._follow_up(device)

    def wake(self, name: str, device: Device, now_us: int) -> None:
        """A timer set under a rule's name, or under the name, a colon and more."""
        rule = self._wake.get(name.partition(":")[0])
        if rule is not None and rule.wake is not None:
            self._guard(rule, device, rule.wake, now_us)
            self._follow_up(device)

    def begin_trip(self, device: Device, now_us: int) -> None:
        """The device's trip has just begun."""
        for rule in self._rules:
            if rule.begin is not None:
                self._guard(rule, device, rule.begin, now_us)
        self._follow_up(device)

    def finish_trip(self, device: Device, now_us: int) -> None:
        """The trip ends: rules decide what is left, and no event of the trip outlasts it."""
        device.now_us = now_us
        for rule in self._rules:
            if rule.finish is not None:
                self._guard(rule, device, rule.finish, now_us)
        self._follow_up(device)
        device.end_trip(now_us)

    def _follow_up(self, device: Device) -> None:
        """What rules found out themselves, to every rule that wants it."""
        waiting = device.journal.follow_ups
        while waiting:
            self.take(device, waiting.pop(0))

    def _guard(self, rule: Rule, device: Device, step: Wake, now_us: int) -> None:
        try:
            step(device, now_us)
        except Exception as error:  # noqa: BLE001
            self._isolate(rule, device, error)

    def _isolate(self, rule: Rule, device: Device, error: Exception) -> None:
        """A rule that raised forgets what it knew of the device; the others go on."""
        self.faults[rule.name] += 1
        device.memory.pop(rule.name, None)
        device.journal.faults.append(Fault(rule.name, device.key, f"{type(error).__name__}: {error}"))
