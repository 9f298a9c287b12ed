"""Stored days judged again with other parameters. Nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from geofence.engine import Engine
from geofence.handover import Handovers, turns_of
from geofence.history import Judgement, judge
from geofence.parameters import Parameters
from geofence.rows import ALARM_BITS, ROW, to_us
from geofence.rulebook import CATALOGUE, JUDGED_ELSEWHERE
from geofence.worker.plans import TRIP_SPAN
from geofence.worker.settings import parameters_of
from geofence.world import World
from store.conclusions import Judged, events_between
from store.lanes import registered_devices
from store.mounts import shared_mounts
from store.parameters import settings
from store.planning import trips_between, zones_between
from store.pool import Connection
from store.reading_log import newest_cursor, rows_of_devices
from store.suppressors import approved_between
from store.trip_orders import trip_orders_between

LEAD: Final = timedelta(days=1)
"""How long before the first day rows are judged for, so that it begins with the state that it began with."""
DEVICES_AT_ONCE: Final = 100


@dataclass(slots=True)
class Difference:
    """The events of one rule: how many there were and would be, and which of them are not the same."""

    then: int = 0
    now: int = 0
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def backtest(
    connection: Connection,
    org_id: int,
    since: datetime,
    until: datetime,
    parameters: Parameters,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Difference]:
    """By rule, the stored events that began from `since` until `until` against those that other parameters would give.

    `parameters` are laid over those that are stored. `progress` is told of (devices done, of all). Raises InvalidInputError for
    parameters that the rule book does not allow.
    """
    parameters.check(CATALOGUE)
    held = events_between(connection, org_id, since, until)
    then = {event_id: rule for event_id, rule in held.items() if rule not in JUDGED_ELSEWHERE}
    stored = parameters_of(settings(connection, org_id=org_id)).get(org_id, Parameters())
    laid_over = stored.overlaid(parameters, str(org_id))
    judged = Judgement()
    for judgement in _judgements(connection, org_id, since, until, laid_over, progress):
        judged.add(judgement)
    now = {event.event_id: event.rule for event in judged.held().values() if since <= event.started_at < until}
    found: dict[str, Difference] = defaultdict(Difference)
    for event_id, rule in then.items():
        found[rule].then += 1
        if event_id not in now:
            found[rule].lost.append(event_id)
    for event_id, rule in now.items():
        found[rule].now += 1
        if event_id not in then:
            found[rule].gained.append(event_id)
    return dict(sorted(found.items()))


def _judgements(
    connection: Connection,
    org_id: int,
    since: datetime,
    until: datetime,
    parameters: Parameters,
    progress: Callable[[int, int], None],
) -> Iterator[Judgement]:
    devices = [device for device, _ in registered_devices(connection) if device.org_id == org_id]
    zones = zones_between(connection, since - LEAD, until, org_id=org_id).get(org_id, ())
    trips = trips_between(connection, since - LEAD - TRIP_SPAN, until, org_id=org_id).get(org_id, ())
    approved = approved_between(connection, since - LEAD - TRIP_SPAN, until, org_id=org_id).get(org_id, ())
    orders = trip_orders_between(connection, since - LEAD - TRIP_SPAN, until, org_id=org_id).get(org_id, ())
    mounts = shared_mounts(connection, since - LEAD - TRIP_SPAN, org_id=org_id).get(org_id, ())
    numbers = {device.key: device.device_id for device in devices}
    handovers = Handovers(turns_of(trips, numbers, mounts, parameters, str(org_id)))
    for first in range(0, len(devices), DEVICES_AT_ONCE):
        group = devices[first : first + DEVICES_AT_ONCE]
        keys = {device.device_id: device.key for device in group}
        theirs = tuple(trip for trip in trips if trip.device_id in keys.values())
        world = World(zones, theirs, keys, dict.fromkeys(keys, org_id), approved, orders)
        yield _judge(connection, Engine(world, parameters), group, (since - LEAD, until), handovers)
        progress(first + len(group), len(devices))


def _judge(
    connection: Connection, engine: Engine, group: list[Judged], span: tuple[datetime, datetime], handovers: Handovers
) -> Judgement:
    spans = {device.device_id: span for device in group}
    rows = rows_of_devices(connection, handovers.sources(spans), newest_cursor(connection), ROW, ALARM_BITS)
    judgement = Judgement()
    told = handovers.within(handovers.tracked(rows), spans)
    for _, conclusions in judge(engine, told, to_us(span[1]), handovers.changes):
        judgement.take(conclusions)
    return judgement
