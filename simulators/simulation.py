"""A finished simulation: the world as planned, what devices said of it, and what really happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from math import isnan
from typing import Any, NamedTuple

import numpy as np

from domain.deliveries import Order
from domain.devices import Assignment
from domain.equipment import Equipment
from domain.observations import Position, SensorReading
from domain.suppressors import Suppressor
from domain.trips import Trip
from domain.truth import Incident, TrueVisit
from domain.zones import Zone
from simulators.fleet.fixes import NO_PLACE, Fixes, alarm_names
from simulators.moments import from_unix_us
from simulators.sensors.readings import Measured, readings_of

_CHUNK = 20_000


class NearIncident(NamedTuple):
    """What only looked like an incident, of a kind of `simulators.incidents.TEMPTS`, on some van's day."""

    kind: str
    device_id: str
    day: date


@dataclass(frozen=True)
class Simulation:
    """Everything a scenario and a seed give. `fixes` and `measured` are in the order of arrival.

    Vehicle-days are counted so that false alarms can be put in proportion.
    """

    name: str
    seed: int
    start: datetime
    end: datetime
    devices: tuple[str, ...]
    zones: tuple[Zone, ...]
    trips: tuple[Trip, ...]
    orders: tuple[Order, ...]
    fixes: Fixes
    sensor_names: tuple[str, ...]
    measured: Measured
    equipment: Equipment
    truth: tuple[Incident | TrueVisit, ...]
    vehicle_days: float
    approvals: tuple[Suppressor, ...] = ()  # what people approved beside the zones
    nearly: tuple[NearIncident, ...] = ()
    assignments: tuple[Assignment, ...] = ()  # of vans that had another tracker for a while

    def positions(self) -> Iterator[Position]:
        """The fixes as canonical readings, in the order of arrival."""
        for first in range(0, len(self.fixes), _CHUNK):
            yield from positions_of(self.fixes[first : first + _CHUNK], self.devices)

    @cached_property
    def sensors(self) -> tuple[SensorReading, ...]:
        """What was measured as canonical readings, in the order of arrival."""
        return tuple(readings_of(self.measured, self.sensor_names))


def positions_of(fixes: Fixes, devices: tuple[str, ...]) -> Iterator[Position]:
    """Rows as canonical readings."""
    columns: list[Any] = [fixes[name].tolist() for name in fixes.dtype.names or ()]
    for row in zip(*columns, strict=True):
        yield _position(row, devices)


def _position(row: tuple[Any, ...], devices: tuple[str, ...]) -> Position:
    device, fix_us, received_us, longitude_e7, latitude_e7, speed, course, accuracy, hdop, satellites = row[:10]
    valid, ignition, door, buffered, cargo, fuel, odometer, external, alarms, boot_id, seq = row[10:]
    placed = longitude_e7 != NO_PLACE
    return Position(
        device=devices[device],
        fix_time=from_unix_us(fix_us),
        received_at=from_unix_us(received_us),
        longitude_deg=longitude_e7 / 1e7 if placed else None,
        latitude_deg=latitude_e7 / 1e7 if placed else None,
        speed_mps=_number(speed),
        course_deg=_number(course),
        accuracy_m=_number(accuracy),
        hdop=_number(hdop),
        satellites=satellites if satellites >= 0 else None,
        fix_valid=_flag(valid),
        ignition=_flag(ignition),
        door_open=_flag(door),
        buffered=True if buffered == 1 else None,
        cargo_kg=_number(cargo),
        fuel_l=_number(fuel),
        odometer_m=_number(odometer),
        external_v=_number(external),
        alarms=alarm_names(alarms),
        boot_id=boot_id,
        seq=seq,
    )


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def _flag(value: int) -> bool | None:
    return None if value < 0 else value == 1


def arrival_order(fixes: Fixes) -> Fixes:
    """Rows by receipt, then device, then fix: one order, whatever order they were made in."""
    return fixes[np.lexsort((fixes["seq"], fixes["fix_us"], fixes["device"], fixes["received_us"]))]
