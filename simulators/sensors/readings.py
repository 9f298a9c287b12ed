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
    late_s = np.round(1.5 * np.exp(rng.normal(0, 0.6, len(second))), 3)
    return [
        SensorReading(
            device=device_id,
            measured_at=day_start + timedelta(seconds=int(second[i])),
            received_at=day_start + timedelta(seconds=int(second[i]) + float(late_s[i])),
            weight_g=None if weight_g is None else round(float(weight_g[i]), 1),
            temperature_c=None if temperature_c is None else round(float(temperature_c[i]), 2),
            door_open=None if door_open is None else bool(door_open[i]),
            battery_v=round(3.62 - 1e-6 * (first_seq + i), 3),
            seq=first_seq + i,
        )
        for i in range(len(second))
    ]
