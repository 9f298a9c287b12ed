"""Keeps the risk of trips up as their events change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.risk import assess
from store.alerts import ChangedEvent
from store.pool import Connection
from store.risks import clues_of, save_risks


def reassess(connection: Connection, changed: Iterable[ChangedEvent], now: datetime) -> None:
    """Weigh the evidence anew of each trip that a changed event belongs to."""
    trips = sorted({(item.org_id, item.event.trip_id) for item in changed if item.event.trip_id is not None})
    if trips:
        save_risks(connection, {trip: assess(clues) for trip, clues in clues_of(connection, trips).items()}, now)
