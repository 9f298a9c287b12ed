"""Which territories an event happened in."""

from __future__ import annotations

from domain.zones import Zone, ZoneKind
from evidence.nearness import nearest
from store import journal, planning
from store.pool import Connection


class Territories:
    """Within one transaction: the zones of an organisation are read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, list[Zone]] = {}

    def of(self, org_id: int, event_id: str) -> frozenset[str]:
        """The zones of kind `territory` that hold where and when the event began; none when its place is not known."""
        event = journal.find_event(self._connection, event_id, org_id=org_id)
        if event is None or event.place is None:
            return frozenset()
        zones = [
            zone
            for zone in self._all(org_id)
            if (zone.valid_from is None or zone.valid_from <= event.started_at)
            and (zone.valid_until is None or event.started_at < zone.valid_until)
        ]
        around = nearest((event.place.longitude_deg, event.place.latitude_deg), zones, (), within_m=0.0, most=len(zones))
        return frozenset(place.identifier for place in around)

    def _all(self, org_id: int) -> list[Zone]:
        if org_id not in self._known:
            held = planning.zones_between(self._connection, None, None, org_id=org_id).get(org_id, ())
            self._known[org_id] = [zone for zone in held if zone.kind is ZoneKind.territory]
        return self._known[org_id]
