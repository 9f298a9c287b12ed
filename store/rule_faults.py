"""Rules that raised, counted by what they raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("rule_faults")
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class RuleFault:
    """How often a rule raised this, and about which device it did last."""

    rule: str
    error: str
    device_key: str
    count: int
    first_at: datetime
    last_at: datetime


def note_faults(connection: Connection, org_id: int, faults: Mapping[tuple[str, str], tuple[int, str]]) -> None:
    """Add to the counts: by rule and error, how often and of which device."""
    rows = [
        {
            "org_id": org_id,
            "rule": rule,
            "error": error.replace("\x00", "")[:_LONGEST],
            "count": count,
            "device_key": device_key,
        }
        for (rule, error), (count, device_key) in sorted(faults.items())
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL["note_fault"], rows)


def list_faults(connection: Connection, limit: int) -> list[RuleFault]:
    """The latest first."""
    with connection.cursor(row_factory=class_row(RuleFault)) as cursor:
        return cursor.execute(_SQL["list_faults"], {"limit": limit}).fetchall()
