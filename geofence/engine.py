"""The engine: rows in, conclusions out. No clock, no randomness, no I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from geofence.checkpoints import Snapshot, pack, unpack
from geofence.conclusions import Conclusions
from geofence.facts import FACT, HOME, KINDS, OUT, TRIP_OFF, Fact
from geofence.fixes import GoodFix
from geofence.fleet import Fleet, Holdings
from geofence.instruments import forget_instruments
from geofence.journal import Journal
from geofence.kernels.silence import fall_silent, find_silent
from geofence.kernels.stepping import step_rows
from geofence.moving import move_in
from geofence.parameters import Parameters
from geofence.rows import Rows
from geofence.rulebook import CATALOGUE, RULES
from geofence.rules.cargo_weight_drop import NAME as WEIGHED
from geofence.state import NEVER_US
from geofence.stepper import Stepper
from geofence.timers import FAR_FUTURE_US
from geofence.tracking import Device
from geofence.world import World

_SPARE_FACTS: Final = 256
_TURNS: Final = frozenset({TRIP_OFF, OUT, HOME})
_AS_FACT: Final = partial(tuple.__new__, Fact)  # `_make` without asking for the length
Past = Callable[[int], GoodFix | None]
"""A moment -> the last good fix before it."""


class Engine:
    """Judges many devices against one world. Live, late and historic data go through the same calls.

    What is concluded at a moment depends only on rows with a fix time up to then, on the world and on the parameters, never on
    how the rows were cut into batches. Trips of devices that `World.devices` does not name are not judged.
    """

    def __init__(self, world: World, parameters: Parameters | None = None) -> None:
        """Raise InvalidInputError for parameters the rule book does not know or allow, and for an impossible zone."""
        self._parameters = parameters or Parameters()
        self._parameters.check(CATALOGUE)
        self._world = world
        self._fleet = Fleet(world, self._parameters)
        self._stepper = Stepper(RULES)
        self._facts = np.zeros(4096, FACT)

    def advance(self, rows: Rows) -> Conclusions:
        """Judge rows sorted by (device, fix_time_us, seq), each later than `frontier_us` of its device (see rows.in_order).

        Rows at or before the frontier are late: restore a checkpoint from before them and replay instead. Rows with a broken
        clock must not come here: `grading.clock_reason` tells them. A device that `World.devices` does not know is judged
        under its number as a name. Raises InvalidInputError, having changed nothing, when rows are not as said.
        """
        journal = Journal()
        if len(rows) == 0:
            return journal.conclusions()
        rows = np.require(rows, requirements=["C", "W"])  # other layouts would be compiled for anew
        starts = np.concatenate(([0], np.flatnonzero(np.diff(rows["device"])) + 1, [len(rows)]))
        numbers = rows["device"][starts[:-1]]
        devices = np.array([self._fleet.slot(int(number)) for number in numbers], np.int32)
        self._check(rows, starts, devices)
        before = self._fleet.memory.states[["good_us", "good_lon", "good_lat"]][devices]
        grades, reasons = np.zeros(len(rows), np.int8), np.zeros(len(rows), np.int8)
        facts = self._run_kernel(rows, np.repeat(devices, np.diff(starts)), grades, reasons)
        journal.passages = facts[self._stepper.passages[facts["kind"]]]
        pasts = _Pasts(rows, grades, starts, before, devices)
        self._step_over(facts, pasts, journal)
        self._catch_up(rows, starts, devices, pasts, journal)
        self._fleet.complete(journal)
        kinds = np.bincount(facts["kind"], minlength=len(KINDS))
        counts = {KINDS[kind]: int(kinds[kind]) for kind in np.flatnonzero(kinds)}
        return journal.conclusions(grades=grades, reasons=reasons, counts=counts)

    def tick(self, as_of_us: int) -> Conclusions:
        """Let time pass without data, for all devices: windows close, silence is noticed.

        Only call it with a moment up to which data has had time to arrive (now minus a few seconds). A later row from before
        what the tick decided is late; `frontier_us` says so.
        """
        journal = Journal()
        fleet = self._fleet
        due = np.zeros(len(fleet.memory.states), np.int64)
        find_silent(fleet.memory.states, fleet.plans, as_of_us, due)
        for slot in np.flatnonzero((due < FAR_FUTURE_US) | (fleet.wake_us <= as_of_us)):
            self._tick_device(int(slot), int(due[slot]), as_of_us, journal)
        fleet.complete(journal)
        return journal.conclusions()

    def frontier_us(self, device: int) -> int | None:
        """The last moment the device's state depends on: its last fix, or what a tick decided after that. None: nothing yet."""
        slot = self._fleet.known_slot(device)
        if slot is None:
            return None
        last = max(int(self._fleet.memory.states[slot]["last_us"]), int(self._fleet.decided_us[slot]))
        return None if last == NEVER_US else last

    def frontiers_us(self, devices: NDArray[np.int32]) -> NDArray[np.int64]:
        """`frontier_us` of many, shape (n,) -> (n,); NEVER_US where nothing was seen yet."""
        slots = np.array([-1 if slot is None else slot for slot in map(self._fleet.known_slot, devices.tolist())], np.int64)
        moments = np.maximum(self._fleet.memory.states["last_us"], self._fleet.decided_us[: len(self._fleet.memory.states)])
        known = slots >= 0
        found = np.full(len(slots), NEVER_US, np.int64)
        found[known] = moments[slots[known]]
        return found

    def checkpoint(self, device: int) -> bytes:
        """The device's whole state, at most about 4 kB; its moment is `frontier_us`. Names, not positions in arrays, refer to
        zones and trips, so that it can be restored into another world."""
        return pack(self._fleet.snapshot(self._fleet.slot(device)), self._fleet.names)

    def restore(self, device: int, checkpoint: bytes | None) -> None:
        """Put the device back to a checkpoint, or with None to never seen.

        Raises InvalidInputError for an unreadable one, or one of another version: replay from the beginning then.
        """
        slot = self._fleet.slot(device)
        if checkpoint is None:
            self._fleet.forget(slot)
            return
        self._fleet.remember(slot, unpack(checkpoint, self._fleet.names))

    def change_tracker(self, device: int, at_us: int) -> None:
        """From `at_us` on another tracker says where the device's vehicle is. Of no effect once a row of then was judged."""
        slot = self._fleet.known_slot(device)
        if slot is None or not NEVER_US < self._fleet.memory.states[slot]["last_us"] < at_us:
            return
        forget_instruments(self._fleet.memory.states[slot])
        known = self._fleet.devices.get(slot)
        if known is not None:
            known.rise()
            known.memory.pop(WEIGHED, None)
            known.rest()

    def renew(self, world: World, parameters: Parameters | None = None) -> None:
        """Go on in a changed world (a trip dispatched, a zone drawn), every device keeping what it knows.

        What is still the same is not laid out again: the trips that changed cost, the others next to nothing. What changed
        about the past, such as a proof captured before the frontier, takes effect by replaying from before it.
        """
        parameters = self._parameters if parameters is None else parameters
        parameters.check(CATALOGUE)
        fleet = Fleet(world, parameters, self._fleet)
        move_in(self._fleet, fleet)
        self._fleet, self._world, self._parameters = fleet, world, parameters

    @property
    def devices(self) -> list[int]:
        """Numbers of the devices that have state or a trip."""
        return self._fleet.seen()

    @property
    def memory(self) -> Holdings:
        """What is kept of the devices, to be measured."""
        return self._fleet.holdings()

    @property
    def faults(self) -> dict[str, int]:
        """How often each rule has raised since the engine began."""
        return dict(self._stepper.faults)

    def _check(self, rows: Rows, starts: NDArray[np.int64], devices: NDArray[np.int32]) -> None:
        fleet = self._fleet
        frontier = np.maximum(fleet.memory.states["last_us"][devices], fleet.decided_us[devices])
        if np.any(rows["fix_time_us"][starts[:-1]] <= frontier):
            raise InvalidInputError("rows", "the first row of a device is not later than its frontier")
        steps = np.diff(rows["fix_time_us"])
        steps[starts[1:-1] - 1] = 0
        if len(np.unique(devices)) != len(devices) or np.any(steps < 0):
            raise InvalidInputError("rows", "are not sorted by device and fix time")

    def _run_kernel(
        self, rows: Rows, slots: NDArray[np.int32], grades: NDArray[np.int8], reasons: NDArray[np.int8]
    ) -> NDArray[np.void]:
        count = np.zeros(1, np.int64)
        room = _SPARE_FACTS + self._fleet.most_facts
        fleet, done = self._fleet, 0
        while True:
            args = (fleet.memory, fleet.plans, fleet.land, self._facts, count, room, grades, reasons)
            done = step_rows(rows, slots, done, *args)
            if done == len(rows):
                return self._facts[: count[0]]
            self._facts = np.concatenate((self._facts, np.zeros(len(self._facts) + 2 * room, FACT)))

    def _step_over(self, facts: NDArray[np.void], pasts: _Pasts, journal: Journal) -> None:
        wanted = facts[self._stepper.wanted[facts["kind"]]]
        columns = [wanted[name].tolist() for name in Fact._fields]  # twice as quick as row by row
        told = list(map(_AS_FACT, zip(*columns, strict=True)))
        bounds = [0, *(np.flatnonzero(np.diff(wanted["slot"])) + 1).tolist(), len(told)] if told else [0]
        is_versioned = len(self._fleet.shared.since_us) > 1
        for low, high in pairwise(bounds):
            slot = told[low].slot
            device, past = self._fleet.device(slot, journal), pasts.of(slot)
            timers, take = device.timers, self._stepper.take
            for fact in told[low:high]:
                decided_us = fact[2]
                if timers.due_us <= decided_us:
                    self._fire(device, decided_us, past)
                if is_versioned:
                    device.reach(decided_us)
                device.fact, device.now_us = fact, decided_us
                take(device, fact)
                if fact[0] in _TURNS:
                    self._turn(device, fact, past)
            self._fleet.wake_us[slot] = device.wake_us()

    def _take(self, device: Device, fact: Fact, past: Past) -> None:
        device.come_to(fact, fact.decided_us)
        self._stepper.take(device, fact)
        if fact.kind in _TURNS:
            self._turn(device, fact, past)

    def _turn(self, device: Device, fact: Fact, past: Past) -> None:
        """The van has left its depot, or is back, perhaps for good; trips whose time is over end by their timer."""
        if device.plan is None or (fact.kind == TRIP_OFF and fact.a != 1.0):
            return
        if fact.kind == TRIP_OFF:
            device.last_good = past(fact.decided_us)
            device.journal.turn(device.slot, fact.decided_us + 1, device.trip_id)
            self._stepper.finish_trip(device, fact.decided_us)
            device.last_good = None
        self._fleet.schedule_trip(device, is_out=fact.kind == OUT)

    def _catch_up(
        self, rows: Rows, starts: NDArray[np.int64], devices: NDArray[np.int32], pasts: _Pasts, journal: Journal
    ) -> None:
        last_us = rows["fix_time_us"][starts[1:] - 1]
        for place in np.flatnonzero(self._fleet.wake_us[devices] <= last_us):
            slot = int(devices[place])
            self._fire(self._fleet.device(slot, journal), int(last_us[place]), pasts.of(slot))

    def _fire(self, device: Device, until_us: int, past: Past) -> None:
        """Let the device's timers go off that are due by a moment, in the order of time."""
        while (due_us := device.wake_us()) <= until_us:
            name = min(name for name, moment in device.timers.items() if moment == due_us)
            del device.timers[name]
            device.reach(due_us)
            device.last_good = past(due_us)
            device.see(device.last_good)
            if name == "trip":
                self._turn_trip(device, due_us)
            else:
                self._stepper.wake(name, device, due_us)
        device.last_good = None
        self._fleet.wake_us[device.slot] = device.wake_us()

    def _turn_trip(self, device: Device, now_us: int) -> None:
        device.journal.turn(device.slot, now_us, device.trip_id)
        if device.plan is not None:
            self._stepper.finish_trip(device, now_us)
        else:
            self._fleet.next_trip(device)
            self._stepper.begin_trip(device, now_us)
        self._fleet.schedule_trip(device)

    def _tick_device(self, slot: int, silent_us: int, as_of_us: int, journal: Journal) -> None:
        device = self._fleet.device(slot, journal)
        state = self._fleet.memory.states[slot]
        good = _good_fix(state)

        def past(_moment_us: int) -> GoodFix | None:
            return good

        latest = NEVER_US
        if silent_us < FAR_FUTURE_US:
            self._fire(device, silent_us, past)
            count = np.zeros(1, np.int64)
            fall_silent(state, self._facts, count, slot, silent_us)
            self._take(device, Fact._make(self._facts[0].tolist()), past)
            latest = silent_us
        while (due_us := device.wake_us()) <= as_of_us:
            self._fire(device, due_us, past)
            latest = max(latest, due_us)
        self._fleet.wake_us[slot] = device.wake_us()
        self._fleet.decided_us[slot] = max(int(self._fleet.decided_us[slot]), latest)


