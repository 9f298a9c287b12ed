"""What the engine hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from domain.events import Event, Visit
from geofence.alike import Alike


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An event that the passing of time proved wrong, such as a suspected missed stop that was served after all.

    The event itself is in `Conclusions.events` once more, ended at `at` and with `facts["withdrawn"]` = `reason`; the final set
    of a judgement leaves it out, and its alert resolves itself.
    """

    event_id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that raised. It was isolated: the device's other rules went on, this rule forgot what it knew of the device."""

    rule: str
    device_id: str
    error: str


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What one call concluded, in order, zones entered and left last. An `event_id` occurs at most once, in its latest form,
    and so does a stop.

    `grades` and `reasons` have one entry per given row (see geofence.grading).
    """

    events: list[Event] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    withdrawn: list[Withdrawal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    grades: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    reasons: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    alike: list[Alike] = field(default_factory=list)  # what may excuse events, of this device and of others (geofence.alike)
    counts: Mapping[str, int] = field(default_factory=dict)  # facts by kind, for metrics
