"""One order for trips and for truth, whatever order they were made in."""

from __future__ import annotations

from datetime import datetime

from domain.trips import Trip
from domain.truth import Incident, TrueVisit


def trip_order(trip: Trip) -> tuple[datetime, str]:
    """By planned start."""
    return trip.planned_start, trip.trip_id


def truth_order(line: Incident | TrueVisit) -> tuple[bool, str, str, str]:
    """Incidents by their beginning, then visits by trip."""
    if isinstance(line, TrueVisit):
        return True, line.trip_id, line.stop_id, ""
    return False, line.started_at.isoformat(), line.rule, f"{line.device_id} {line.trip_id} {line.stop_id}"