class _Pasts:
    """What was last seen well of each device before a moment within the rows being judged."""

    def __init__(
        self, rows: Rows, grades: NDArray[np.int8], starts: NDArray[np.int64], before: Any, slots: NDArray[np.int32]
    ) -> None:
        self._rows, self._grades, self._starts, self._before = rows, grades, starts, before
        self._place = {int(slot): place for place, slot in enumerate(slots)}

    def of(self, slot: int) -> Past:
        """The past of one device."""

        good: NDArray[np.int64] | None = None

        def past(moment_us: int) -> GoodFix | None:
            nonlocal good
            place, times_us = self._place[slot], self._rows["fix_time_us"]
            if good is None:
                low, high = int(self._starts[place]), int(self._starts[place + 1])
                good = np.flatnonzero(self._grades[low:high] == 0) + low
            number = bisect_left(good, moment_us, key=times_us.item)
            if number == 0:
                return _good_fix(self._before[place])
            row = self._rows[good[number - 1]]
            return GoodFix(int(row["fix_time_us"]), int(row["longitude_e7"]), int(row["latitude_e7"]))

        return past


def _good_fix(state: Any) -> GoodFix | None:
    if state["good_us"] == NEVER_US:
        return None
    return GoodFix(int(state["good_us"]), int(state["good_lon"]), int(state["good_lat"]))


__all__ = ["Engine", "Snapshot"]
