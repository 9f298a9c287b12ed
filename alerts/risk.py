"""Keeps the risk of trips up as their events, deliveries and settlements change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.risk import assess
from evidence.flows import flows_of, missing_pieces
from store.alerts import ChangedEvent
from store.pool import Connection
from store.risks import TripKey, clues_of, save_risks, take_due
from store.ties import follow_lines

AT_ONCE: Final = 100


def reassess(connection: Connection, changed: Iterable[ChangedEvent], now: datetime) -> None:
    """Weigh the evidence anew of each trip that a changed event belongs to."""
    weigh(connection, {(item.org_id, item.event.trip_id) for item in changed if item.event.trip_id is not None}, now)


def reassess_due(connection: Connection, now: datetime) -> int:
    """Weigh trips anew of which deliveries or settlements changed -> how many."""
    trips = take_due(connection, AT_ONCE)
    weigh(connection, trips, now)
    return len(trips)


def weigh(connection: Connection, trips: Iterable[TripKey], now: datetime) -> None:
    """Weigh all that speaks about some trips: their events, and the pieces that are missing on their way."""
    known = sorted(set(trips))
    if not known:
        return
    missing = _missing(connection, known)
    risks = {trip: assess(clues, missing_pieces=missing.get(trip, 0)) for trip, clues in clues_of(connection, known).items()}
    save_risks(connection, risks, now)


def _missing(connection: Connection, trips: list[TripKey]) -> dict[TripKey, int]:
    return {trip: missing_pieces(flows_of(lines)) for trip, lines in follow_lines(connection, trips).items()}
