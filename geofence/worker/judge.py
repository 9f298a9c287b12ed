"""The engine of one organisation, with what the worker has to remember of its devices. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import nan
from typing import Final

import numpy as np

from domain.errors import InvalidInputError
from geofence.conclusions import Conclusions
from geofence.engine import Engine
from geofence.instruments import Changes, parts
from geofence.parameters import Parameters
from geofence.rows import Rows, from_us, to_us
from geofence.state import NEVER_US
from geofence.worker.corrections import Produced
from geofence.worker.doubts import NO_DOUBTS, Doubts, doubts_after, encoded, last_odometers, newest_us
from geofence.world import World
from store.conclusions import Judged, Saved

CHECKPOINT_EVERY_US: Final = 600_000_000
CHECKPOINT_EVERY_ROWS: Final = 2_000
"""So that a late row of a device that says very much makes no more than these be replayed."""
_SPREAD_US: Final = 7_919_000_000  # a prime, so that devices do not all save at the same moment
MakeEngine = Callable[[World, Parameters], Engine]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows that follow what the devices have seen, and the earliest late row of each device that has any."""

    next: Rows
    late_us: Mapping[int, int]


class Judge:
    """Judges the devices of one organisation; `renew` when its world changed."""

    def __init__(self, world: World, parameters: Parameters, make_engine: MakeEngine = Engine) -> None:
        self._engine = make_engine(self._growing(world), parameters)
        self.changes: Changes = {}  # from when on another tracker tells of a device's vehicle
        self._last_fix_us: dict[int, int] = {}
        self._odometers_m: dict[int, float] = {}  # as the last row with one said it
        self._doubts: dict[int, Doubts] = {}  # of those devices alone that give cause for any
        self._saved_slot: dict[int, int] = {}
        self._unsaved_rows: dict[int, int] = {}

    def renew(self, world: World, parameters: Parameters) -> None:
        """Go on in a changed world."""
        self._engine.renew(self._growing(world), parameters)

    def learn(self, devices: Iterable[Judged]) -> None:
        """Know new devices by name; they have no trips yet, so that the world can stay as it is."""
        for device in devices:
            self._keys[device.device_id] = device.key
            self._organisations[device.device_id] = device.org_id

    def sort(self, rows: Rows) -> Sorted:
        """Tell late rows from those that may be judged now; a device with any late row has none of the latter."""
        starts = np.flatnonzero(np.diff(rows["device"], prepend=-1))
        devices, first_us = rows["device"][starts], rows["fix_time_us"][starts]
        late = first_us <= self._engine.frontiers_us(devices)
        late_us = dict(zip(devices[late].tolist(), first_us[late].tolist(), strict=True))
        return Sorted(rows[~np.isin(rows["device"], list(late_us))] if late_us else rows, late_us)

    def following(self, rows: Rows) -> dict[int, Doubts]:
        """The doubts about devices by these rows as they were said, in order, and what is remembered: of those with any."""
        return doubts_after(rows, self._doubts, self._odometers_m)

    def doubts(self, device: int) -> Doubts:
        """What is remembered of a device's clock."""
        found = self._doubts.get(device, NO_DOUBTS)
        return replace(found, odometer_m=self._odometers_m.get(device, nan))

    def remember(self, rows: Rows) -> None:
        """Keep what rows as they were said, in order, tell of their clocks."""
        at_us = newest_us(rows)
        for device, doubts in self.following(rows).items():
            self._doubts[device] = kept = doubts.kept(at_us[device])
            if not (kept.odd or kept.late):
                del self._doubts[device]
        self._odometers_m |= last_odometers(rows)

    def advance(self, rows: Rows) -> Produced:
        """Judge rows in order, none of them late."""
        produced = Produced()
        for part, due in parts(rows, self.changes):
            for device, at_us in due.items():
                self._engine.change_tracker(device, at_us)
            if len(part):
                produced.extend(self._noted(part, self._engine.advance(part)))
        return produced

    def tick(self, as_of: datetime) -> Produced:
        """Let time pass for all devices."""
        produced = Produced()
        produced.add(self._engine.tick(to_us(as_of)))
        return produced

    def restore(self, device: int, checkpoint: bytes | None, doubts: Doubts = NO_DOUBTS) -> bool:
        """Put a device back; False, and back to never seen, when the checkpoint is of another time's engine."""
        self._last_fix_us.pop(device, None)
        self._odometers_m.pop(device, None)
        self._doubts.pop(device, None)
        try:
            self._engine.restore(device, checkpoint)
        except InvalidInputError:
            self._engine.restore(device, None)
            return False
        frontier_us = self._engine.frontier_us(device)
        if checkpoint is not None and frontier_us is not None:
            self._last_fix_us[device] = frontier_us  # until newer rows come: no row before it is unseen
            self._odometers_m[device] = doubts.odometer_m
            if doubts.odd or doubts.late:
                self._doubts[device] = doubts
        return True

    def last_fix_us(self, device: int) -> int | None:
        """The newest row that the device's state has seen."""
        return self._last_fix_us.get(device)

    def frontier_us(self, device: int) -> int | None:
        """The last moment that the device's state depends on."""
        return self._engine.frontier_us(device)

    def due_checkpoints(self, devices: Iterable[int]) -> dict[int, Saved]:
        """Those of devices whose last checkpoint is of an earlier ten minutes, or too many rows ago.

        Each device counts its own ten minutes.
        """
        due: dict[int, Saved] = {}
        touched = np.fromiter(devices, np.int32)
        for device, frontier_us in zip(touched.tolist(), self._engine.frontiers_us(touched).tolist(), strict=True):
            if frontier_us == NEVER_US:
                continue
            slot = (frontier_us + device * _SPREAD_US) // CHECKPOINT_EVERY_US
            has_said_much = self._unsaved_rows.get(device, 0) >= CHECKPOINT_EVERY_ROWS
            if self._saved_slot.setdefault(device, slot) != slot or has_said_much:
                due[device] = Saved(from_us(frontier_us), self._engine.checkpoint(device), encoded(self.doubts(device)))
                self._saved_slot[device], self._unsaved_rows[device] = slot, 0
        return due

    def take_over(self, other: Judge) -> None:
        """Take the devices of a judge of the same organisation that has come as far."""
        for device in other._engine.devices:
            if other._engine.frontier_us(device) is not None:
                self._engine.restore(device, other._engine.checkpoint(device))
        self._last_fix_us |= other._last_fix_us
        self._odometers_m |= other._odometers_m
        self._doubts |= other._doubts
        self._saved_slot |= other._saved_slot

    def _growing(self, world: World) -> World:
        """The world with names that `learn` can add to."""
        self.stop_owners = stop_owners(world)
        self._keys, self._organisations = dict(world.devices), dict(world.organisations)
        return replace(world, devices=self._keys, organisations=self._organisations)

    def _noted(self, rows: Rows, conclusions: Conclusions) -> Produced:
        ends = np.flatnonzero(np.diff(rows["device"], append=-1))
        devices = rows["device"][ends].tolist()
        self._last_fix_us.update(zip(devices, rows["fix_time_us"][ends].tolist(), strict=True))
        for device, count in zip(devices, np.diff(ends, prepend=-1).tolist(), strict=True):
            self._unsaved_rows[device] = self._unsaved_rows.get(device, 0) + count
        produced = Produced()
        produced.add(conclusions)
        return produced


def stop_owners(world: World) -> dict[tuple[str, str], str]:
    """By trip and stop, the key of the device that drives there."""
    return {(trip.trip_id, stop.stop_id): trip.device_id for trip in world.trips for stop in trip.stops}
