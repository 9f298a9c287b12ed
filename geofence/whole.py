"""All rules over all that is known, at once: what `judge` prints and what detection is measured by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np

from domain.deliveries import Order
from domain.equipment import Equipment
from domain.observations import Position, SensorReading
from domain.trips import Trip
from domain.zones import Zone
from geofence.afterwards import Records, judge_afterwards
from geofence.history import Judgement
from geofence.parameters import Parameters
from geofence.rows import Rows, to_us
from geofence.rules.clock_fault import Stamp, suspects
from geofence.sensing.engine import SensorEngine, SensorWorld, fitted_by_device
from geofence.sensing.history import SensorJudgement, SensorReplay, judge_samples
from geofence.sensing.samples import SAMPLE, samples_of, samples_of_positions


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was planned, fitted and written down, and what was reported beside the rows that the positions' engine judges.

    Of `positions` only those of `positions_wanted` are needed.
    """

    zones: Sequence[Zone] = ()
    trips: Sequence[Trip] = ()
    orders: Sequence[Order] = ()
    equipment: Equipment = field(default_factory=Equipment)
    positions: Sequence[Position] = ()
    readings: Sequence[SensorReading] = ()


def positions_wanted(rows: Rows, devices: Mapping[int, str], equipment: Equipment) -> set[str]:
    """Whose positions other rules want: assets' and cooled boxes', and those of devices with odd clocks.

    `devices`: number in `rows` -> key.
    """
    odd = suspects(rows["device"], rows["fix_time_us"], rows["seq"], rows["received_at_us"], rows["odometer_m"])
    return {devices[number] for number in odd} | _trackers(equipment)


def _trackers(equipment: Equipment) -> set[str]:
    """Devices whose positions are samples: locators, and trackers with a probe in a box."""
    return {asset.device_id for asset in equipment.assets} | {cooler.device_id for cooler in equipment.coolers}


def complete(judged: Judgement, evidence: Evidence, parameters: Parameters, *, as_arrived: bool = False) -> Judgement:
    """Add to what the positions' engine concluded what all other rules conclude.

    `as_arrived` takes the sensors' readings one after the other, correcting, to the same end.
    """
    sensed = judge_sensors(evidence, parameters, as_arrived=as_arrived)
    records = Records(evidence.trips, evidence.orders, evidence.zones, stamps_of(evidence))
    rest = judge_afterwards(judged.held().values(), records, parameters)
    events = judged.events | sensed.events | {event.event_id: event for event in rest}
    return Judgement(events, judged.visits, [*judged.faults, *sensed.faults], judged.alike)


def judge_sensors(evidence: Evidence, parameters: Parameters, *, as_arrived: bool = False) -> SensorJudgement:
    """What the sensors of the equipment say."""
    fitted = fitted_by_device(evidence.equipment)
    numbers = {key: number for number, key in enumerate(sorted(fitted), 1)}
    trackers = {device: numbers[device] for device in _trackers(evidence.equipment)}
    samples = np.concatenate(
        (np.empty(0, SAMPLE), samples_of(evidence.readings, numbers), samples_of_positions(evidence.positions, trackers))
    )
    engine = SensorEngine(SensorWorld(evidence.equipment, {number: key for key, number in numbers.items()}), parameters)
    return SensorReplay(engine).run(samples) if as_arrived else judge_samples(engine, samples)


def stamps_of(evidence: Evidence) -> dict[str, list[Stamp]]:
    """The time stamps of the devices whose clocks are worth looking at."""
    found: dict[str, list[Stamp]] = defaultdict(list)
    readings: list[Position | SensorReading] = [*evidence.positions, *evidence.readings]
    for reading in readings:
        at = reading.fix_time if isinstance(reading, Position) else reading.measured_at
        if at is not None and reading.received_at is not None:
            seq = -1 if reading.seq is None else reading.seq
            rolled_m = reading.odometer_m if isinstance(reading, Position) and reading.odometer_m is not None else nan
            stamp = Stamp(to_us(reading.received_at), to_us(at), seq, reading.boot_id, bool(reading.buffered), rolled_m)
            found[reading.device].append(stamp)
    return {device: stamps for device, stamps in found.items() if _are_odd(stamps)}


def _are_odd(stamps: Sequence[Stamp]) -> bool:
    columns = np.array([(stamp.at_us, stamp.seq, stamp.received_us) for stamp in stamps], np.int64)
    odometer_m = np.array([stamp.odometer_m for stamp in stamps], np.float64)
    return bool(suspects(np.zeros(len(stamps), np.int32), columns[:, 0], columns[:, 1], columns[:, 2], odometer_m))
