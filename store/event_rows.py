"""Rows of `event`, joined with the device's key, as events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.events import Event, Severity


def read_event(row: Mapping[str, Any]) -> Event:
    """The event of a row that has `device_key` beside the table's own columns."""
    return Event(
        row["event_id"],
        row["rule"],
        Severity(row["severity"]),
        row["device_key"],
        row["trip_id"],
        row["stop_id"],
        row["started_at"],
        row["ended_at"],
        row["detected_at"],
        row["confidence"],
        row["late"],
        row["supersedes"],
        row["facts"],
    )
