"""What there is to learn from: alerts that people closed, and where deliveries were proven."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from domain.learning import Point, Verdict
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("lessons")
_DEGREE: Final = 1e-7
LEAST_ACCURACY_M: Final = 50.0
DURATION: Final = "duration_s"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`."""

    since: datetime
    until: datetime


def verdicts(connection: Connection, org_id: int | None, period: Period, magnitudes: dict[str, str]) -> list[Verdict]:
    """Alerts closed within the period; `magnitudes` says by rule which fact, or DURATION, is how large its figure was.

    Without an organisation, of all that the connection may see.
    """
    asked = {"org_id": org_id, "since": period.since, "until": period.until}
    return [_verdict(row, magnitudes.get(row["rule"])) for row in connection.execute(_SQL["verdicts"], asked)]


def proven_places(connection: Connection, org_id: int, period: Period) -> dict[str, list[Point]]:
    """By outlet, where its deliveries were signed for, as far as that is known well."""
    asked = {"org_id": org_id, "since": period.since, "until": period.until, "least_accuracy_m": LEAST_ACCURACY_M}
    found: dict[str, list[Point]] = defaultdict(list)
    for row in connection.execute(_SQL["proofs"], asked):
        found[row["outlet_id"]].append((row["longitude_e7"] * _DEGREE, row["latitude_e7"] * _DEGREE))
    return dict(found)


def _verdict(row: dict[str, Any], magnitude: str | None) -> Verdict:
    place = None if row["longitude_e7"] is None else (row["longitude_e7"] * _DEGREE, row["latitude_e7"] * _DEGREE)
    day: date = row["started_at"].date()
    value = row["duration_s"] if magnitude == DURATION else row["facts"].get(magnitude)
    size = float(value) if isinstance(value, int | float) else None
    return Verdict(row["alert_id"], row["rule"], row["is_right"], day, size, place)
