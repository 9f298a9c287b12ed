"""Halts at one place that return over days: a habit, and no accident."""

from __future__ import annotations

from domain.truth import Incident

DISTINCT_DAYS = 3


def collusions(device_id: str, meetings: list[Incident]) -> list[Incident]:
    """One incident over all meetings of a van at its remote place, from the third day on that there was one."""
    if len({meeting.started_at.date() for meeting in meetings}) < DISTINCT_DAYS:
        return []
    ended = max(meeting.ended_at or meeting.started_at for meeting in meetings)
    return [Incident("collusion_cluster", device_id, None, None, min(meeting.started_at for meeting in meetings), ended)]
