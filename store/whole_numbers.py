"""Values of positions that are stored as whole numbers of a small unit, because those compress to a third of a float."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from store.binary_copy import Records

MISSING: Final = -(2**31)
STORED_AS: Final = {
    "course_deg": ("course_e2", 100),
    "hdop": ("hdop_e2", 100),
    "external_v": ("external_mv", 1_000),
    "battery_v": ("battery_mv", 1_000),
}
"""By SI name, the column that has it and how many of its units make one."""


def in_whole_numbers(rows: Records) -> Records:
    """Rows of dtype store.telemetry.POSITION with the columns of STORED_AS for its floats; MISSING where there is none."""
    stored = np.empty(len(rows), _stored_dtype(rows.dtype))
    for name in rows.dtype.names or ():
        column, per_unit = STORED_AS.get(name, (name, None))
        stored[column] = rows[name] if per_unit is None else _scaled(rows[name], per_unit)
    return stored


def from_whole_numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """The SI values (float or None), by name, of a stored row's whole numbers."""
    values = {name: (row[column], per_unit) for name, (column, per_unit) in STORED_AS.items()}
    return {name: None if value is None else value / per_unit for name, (value, per_unit) in values.items()}


def _scaled(values: NDArray[np.float32], per_unit: int) -> NDArray[np.int32]:
    scaled = np.rint(values.astype(np.float64) * per_unit)
    fits = np.abs(scaled) < -MISSING  # NaN does not
    return np.where(fits, scaled, MISSING).astype(np.int32)


@cache
def _stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    names = dtype.names or ()
    return np.dtype([(STORED_AS[name][0], "<i4") if name in STORED_AS else (name, dtype[name]) for name in names])
