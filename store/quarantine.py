"""Readings that are stored and not judged until somebody has looked."""

from __future__ import annotations

from typing import Any

from domain.grades import GradeReason
from store.pool import Connection
from store.statements import statements

_SQL = statements("quarantine")


def list_quarantined(connection: Connection, reason: GradeReason | None, limit: int) -> list[dict[str, Any]]:
    """Newest received first; `reason` as its name."""
    rows = connection.execute(_SQL["list_quarantined"], {"reason": reason, "limit": limit}).fetchall()
    return [{**row, "reason": GradeReason(row.pop("grade_reason")).name} for row in rows]
