"""Columns of measurements as readings, with a link that is a little late and a battery that runs down."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from domain.observations import SensorReading

Floats = NDArray[np.float64]


def readings_of(
    device_id: str,
    day_start: datetime,
    second: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    first_seq: int,
    weight_g: Floats | None = None,
    temperature_c: Floats | None = None,
    door_open: NDArray[np.bool_] | None = None,
) -> list[SensorReading]:
    """One reading for each second of the day; columns are (n,) like `second`."""
    count = len(second)
    late_s = np.round(1.5 * np.exp(rng.normal(0, 0.6, count)), 3)
    moments = second.tolist()
    weights = [None] * count if weight_g is None else [round(one, 1) for one in weight_g.tolist()]
    degrees = [None] * count if temperature_c is None else [round(one, 2) for one in temperature_c.tolist()]
    doors = [None] * count if door_open is None else door_open.tolist()
    rows = zip(moments, late_s.tolist(), weights, degrees, doors, range(first_seq, first_seq + count), strict=True)
    return [
        SensorReading(
            device=device_id,
            measured_at=day_start + timedelta(seconds=moment),
            received_at=day_start + timedelta(seconds=moment + late),
            weight_g=weight,
            temperature_c=degree,
            door_open=door,
            battery_v=round(3.62 - 1e-6 * seq, 3),
            seq=seq,
        )
        for moment, late, weight, degree, door, seq in rows
    ]
