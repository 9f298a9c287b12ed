"""An engine of two rules so plain that what they must conclude is known at sight: enough for the worker's tests."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInputError
from domain.events import Event, Severity, Visit, VisitState
from geofence.conclusions import Conclusions
from geofence.engine import Engine
from geofence.parameters import Parameters
from geofence.rows import Rows, from_us
from geofence.state import NEVER_US
from geofence.world import World

SILENCE_US = 600_000_000
FAST_MPS = 10.0
NEAR_E7 = 10_000


@dataclass
class State:
    """What is remembered of a device."""

    last_us: int | None = None
    frontier_us: int | None = None
    fast: Event | None = None
    silent: Event | None = None
    visited: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)


class PlainEngine(Engine):
    """`overspeed` lasts while the speed is above FAST_MPS; `silent_device` begins ten minutes after a fix without a next one;
    a stop is visited when a fix of its trip's time has its longitude, and is missed when the trip's time is over.
    """

    def __init__(self, world: World, parameters: Parameters | None = None) -> None:
        self._world = world
        self._states: dict[int, State] = {}

    def advance(self, rows: Rows) -> Conclusions:
        events: dict[str, Event] = {}
        visits: dict[tuple[str, str], Visit] = {}
        for row in rows:
            device, at_us = int(row["device"]), int(row["fix_time_us"])
            state = self._states.setdefault(device, State())
            assert state.frontier_us is None or at_us > state.frontier_us, "a late row came through"
            self._pass(device, state, at_us, events, visits)
            self._step(device, state, at_us, float(row["speed_mps"]), int(row["longitude_e7"]), events, visits)
            state.last_us = state.frontier_us = at_us
        return Conclusions(list(events.values()), list(visits.values()))

    def tick(self, as_of_us: int) -> Conclusions:
        events: dict[str, Event] = {}
        visits: dict[tuple[str, str], Visit] = {}
        for device in sorted(self.devices):
            before = (len(events), len(visits))
            state = self._states.setdefault(device, State())
            if state.frontier_us is None or as_of_us > state.frontier_us:
                self._pass(device, state, as_of_us, events, visits)
                if (len(events), len(visits)) != before:
                    state.frontier_us = as_of_us
        return Conclusions(list(events.values()), list(visits.values()))

    def _pass(
        self, device: int, state: State, until_us: int, events: dict[str, Event], visits: dict[tuple[str, str], Visit]
    ) -> None:
        if state.last_us is not None and state.silent is None and until_us > state.last_us + SILENCE_US:
            state.silent = self._event("silent_device", device, from_us(state.last_us), from_us(state.last_us + SILENCE_US))
            events[state.silent.event_id] = state.silent
        for trip in self._world.trips:
            over = trip.device_id == self._world.devices.get(device) and from_us(until_us) > trip.planned_end
            if over and trip.trip_id not in state.closed:
                state.closed.add(trip.trip_id)
                for stop in trip.stops:
                    if f"{trip.trip_id}/{stop.stop_id}" not in state.visited:
                        missed = self._event("missed_stop", device, trip.planned_end, trip.planned_end)
                        missed = replace(
                            missed, event_id=f"{missed.event_id}/{stop.stop_id}", trip_id=trip.trip_id, stop_id=stop.stop_id
                        )
                        events[missed.event_id] = missed
                        visits[trip.trip_id, stop.stop_id] = Visit(
                            trip.trip_id, stop.stop_id, VisitState.missed, None, None, 0.9
                        )

    def _step(
        self,
        device: int,
        state: State,
        at_us: int,
        speed_mps: float,
        longitude_e7: int,
        events: dict[str, Event],
        visits: dict[tuple[str, str], Visit],
    ) -> None:
        if state.silent is not None:
            events[state.silent.event_id] = replace(state.silent, ended_at=from_us(at_us))
            state.silent = None
        if speed_mps > FAST_MPS and state.fast is None:
            state.fast = self._event("overspeed", device, from_us(at_us), from_us(at_us))
            events[state.fast.event_id] = state.fast
        elif speed_mps <= FAST_MPS and state.fast is not None:
            events[state.fast.event_id] = replace(state.fast, ended_at=from_us(at_us))
            state.fast = None
        for trip in self._world.trips:
            if (
                trip.device_id != self._world.devices.get(device)
                or not trip.planned_start <= from_us(at_us) <= trip.planned_end
            ):
                continue
            for stop in trip.stops:
                key = f"{trip.trip_id}/{stop.stop_id}"
                if key not in state.visited and abs(longitude_e7 - stop.place.longitude_deg * 1e7) < NEAR_E7:
                    state.visited[key] = at_us
                    visits[trip.trip_id, stop.stop_id] = Visit(
                        trip.trip_id, stop.stop_id, VisitState.serviced, from_us(at_us), None, 1.0
                    )

    def _event(self, rule: str, device: int, started_at: datetime, detected_at: datetime) -> Event:
        key = self._world.devices.get(device, str(device))
        event_id = f"{rule}/{key}/{started_at.isoformat()}"
        return Event(event_id, rule, Severity.medium, key, None, None, started_at, None, detected_at, 0.9)

    def frontier_us(self, device: int) -> int | None:
        state = self._states.get(device)
        return state.frontier_us if state else None

    def frontiers_us(self, devices: NDArray[np.int32]) -> NDArray[np.int64]:
        found = (self.frontier_us(device) for device in devices.tolist())
        return np.array([NEVER_US if moment is None else moment for moment in found], np.int64)

    def checkpoint(self, device: int) -> bytes:
        return pickle.dumps(self._states[device])

    def restore(self, device: int, checkpoint: bytes | None) -> None:
        self._states.pop(device, None)
        if checkpoint is not None:
            try:
                self._states[device] = pickle.loads(checkpoint)
            except pickle.UnpicklingError as error:
                raise InvalidInputError("checkpoint", "is unreadable") from error

    def renew(self, world: World, parameters: Parameters | None = None) -> None:
        self._world = world

    @property
    def devices(self) -> list[int]:
        with_trip = {trip.device_id for trip in self._world.trips}
        return sorted({*self._states, *(number for number, key in self._world.devices.items() if key in with_trip)})
