"""Fields of stops and visits as arrays of their own: a value of one is read ten times as quickly as from a record."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray


class StopColumns(NamedTuple):
    """Fields of plan.STOP, each of shape (stops,)."""

    radius_m: NDArray[Any]
    along_m: NDArray[Any]
    need_s: NDArray[Any]
    long_s: NDArray[Any]
    service_s: NDArray[Any]
    lon: NDArray[Any]
    lat: NDArray[Any]
    opens_us: NDArray[Any]
    closes_us: NDArray[Any]


class VisitColumns(NamedTuple):
    """Fields of state.VISIT that rules keep, each of shape (stops,). They are views: to write to one changes the visit."""

    state: NDArray[Any]
    marks: NDArray[Any]
    confidence: NDArray[Any]
    served_n: NDArray[Any]
    came_ms: NDArray[Any]
    went_ms: NDArray[Any]
    dwell_s: NDArray[Any]
    away_m: NDArray[Any]
    risk_s: NDArray[Any]
    eta_min: NDArray[Any]


def stop_columns(stops: NDArray[Any]) -> StopColumns:
    """Of an array of plan.STOP."""
    return StopColumns._make([stops[name] for name in StopColumns._fields])


def visit_columns(visits: NDArray[Any]) -> VisitColumns:
    """Of an array of state.VISIT."""
    return VisitColumns._make([visits[name] for name in VisitColumns._fields])
