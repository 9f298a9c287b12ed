"""Reads what is around the readings of an organisation's devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from own_rules.facts import LEAD, OVERRUN, Around, Mounting, PlannedTrip
from own_rules.hours import zone_of
from own_rules.judging import ActiveRule
from own_rules.places import Places
from store import own_rule_progress
from store.planning import zones_between
from store.pool import Connection

MARGIN: Final = timedelta(days=1)
_OF_ZONES: Final = frozenset({"zones", "zone_kinds"})


class ZoneBook:
    """The zones of organisations, read again only when they changed or an earlier time is asked for."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[datetime, Places]] = {}

    def forget(self, org_ids: Iterable[int]) -> None:
        """What these organisations planned has changed."""
        for org_id in org_ids:
            self._known.pop(org_id, None)

    def places(self, connection: Connection, org_id: int, since: datetime) -> Places:
        """The zones that held at some moment since then."""
        known = self._known.get(org_id)
        if known is None or since < known[0]:
            zones = zones_between(connection, since - MARGIN, None, org_id=org_id).get(org_id, ())
            known = self._known[org_id] = (since - MARGIN, Places(zones))
        return known[1]


def asks_for_zones(rules: Iterable[ActiveRule]) -> bool:
    """Whether any of the rules reads the facts that need zones."""
    return any(rule.program.names & _OF_ZONES for rule in rules)


def read_around(
    connection: Connection,
    org_id: int,
    devices: Collection[int],
    span: tuple[datetime, datetime],
    clock: str,
    places: Places | None,
) -> Around:
    """What the facts of devices need between two moments. `clock` names the organisation's time zone."""
    trips: dict[int, list[PlannedTrip]] = defaultdict(list)
    for row in own_rule_progress.trips_of(connection, org_id, devices, span[0] - OVERRUN, span[1] + LEAD):
        trips[row["device_id"]].append(PlannedTrip(row["trip_id"], row["planned_start"], row["planned_end"]))
    mountings: dict[int, list[Mounting]] = defaultdict(list)
    for row in own_rule_progress.mountings_of(connection, devices):
        mountings[row["device_id"]].append(Mounting(row["vehicle_id"], row["since"], row["until"]))
    return Around(zone_of(clock), places, trips, mountings)
