"""Fields of stops and visits as arrays of their own: a value of one is read ten times as quickly as from a record."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class StopColumns(NamedTuple):
    """Fields of plan.STOP, each of shape (stops,)."""

    radius_m: NDArray[np.float64]
    along_m: NDArray[np.float64]
    need_s: NDArray[np.float64]
    long_s: NDArray[np.float64]
    service_s: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    opens_us: NDArray[np.int64]
    closes_us: NDArray[np.int64]


class VisitColumns(NamedTuple):
    """Fields of state.VISIT that rules keep, each of shape (stops,). They are views: to write to one changes the visit."""

    state: NDArray[np.uint8]
    marks: NDArray[np.uint16]
    confidence: NDArray[np.uint8]
    served_n: NDArray[np.int16]
    came_ms: NDArray[np.int32]
    went_ms: NDArray[np.int32]
    dwell_s: NDArray[np.float32]
    away_m: NDArray[np.float32]
    risk_s: NDArray[np.int32]
    eta_min: NDArray[np.uint16]


def stop_columns(stops: NDArray[Any]) -> StopColumns:
    """Of an array of plan.STOP."""
    return StopColumns._make([stops[name] for name in StopColumns._fields])


def visit_columns(visits: NDArray[Any]) -> VisitColumns:
    """Of an array of state.VISIT."""
    return VisitColumns._make([visits[name] for name in VisitColumns._fields])
