"""All devices of an engine: where each one's state lies, and the world it is judged in."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.zones import Zone
from geofence.checkpoints import Snapshot
from geofence.goods import goods_of
from geofence.index import ZoneIndex
from geofence.journal import Journal
from geofence.kernels.layout import Land, Memory, Plans
from geofence.names import Names, zone_name
from geofence.parameters import Parameters
from geofence.plan import compile_world, zone_table
from geofence.planned import Part, PlannedTrip, Versions, planned_trip
from geofence.rulebook import resolve
from geofence.rules.zone_passages import Owner, events_of, owners_of
from geofence.state import NEVER_US, fresh_states, fresh_suspects, fresh_visits
from geofence.suppressions import Suppressions, approved_zones
from geofence.timers import FAR_FUTURE_US
from geofence.tracked import NO_COLUMNS, NO_EVIDENCE, NOTHING, Surroundings
from geofence.tracking import Device
from geofence.world import World

_NO_VISITS: Final = fresh_visits(0)
_NO_JOURNAL: Final = Journal()


class Holdings(NamedTuple):
    """What is kept of devices, and what they share."""

    arrays: tuple[NDArray[Any], ...]
    devices: tuple[Device, ...]
    shared: tuple[Any, ...]
    vehicles: int


class Fleet:
    """Slots by device number, the kernels' memory, and a Device for each slot that rules have dealt with."""

    def __init__(self, world: World, parameters: Parameters, before: Fleet | None = None) -> None:
        """`before` knew the world as it was; what is still the same is taken from there."""
        self._world, self.parameters = world, parameters
        self._numbers: list[int] = list(world.devices)
        self._slots = {number: slot for slot, number in enumerate(self._numbers)}
        self._keys = list(world.devices.values())
        slots = len(self._numbers)
        slot_of = {key: slot for slot, key in enumerate(self._keys)}
        same = before if before is not None and before.parameters == parameters else None
        compiled = compile_world(world, parameters, slot_of, slots, {} if same is None else same.parts)
        self.plans: Plans = compiled.arrays
        self.parts: dict[str, Part] = {part.trip.trip_id: part for part in compiled.parts}
        self.zones = zones_of(world)
        known = before if before is not None and before.zones == self.zones else None
        self.index: ZoneIndex = known.index if known else ZoneIndex(self.zones)
        self.land: Land = known.land if known else Land(self.index.arrays, self.index.scratch(), zone_table(self.zones))
        self.zone_numbers: dict[str, int] = known.zone_numbers if known else _numbers_of(self.zones)
        self._goods = goods_of(world.orders)
        planned = tuple(self._planned(part, self.plans.trips[n : n + 1], same) for n, part in enumerate(compiled.parts))
        suppressions = Suppressions(world.suppressors, world.zones)
        now = (parameters.since_us, self.land, suppressions)
        self.shared = Surroundings(self.zones, planned, self.plans.first_trip, *now)
        self.trip_numbers = {plan.trip.trip_id: number for number, plan in enumerate(planned)}
        stops, proofs = self.plans.trips["stops"], self.plans.trips["proofs"]
        self.most_facts = int(5 * stops.max(initial=0) + proofs.max(initial=0))
        self.memory = Memory(fresh_states(slots), fresh_suspects(slots), fresh_visits(int(self.plans.first_visit[-1])))
        self.decided_us = np.full(slots, NEVER_US, np.int64)
        self.wake_us = np.full(slots, FAR_FUTURE_US, np.int64)
        self.devices: dict[int, Device] = {}
        self._touched: set[int] = set()
        self._values: dict[str, Versions] = {}
        has_trip = np.flatnonzero(np.diff(self.plans.first_trip) > 0)
        self.wake_us[has_trip] = self.plans.trips["begin_us"][self.plans.first_trip[has_trip]]

    def _planned(self, part: Part, record: NDArray[np.void], same: Fleet | None) -> PlannedTrip:
        trip = part.trip
        goods = {k: known for k, stop in enumerate(trip.stops) if (known := self._goods.get((trip.trip_id, stop.stop_id)))}
        span = int(record["begin_us"][0]), int(record["end_us"][0]), int(record["longest_us"][0])
        if same is not None and same.parts.get(trip.trip_id) is part:
            plan = same.shared.trips[same.trip_numbers[trip.trip_id]]
            if (plan.begin_us, plan.end_us, plan.longest_us) == span and plan.goods == goods:
                return plan
        return planned_trip(part, record.copy(), self._versions(part.organisation, trip.route_id), goods)

    @property
    def names(self) -> Names:
        """What the numbers in the devices' states stand for."""
        return Names(self.zones, self.shared.trips, self.zone_numbers, self.trip_numbers)

    def known_slot(self, number: int) -> int | None:
        """Where a device's state lies, if it is known."""
        return self._slots.get(number)

    def slot(self, number: int) -> int:
        """Where a device's state lies; a device never heard of gets a place."""
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = len(self._numbers)
            self._numbers.append(number)
            self._keys.append(self._world.devices.get(number, str(number)))
            if slot >= len(self.memory.states):
                self._grow()
        return slot

    def _grow(self) -> None:
        more = max(16, len(self.memory.states))
        states, suspects, visits = self.memory
        self.memory = Memory(
            np.concatenate((states, fresh_states(more))), np.concatenate((suspects, fresh_suspects(more))), visits
        )
        self.decided_us = np.concatenate((self.decided_us, np.full(more, NEVER_US, np.int64)))
        self.wake_us = np.concatenate((self.wake_us, np.full(more, FAR_FUTURE_US, np.int64)))
        plans = self.plans
        self.plans = plans._replace(
            first_trip=np.concatenate((plans.first_trip, np.full(more, plans.first_trip[-1], np.int32))),
            first_visit=np.concatenate((plans.first_visit, np.full(more, plans.first_visit[-1], np.int64))),
            slot_tuning=np.concatenate((plans.slot_tuning, np.zeros(more, np.int32))),
        )
        self.shared.first_trip = self.plans.first_trip

    def seen(self) -> list[int]:
        """Numbers of devices with state or a trip, in the order they came."""
        states, first = self.memory.states, self.plans.first_trip
        return [
            number
            for slot, number in enumerate(self._numbers)
            if states[slot]["last_us"] != NEVER_US or first[slot + 1] > first[slot] or slot in self.devices
        ]

    def device(self, slot: int, journal: Journal) -> Device:
        """What is known of a device above the kernels, concluding into `journal`."""
        device = self.devices.get(slot)
        if device is None:
            device = self.devices[slot] = Device(slot, self._keys[slot], self.shared, self._device_versions(slot), _NO_VISITS)
            self.schedule_trip(device)
        device.rise()
        device.journal = journal
        self._touched.add(slot)
        return device

    def complete(self, journal: Journal) -> None:
        """Conclude the visits that changed since this was called last, and say what lies around the fixes that decided."""
        for slot in self._touched:
            device = self.devices.get(slot)
            if device is not None:
                device.show_visits()
                device.rest()
                device.journal = _NO_JOURNAL
        self._touched.clear()
        journal.passed = events_of(journal.passages, owners_of(journal.passages, journal.turns, self._owner), self.zones)
        journal.sightings.look_around(self.land, self.zones)

    def _owner(self, slot: int) -> Owner:
        device = self.devices.get(slot)
        return self._keys[slot], None if device is None else device.trip_id

    def _versions(self, organisation: str, route: str | None) -> Versions:
        return tuple(resolve(version, organisation, route) for version in self.parameters.versions())

    def _device_versions(self, slot: int) -> Versions:
        organisation = str(self._world.organisations.get(self._numbers[slot], 0))
        if organisation not in self._values:
            self._values[organisation] = self._versions(organisation, None)
        return self._values[organisation]

    def next_trip(self, device: Device) -> None:
        """Take up the trip after the device's last one."""
        first = int(self.plans.first_trip[device.slot])
        device.start_trip(first if device.trip_number < first else device.trip_number + 1, self._visits(device.slot))

    def _visits(self, slot: int) -> NDArray[np.void]:
        return self.memory.visits[int(self.plans.first_visit[slot]) : int(self.plans.first_visit[slot + 1])]

    def schedule_trip(self, device: Device, *, is_out: bool = False) -> None:
        """Set the timer for the end of the running trip, which is later while the van is out, or for the begin of the next."""
        first, last = int(self.plans.first_trip[device.slot]), int(self.plans.first_trip[device.slot + 1])
        device.timers.pop("trip", None)
        if device.plan is not None:
            device.timers["trip"] = device.plan.longest_us if is_out else device.plan.end_us
            return
        following = first if device.trip_number < first else device.trip_number + 1
        if following < last:
            device.timers["trip"] = self.shared.trips[following].begin_us

    def holdings(self) -> Holdings:
        """Everything kept of the devices."""
        versions = (*self._values.values(), *(plan.versions for plan in self.shared.trips))
        shared = (
            self.shared,
            *self.shared.trips,
            *versions,
            *chain.from_iterable(versions),
            *self._keys,
            NO_EVIDENCE,
            NOTHING,
            NO_COLUMNS,
            _NO_JOURNAL,
        )
        devices = tuple(self.devices.values())
        return Holdings((*self.memory, self.decided_us, self.wake_us), devices, shared, len(self._numbers))

    def snapshot(self, slot: int) -> Snapshot:
        """All that is known of a device."""
        device = self.device(slot, Journal())
        running = len(device.visits)
        first = int(self.plans.first_visit[slot])
        return Snapshot(
            state=self.memory.states[slot : slot + 1],
            suspects=self.memory.suspects[slot],
            visits=self.memory.visits[first : first + running],
            device=device,
            decided_us=int(self.decided_us[slot]),
        )

    def forget(self, slot: int) -> None:
        """A device as never seen."""
        self.memory.states[slot] = fresh_states(1)[0]
        self.memory.suspects[slot] = fresh_suspects(1)[0]
        visits = self._visits(slot)
        visits[:] = fresh_visits(len(visits))
        self.decided_us[slot] = NEVER_US
        self.devices.pop(slot, None)
        self.wake_us[slot] = self.device(slot, Journal()).wake_us()

    def remember(self, slot: int, snapshot: Snapshot) -> None:
        """A device as a snapshot has it."""
        self.forget(slot)
        self.memory.states[slot] = snapshot.state[0]
        self.memory.suspects[slot] = snapshot.suspects
        self.decided_us[slot] = snapshot.decided_us
        self.settle(slot, snapshot.device, snapshot.visits)

    def settle(self, slot: int, device: Device, visits: NDArray[np.void]) -> None:
        """Have a device of another time or world go on here, its visits as they are."""
        device.move(slot, self._keys[slot], self.shared, self._device_versions(slot))
        self.devices[slot] = device
        if device.trip_number >= 0:
            room = self._visits(slot)[: len(visits)]
            room[:] = visits
            device.take_visits(room)
        state = self.memory.states[slot]
        self.schedule_trip(device, is_out=bool(state["trip"] == device.trip_number and state["away"] and not state["home"]))
        device.await_breakdown()
        self.wake_us[slot] = device.wake_us()
        device.rest()


def _numbers_of(zones: tuple[Zone, ...]) -> dict[str, int]:
    return {zone_name(zone): number for number, zone in enumerate(zones)}


def zones_of(world: World) -> tuple[Zone, ...]:
    """The zones of a world and its approved places; the very same tuple where there are none."""
    approved = approved_zones(world.suppressors)
    return (*world.zones, *approved) if approved else world.zones
