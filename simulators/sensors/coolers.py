"""A cooled box: it leaks, the door lets warmth in, the compressor keeps up, defrosts, and now and then fails."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from domain.equipment import Cooler
from domain.truth import Incident
from simulators.compiler import kernel
from simulators.scenario import SensorsPlan
from simulators.sensors.readings import Measured, measure
from simulators.spans import spans_of
from simulators.streams import stream

LEAST_C, MOST_C, SLACK_C = 2.0, 8.0, 2.0
EXCURSION_S, DOOR_GRACE_S = 600, 600
REPORT_S = 60
SET_C = 4.5


def simulate_cooler(
    device_id: str, mounted_on: str, plan: SensorsPlan, start: datetime, door_open: list[NDArray[np.bool_]], seed: int
) -> tuple[Cooler, list[Measured], list[Incident]]:
    """A box over some days, one array of door states by second for each."""
    rng = stream(seed, "cooler", device_id)
    inside_c, first_seq = SET_C, 1
    readings: list[Measured] = []
    incidents: list[Incident] = []
    for day, door in enumerate(door_open):
        day_start = start + timedelta(days=day)
        second = np.arange(len(door))
        outside_c = 27.0 + 5.0 * np.sin((second / 3600 + day_start.hour - 9.0) / 24 * 2 * np.pi)
        power = _power(len(door), plan, rng)
        box_c = box_temperature(door, outside_c, power, inside_c)
        inside_c = float(box_c[-1])
        told = second[int(rng.integers(REPORT_S)) :: REPORT_S]
        measured_c = box_c[told] + rng.normal(0, 0.08, len(told))
        readings.append(measure(day_start, told, rng, first_seq=first_seq, temperature_c=measured_c, door_open=door[told]))
        first_seq += len(told)
        for begin, end in excursions(box_c, door):
            since, until = (day_start + timedelta(seconds=moment) for moment in (begin, end))
            incidents.append(Incident("temperature_excursion", device_id, None, None, since, until))
    return Cooler(device_id, mounted_on, LEAST_C, MOST_C), readings, incidents


def _power(count: int, plan: SensorsPlan, rng: np.random.Generator) -> NDArray[np.float64]:
    """What the compressor gives, as a share: none while defrosting for minutes, or broken for an hour or two."""
    power = np.ones(count)
    for begin in range(int(rng.integers(6 * 3600)), count, 6 * 3600):
        power[begin : begin + int(rng.integers(240, 480))] = 0.0
    if rng.random() < plan.cooler_failure:
        begin = int(rng.uniform(0.1, 0.7) * count)
        power[begin : begin + int(rng.integers(5400, 10_800))] = 0.0
    return power


@kernel
def box_temperature(
    door_open: NDArray[np.bool_], outside_c: NDArray[np.float64], power: NDArray[np.float64], start_c: float
) -> NDArray[np.float64]:
    """Air in the box by second: Newton's law for walls and door, a thermostat with a degree of play for the compressor."""
    inside = np.empty(len(door_open))
    now, running = start_c, False
    for i in range(len(door_open)):
        running = now > 4.0 if running else now > 5.0
        gain = (outside_c[i] - now) * (1.0 / 6000.0 + (1.0 / 2400.0 if door_open[i] else 0.0))
        now += gain - (0.014 * power[i] if running else 0.0)
        inside[i] = now
    return inside


def excursions(box_c: NDArray[np.float64], door_open: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Spans outside the band by more than two degrees for ten minutes that no door within ten minutes explains."""
    outside = (box_c > MOST_C + SLACK_C) | (box_c < LEAST_C - SLACK_C)
    opened = np.concatenate([[0], np.cumsum(door_open)])
    since = np.maximum(np.arange(1, len(opened)) - DOOR_GRACE_S, 0)
    lately = opened[1:] > opened[since]
    return [(begin, end) for begin, end in spans_of(outside) if (~lately[begin:end]).sum() >= EXCURSION_S]
