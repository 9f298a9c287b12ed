"""What comes onto a van: the movements in the ledger, from the depot onto it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from api.access import Access
from store import stock
from store.journeys import Journey
from store.pool import Connection
from store.stock import Cause, Movement, Place, PlaceKind


def put_on_van(
    caller: Access,
    connection: Connection,
    journey: Journey,
    pieces: dict[str, int] | Counter[str],
    what: tuple[Cause, str, datetime],
) -> int:
    """Book pieces by product from the trip's depot onto its van, by cause, reference and time; how many lines were new."""
    cause, ref, at = what
    depot, van = Place(PlaceKind.depot, journey.depot_id or "depot"), Place(PlaceKind.van, journey.vehicle_id)
    movements = [
        line
        for product, count in pieces.items()
        for line in stock.between(
            depot,
            van,
            Movement(moved_at=at, place=van, product_id=product, pieces=count, cause=cause, ref=ref, trip_id=journey.trip_id),
        )
    ]
    return stock.move(connection, journey.org_id, caller.actor, movements)
