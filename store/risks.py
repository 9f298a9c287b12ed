"""The risk of trips: the clues of each, and what they came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.events import Severity
from domain.risk import Clue, Contribution, Risk
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("risks")
HABIT_WITHIN_M: Final = 75.0
TripKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class RiskOfMany:
    """What trips of one driver, vehicle or beat came to; `expected` is the sum of their probabilities."""

    subject: str
    trips: int
    expected: float
    highest: float
    suspicious: int
    worst_trips: list[str]


def clues_of(connection: Connection, trips: Collection[TripKey]) -> dict[TripKey, list[Clue]]:
    """The events of each trip, by organisation and trip; a trip without any has none."""
    wanted = {"org_ids": [org_id for org_id, _ in trips], "trip_ids": [trip_id for _, trip_id in trips]}
    found: dict[TripKey, list[Clue]] = defaultdict(list)
    for row in connection.execute(_SQL["clues"], {**wanted, "near_m": HABIT_WITHIN_M}):
        severity = Severity(row["severity"])
        clue = Clue(row["rule"], severity, row["confidence"], row["started_at"], row["ended_at"], row["is_habit"])
        found[row["org_id"], row["trip_id"]].append(clue)
    return {trip: found[trip] for trip in trips}


def save_risks(connection: Connection, risks: Mapping[TripKey, Risk], now: datetime) -> None:
    """Insert or replace the risk of each trip; of a trip that is not stored, nothing is kept."""
    rows = [
        {
            "org_id": org_id,
            "trip_id": trip_id,
            "score": risk.score,
            "contributions": [asdict(one) for one in risk.contributions],
        }
        for (org_id, trip_id), risk in risks.items()
    ]
    if rows:
        connection.execute(_SQL["save_risks"], {"rows": Jsonb(rows), "now": now})


def take_due(connection: Connection, limit: int) -> list[TripKey]:
    """Trips of which deliveries or settlements changed, each given to one caller alone."""
    return [(row["org_id"], row["trip_id"]) for row in connection.execute(_SQL["take_due"], {"limit": limit})]


def trips_between(connection: Connection, org_id: int, since: datetime, until: datetime) -> list[TripKey]:
    """An organisation's trips planned to start within a span."""
    rows = connection.execute(_SQL["trips_since"], {"org_id": org_id, "since": since, "until": until})
    return [(org_id, row["trip_id"]) for row in rows]


def risk_of_trip(connection: Connection, org_id: int, trip_id: str) -> Risk | None:
    """The risk of a trip; None when nothing has been concluded of it."""
    row = connection.execute(_SQL["risk_of_trip"], {"org_id": org_id, "trip_id": trip_id}).fetchone()
    return Risk(row["score"], tuple(Contribution(**one) for one in row["contributions"])) if row else None


def roll_up(
    connection: Connection, by: str, since: datetime, until: datetime, *, unsuspected: float, suspicious: float, limit: int
) -> list[RiskOfMany]:
    """By `driver`, `vehicle` or `beat`, the riskiest on average first; `unsuspected` is the score of a trip without events."""
    asked = {"by": by, "since": since, "until": until, "unsuspected": unsuspected, "suspicious": suspicious, "limit": limit}
    with connection.cursor(row_factory=class_row(RiskOfMany)) as cursor:
        return cursor.execute(_SQL["roll_up"], asked).fetchall()
