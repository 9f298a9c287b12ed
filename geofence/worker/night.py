"""What is looked for beside the stream: clocks every minute, habits of weeks every night of event time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain.events import Event
from domain.zones import Zone
from geofence.afterwards import approved_places
from geofence.parameters import Parameters
from geofence.rows import to_us
from geofence.rulebook import resolve
from geofence.rules import collusion_cluster
from geofence.rules.collusion_cluster import SOURCES, find_clusters, odd_halts
from geofence.worker.clock_watch import ClockWatch
from geofence.worker.settings import parameters_of
from store import night
from store.conclusions import Judged, put_events, supersede_events, tell_concluded
from store.lanes import LANES, registered_devices
from store.night import Told
from store.parameters import settings
from store.planning import zones_between
from store.pool import Connection

NIGHT_ENDS: Final = timedelta(hours=2)
"""A day is looked back at when the next one is this old, by UTC."""
LOOK_EVERY: Final = timedelta(seconds=60)


class NightWatch:
    """Looks back for the organisations whose turn it is, where one of our lanes stands for theirs."""

    def __init__(self) -> None:
        self._watched: dict[int, datetime] | None = None
        self._ran_at: datetime | None = None
        self._clocks = ClockWatch()

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to look whether there is anything to do."""
        return self._ran_at is None or self._clocks.has_more or not timedelta(0) <= now - self._ran_at < LOOK_EVERY

    def run(self, connection: Connection, now: datetime, newest: Mapping[int, datetime], lanes: Collection[int]) -> int:
        """Look back -> how many events changed. `newest` is each organisation's event time; lane 0 sees to all clocks."""
        self._ran_at = now
        count = 0
        parameters = parameters_of(settings(connection))
        if 0 in lanes:
            devices = {device.device_id: device for device, _ in registered_devices(connection)}
            count += self._clocks.look(connection, devices, parameters)
        for org_id, until in self._nights_due(connection, newest, lanes).items():
            zones = zones_between(connection, until, None, org_id=org_id).get(org_id, ())
            now_held = parameters.get(org_id, Parameters()).at(to_us(until))
            count += self.watch_habits(connection, org_id, until, zones, now_held)
        return count

    def _nights_due(
        self, connection: Connection, newest: Mapping[int, datetime], lanes: Collection[int]
    ) -> dict[int, datetime]:
        """Up to when to look back, for each organisation whose event time has passed another night."""
        if self._watched is None:
            self._watched = night.watched_until(connection)
        due = {}
        for org_id, at in newest.items():
            until = (at - NIGHT_ENDS).replace(hour=0, minute=0, second=0, microsecond=0)
            watched = self._watched.get(org_id)
            if org_id % LANES in lanes and (watched is None or watched < until):
                due[org_id] = until
        return due

    def watch_habits(
        self, connection: Connection, org_id: int, until: datetime, zones: Iterable[Zone], parameters: Parameters
    ) -> int:
        """Look for habits in the weeks before a moment -> how many events were stored."""
        values = resolve(parameters, str(org_id), None)
        since = until - 2 * timedelta(days=values[f"{collusion_cluster.NAME}.days"])
        told = night.events_of_rules(connection, org_id, sorted(SOURCES), since, until)
        known = night.events_of_rules(connection, org_id, [collusion_cluster.NAME], since, until)
        devices = {one.event.device_id: Judged(one.device_id, org_id, one.event.device_id) for one in (*told, *known)}
        found = _named_as_known(find_clusters(_with_people(told), values, approved_places(zones)), known)
        put_events(connection, devices, found)
        kept = {event.event_id for event in found}
        gone = [one.event.event_id for one in known if one.event.started_at >= since and one.event.event_id not in kept]
        supersede_events(connection, org_id, gone, "late_data")
        night.note_watched(connection, org_id, until)
        self._watched = {**(self._watched or {}), org_id: until}
        if found or gone:
            tell_concluded(connection, [org_id])
        return len(found) + len(gone)


def _with_people(told: Sequence[Told]) -> list[collusion_cluster.OddHalt]:
    who = {one.event.event_id: one for one in told}
    halts = []
    for halt in odd_halts(one.event for one in told):
        one = who[halt.event_id]
        people = {"driver": one.driver_id, "vehicle": one.vehicle_id}
        halts.append(replace(halt, who={kind: name for kind, name in people.items() if name is not None}))
    return halts


def _named_as_known(found: Iterable[Event], known: Iterable[Told]) -> list[Event]:
    """A habit that goes on keeps its name and its beginning, also when its first halts are older than what was read."""
    result = []
    for event in found:
        halts = set(event.facts["event_ids"])
        for one in known:
            same = (
                one.event.facts.get("subject") == event.facts["subject"] and one.event.facts.get("name") == event.facts["name"]
            )
            if same and halts & set(one.event.facts.get("event_ids", ())):
                begin, at = one.event.started_at, one.event.detected_at
                event = replace(event, event_id=one.event.event_id, started_at=min(begin, event.started_at), detected_at=at)  # noqa: PLW2901
                break
        result.append(event)
    return result
