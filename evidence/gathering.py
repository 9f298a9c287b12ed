"""Reads from the database what an alert rests on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from domain.errors import NotFoundError
from domain.grades import Grade
from domain.trips import LonLat
from evidence.dossier import Dossier, NearPlace
from evidence.nearness import nearest
from store import fleet, inbox, journal, planning, rounds, sensor_log
from store.fleet import Fix, TrackWindow, VehicleKey
from store.inbox import InboxAlert
from store.pool import Connection
from store.rounds import RoundStop

EITHER_SIDE: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(hours=6)  # of an event that goes on: what is older says little about what is now
MOST_FIXES: Final = 5000
MOST_READINGS: Final = 5000
NEAR_M: Final = 1000.0
MOST_NEAR: Final = 8


def gather(connection: Connection, alert_id: int, now: datetime) -> Dossier:
    """The dossier of an alert. Raises NotFoundError."""
    alert = inbox.alert_numbered(connection, alert_id)
    event = journal.find_event(connection, alert.event_id, org_id=alert.org_id)
    if event is None:
        raise NotFoundError("event", alert.event_id)
    since, until = _span(event.started_at, event.ended_at or min(now, event.started_at + LONGEST))
    stops = _stops(connection, alert)
    return Dossier(
        alert=alert,
        started_at=event.started_at,
        ended_at=event.ended_at,
        since=since,
        until=until,
        track=tuple(_track(connection, alert, since, until)),
        readings=tuple(_readings(connection, alert, since, until)),
        near=tuple(_near(connection, alert, event.started_at, stops)),
        stops=stops,
    )


def _span(started_at: datetime, ended_at: datetime) -> tuple[datetime, datetime]:
    return max(started_at, ended_at - LONGEST) - EITHER_SIDE, ended_at + EITHER_SIDE


def _track(connection: Connection, alert: InboxAlert, since: datetime, until: datetime) -> list[Fix]:
    vehicle = VehicleKey(alert.vehicle_id, alert.org_id)
    fixes = fleet.list_positions(connection, vehicle, TrackWindow(since, until, MOST_FIXES), Grade.rejected)
    return [fix for fix in fixes if fix.longitude_deg is not None and fix.latitude_deg is not None]


def _readings(connection: Connection, alert: InboxAlert, since: datetime, until: datetime) -> list[sensor_log.SensorReading]:
    if alert.device_id is None:
        return []
    return sensor_log.readings_between(connection, alert.device_id, since, until, limit=MOST_READINGS)


def _stops(connection: Connection, alert: InboxAlert) -> tuple[RoundStop, ...]:
    trip = rounds.find_round(connection, alert.trip_id) if alert.trip_id else None
    return trip.stops if trip and trip.org_id == alert.org_id else ()


def _near(connection: Connection, alert: InboxAlert, moment: datetime, stops: tuple[RoundStop, ...]) -> list[NearPlace]:
    if alert.place is None:
        return []
    here: LonLat = (alert.place.longitude_deg, alert.place.latitude_deg)
    zones = planning.zones_between(connection, moment, moment, org_id=alert.org_id).get(alert.org_id, ())
    return nearest(here, zones, stops, within_m=NEAR_M, most=MOST_NEAR)
