"""Which territories an event happened in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.zones import Zone, ZoneKind
from evidence.nearness import nearest
from store import journal, planning
from store.pool import Connection


def territories_of(connection: Connection, org_id: int, event_id: str) -> frozenset[str]:
    """The zones of kind `territory` that hold where and when the event began; none when its place is not known."""
    event = journal.find_event(connection, event_id, org_id=org_id)
    if event is None or event.place is None:
        return frozenset()
    zones = _territories(connection, org_id, event.started_at)
    around = nearest((event.place.longitude_deg, event.place.latitude_deg), zones, (), within_m=0.0, most=len(zones))
    return frozenset(place.identifier for place in around)


def _territories(connection: Connection, org_id: int, moment: datetime) -> list[Zone]:
    held: Iterable[Zone] = planning.zones_between(connection, moment, moment, org_id=org_id).get(org_id, ())
    return [zone for zone in held if zone.kind is ZoneKind.territory]
