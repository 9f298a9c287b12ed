"""Excusing what the whole fleet does, whichever worker judges which of its devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.events import Event
from geofence.alike import EXCUSABLE, Alike, excused
from geofence.rows import from_us, to_us
from geofence.worker.corrections import Correction, Produced
from store.alike import AlikeRow, lock_alike, replace_alike, spots_of_events, weigh
from store.conclusions import Judged
from store.pool import Connection

SPAN: Final = timedelta(days=1)
"""How far apart in time things may be that excuse each other: the most that any parameter allows."""


class Fleetwide:
    """One organisation's part of what a step stores. Made before the step writes any event, settled after.

    Where nothing of the step can be excused or excuse, it does nothing.
    """

    def __init__(
        self,
        connection: Connection,
        org_id: int,
        devices: Mapping[str, Judged],
        produced: Produced,
        correction: Correction,
        sinces: Mapping[int, datetime],
    ) -> None:
        """Take the organisation's lock, where it will be needed, before any row of an event is."""
        self._connection, self._org_id, self._sinces = connection, org_id, sinces
        told = (one for one in produced.alike.values() if one.device_id in devices)
        self._rows = [_row(one, devices[one.device_id].device_id) for one in told]
        self._event_ids = _excusable((*produced.events.values(), *correction.events, *correction.overturned))
        self._concerns = bool(self._rows or self._event_ids or sinces)
        if self._concerns:
            lock_alike(connection, org_id)

    def settle(self) -> None:
        """Store what devices did, and excuse events, or hold them again."""
        if not self._concerns:
            return
        changed = replace_alike(self._connection, self._org_id, self._rows, self._sinces)
        if self._event_ids:
            changed += spots_of_events(self._connection, self._org_id, self._event_ids)
        weigh(self._connection, self._org_id, changed, SPAN, _weighed)


def _excusable(events: Iterable[Event]) -> set[str]:
    return {event.event_id for event in events if event.rule in EXCUSABLE}


def _weighed(rows: Sequence[AlikeRow]) -> set[str]:
    return excused([_alike(row) for row in rows])


def _row(one: Alike, device_id: int) -> AlikeRow:
    return AlikeRow(
        one.alike_id,
        one.kind,
        device_id,
        one.device_id,
        from_us(one.at_us),
        from_us(one.decided_us),
        one.longitude_e7,
        one.latitude_e7,
        one.event_id,
        one.vehicles,
        one.within_m,
        one.within_s,
        one.course_deg,
    )


def _alike(row: AlikeRow) -> Alike:
    return Alike(
        row.alike_id,
        row.kind,
        row.device_key,
        to_us(row.at),
        to_us(row.decided_at),
        row.longitude_e7,
        row.latitude_e7,
        row.event_id,
        row.vehicles,
        row.within_m,
        row.within_s,
        row.course_deg,
    )
