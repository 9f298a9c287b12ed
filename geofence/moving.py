"""Moves all devices into a changed world, each keeping what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from geofence.checkpoints import ZONE_FIELDS
from geofence.names import zone_name
from geofence.state import fresh_visits

if TYPE_CHECKING:
    from geofence.fleet import Fleet
    from geofence.tracking import Device

_NO_VISITS = fresh_visits(0)


def move_in(before: Fleet, after: Fleet) -> None:
    """Let the devices of a fleet go on in another one, which knows of none yet, as if restored from their checkpoints.

    Raises InvalidInputError, having moved nobody, when a running trip has more stops than it began with.
    """
    numbers = before.seen()
    were = np.array([before.slot(number) for number in numbers], np.int64)
    trips = _renumbered([plan.trip.trip_id for plan in before.shared.trips], after.trip_numbers)
    devices = [before.devices.get(slot) for slot in were.tolist()]
    for device in devices:
        if device is not None and device.trip_number >= 0:
            _check_stops(device, int(trips[device.trip_number]), after)
    slots = np.array([after.slot(number) for number in numbers], np.int64)
    states = before.memory.states[were]
    states["trip"] = trips[states["trip"]]
    if after.index is not before.index:
        _rename_zones(states, _renumbered([zone_name(zone) for zone in before.zones], after.zone_numbers))
    after.memory.states[slots], after.memory.suspects[slots] = states, before.memory.suspects[were]
    after.decided_us[slots] = before.decided_us[were]
    for slot, device in zip(slots.tolist(), devices, strict=True):
        if device is not None:
            visits = device.visits
            device.trip_number = int(trips[device.trip_number])
            device.take_visits(_NO_VISITS)
            after.settle(slot, device, visits)


def _check_stops(device: Device, number: int, after: Fleet) -> None:
    if number >= 0 and len(after.shared.trips[number].stops) > len(device.visits):
        raise InvalidInputError("world", f"trip {after.shared.trips[number].trip.trip_id!r} has other stops by now")


def _renumbered(names: list[str], numbers: dict[str, int]) -> NDArray[np.int64]:
    """By old number the new one, or -1; that of -1, which is the last, is -1."""
    return np.array([*(numbers.get(name, -1) for name in names), -1], np.int64)


def _rename_zones(states: NDArray[np.void], zones: NDArray[np.int64]) -> None:
    renamed = np.where(states["zn_phase"] > 0, zones[states["zn_id"]], -1)
    states["zn_id"] = renamed
    states["zn_phase"][renamed < 0] = 0
    for field in ZONE_FIELDS:
        known = states[field] >= 0
        states[field][known] = zones[states[field][known]]
