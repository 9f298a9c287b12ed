"""What the worker tells Prometheus."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prometheus_client import Counter, Gauge

from geofence.worker.cohort import Step

_ROWS: Final = Counter("beatwatch_geofence_rows", "positions judged")
_SAMPLES: Final = Counter("beatwatch_geofence_samples", "readings of sensors judged")
_CONCLUSIONS: Final = Counter("beatwatch_geofence_conclusions", "events and visits stored")
_REBUILT: Final = Counter("beatwatch_geofence_rebuilt_devices", "devices rebuilt from a checkpoint")
_FAULTS: Final = Counter("beatwatch_geofence_rule_faults", "rules that raised", ["rule"])
_LAG: Final = Gauge("beatwatch_geofence_lag_seconds", "from storing the newest judged batch to having judged it")


def count_step(step: Step, now: datetime) -> None:
    """Add one step."""
    _ROWS.inc(step.rows)
    _SAMPLES.inc(step.samples)
    _CONCLUSIONS.inc(step.events)
    _REBUILT.inc(step.rebuilt)
    for rule in step.faults:
        _FAULTS.labels(rule).inc()
    if step.stored_at is not None:
        _LAG.set(max(0.0, (now - step.stored_at).total_seconds()))
