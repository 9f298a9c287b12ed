"""Alerts: what people are told, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.events import Severity


class AlertState(StrEnum):
    """`acknowledged` means that somebody looks after it."""

    open = "open"
    acknowledged = "acknowledged"
    resolved = "resolved"


class Resolution(StrEnum):
    """Why an alert is no more: a person's judgement, or by itself."""

    confirmed = "confirmed"
    false = "false"
    ended = "ended"
    superseded = "superseded"


SEVERITIES = tuple(Severity)
"""Least first."""


def is_at_least(severity: Severity, least: Severity) -> bool:
    """Whether `severity` matters as much as `least` or more."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


@dataclass(frozen=True, slots=True)
class AlertKey:
    """At most one alert that is not resolved has these: what rule, about what or whom, on which trip."""

    org_id: int
    rule: str
    subject: str
    trip_id: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as its life cycle sees it. `alert_id` is 0 until it is stored."""

    alert_id: int
    key: AlertKey
    stop_id: str | None
    device_id: int | None
    severity: Severity
    state: AlertState
    late: bool  # found by data that came late: nobody is paged for it
    event_id: str  # the newest event of it
    started_at: datetime  # of its first event
    opened_at: datetime
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: Resolution | None = None
    reason: str | None = None
    reopened_count: int = 0
    escalation_level: int = 0
    escalate_at: datetime | None = None
    snoozed_until: datetime | None = None
    storm_id: int | None = None
