"""What is planned: zones with their versions, outlets, trips with stops and proofs.

Functions that take a `connection` leave the transaction to the caller, so that many records go in together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import psycopg
from psycopg.rows import DictRow
from psycopg.types.range import Range

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.validity import check_proof, check_trip, check_zone
from domain.zones import Zone
from store.planning_rows import (
    as_stored,
    proof_row,
    read_circle,
    read_proof,
    read_stop,
    read_trip,
    read_zone,
    stop_row,
    trip_row,
    zone_row,
)
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("planning")
T = TypeVar("T")
_LEAST_VISITS: Final = 5  # that say how long an outlet usually takes
_OPEN_STATES: Final = frozenset({"planned", "loading", "load_confirmed"})  # the plan is frozen at dispatch


@dataclass(frozen=True, slots=True)
class Outlet:
    """A shop, with the circle that its pin and radius make."""

    outlet_id: str
    name: str
    place: Circle


def save_zone(connection: Connection, org_id: int, zone: Zone) -> bool:
    """Let `zone` hold from its `valid_from` until its `valid_until`; other versions keep what is left of their spans.

    Returns whether anything changed. Raises InvalidInputError naming the field.
    """
    check_zone(zone)
    _check_rings(zone)
    row = zone_row(org_id, zone)
    same = connection.execute(_SQL["same_zone_version"], row).fetchone()
    if same is not None and same["is_stored"]:
        return False
    _clear_span(connection, row)
    connection.execute(_SQL["insert_zone_version"], row)
    return True


def retire_zone(connection: Connection, org_id: int, zone_id: str, *, since: datetime) -> None:
    """Let no version of the zone hold from `since` on. Raises NotFoundError when none would have held then or later."""
    span = {"org_id": org_id, "zone_id": zone_id, "valid": Range(since, None)}
    if not any(zone.zone_id == zone_id for zone in zones_between(connection, since, None, org_id=org_id).get(org_id, ())):
        raise NotFoundError("zone", zone_id)
    _clear_span(connection, span)


def zones_between(
    connection: Connection, since: datetime | None, until: datetime | None, *, org_id: int | None = None
) -> dict[int, tuple[Zone, ...]]:
    """Every version, by organisation, that held at some moment of the span; `None` leaves the span open at that end."""
    rows = connection.execute(_SQL["zones_between"], {"since": since, "until": until, "org_id": org_id})
    return _by_organisation((row["org_id"], read_zone(row)) for row in rows)


def outlets(connection: Connection, org_id: int) -> list[Outlet]:
    """All outlets of an organisation by identifier."""
    rows = connection.execute(_SQL["outlets"], {"org_id": org_id})
    return [Outlet(row["outlet_id"], row["name"], read_circle(row)) for row in rows]


def is_trip(connection: Connection, org_id: int, trip_id: str) -> bool:
    """Whether an organisation has a trip of that name."""
    return connection.execute(_SQL["lock_trip"], {"org_id": org_id, "trip_id": trip_id}).fetchone() is not None


def save_trip(connection: Connection, org_id: int, trip: Trip) -> bool:
    """Insert or replan a trip with its stops, and add its proofs; a proof that is stored stays stored.

    Returns whether anything changed; each new plan is a new revision. Raises InvalidInputError naming the field (a device that
    is not registered is `device_id`) and ConflictError when the plan of a dispatched trip would change.
    """
    check_trip(trip)
    state = connection.execute(_SQL["lock_trip"], {"org_id": org_id, "trip_id": trip.trip_id}).fetchone()
    stored = None if state is None else trip_named(connection, org_id, trip.trip_id)
    rounded = as_stored(trip)
    is_replanned = stored is None or _as_given(stored, rounded) != replace(rounded, proofs=())
    if is_replanned:
        if state is not None and state["state"] not in _OPEN_STATES:
            raise ConflictError(f"trip {trip.trip_id!r} is {state['state']}: its plan was frozen at dispatch")
        _save_plan(connection, org_id, _with_outlets(connection, org_id, trip))
    known = set() if stored is None else set(stored.proofs)
    added = [proof for proof in rounded.proofs if proof not in known]
    for proof in added:
        connection.execute(_SQL["upsert_proof"], proof_row(org_id, trip.trip_id, proof))
    return is_replanned or bool(added)


def save_proof(connection: Connection, org_id: int, trip_id: str, proof: Proof) -> None:
    """Add a proof of delivery to a trip. Raises NotFoundError for the trip and InvalidInputError for the rest."""
    trip = trip_named(connection, org_id, trip_id)
    check_proof(proof, {stop.stop_id for stop in trip.stops})
    connection.execute(_SQL["upsert_proof"], proof_row(org_id, trip_id, proof))


def trip_named(connection: Connection, org_id: int, trip_id: str) -> Trip:
    """The trip with its stops in order and its proofs by time. Raises NotFoundError."""
    rows = connection.execute(_SQL["trips_by_id"], {"org_id": org_id, "trip_ids": [trip_id]}).fetchall()
    if not rows:
        raise NotFoundError("trip", trip_id)
    return _with_stops(connection, rows)[0][1]


def trips_between(
    connection: Connection, since: datetime, until: datetime, *, org_id: int | None = None
) -> dict[int, tuple[Trip, ...]]:
    """Trips, by organisation, whose planned span meets `since` to `until`."""
    rows = connection.execute(_SQL["trips_between"], {"since": since, "until": until, "org_id": org_id}).fetchall()
    return _by_organisation(_with_stops(connection, rows))


def trips_of_devices(
    connection: Connection, since: datetime, until: datetime, devices: Sequence[int]
) -> dict[int, tuple[Trip, ...]]:
    """Trips of some devices, by organisation, whose planned span meets `since` to `until`."""
    wanted = {"since": since, "until": until, "devices": list(devices)}
    return _by_organisation(_with_stops(connection, connection.execute(_SQL["trips_of_devices"], wanted).fetchall()))


def _as_given(stored: Trip, given: Trip) -> Trip:
    """A stored trip without its proofs, and without what was worked out here as `given` does not say it."""
    said = {stop.stop_id: stop for stop in given.stops}
    return replace(stored, proofs=(), stops=tuple(_as_said(stop, said.get(stop.stop_id)) for stop in stored.stops))


def _as_said(stored: PlannedStop, said: PlannedStop | None) -> PlannedStop:
    outlet_class = stored.outlet_class if said is not None and said.outlet_class is not None else None
    usual_dwell_s = stored.usual_dwell_s if said is not None and said.usual_dwell_s is not None else None
    return replace(stored, outlet_class=outlet_class, usual_dwell_s=usual_dwell_s)


def _with_outlets(connection: Connection, org_id: int, trip: Trip) -> Trip:
    """The trip with each outlet's class and 90th percentile of dwell, as known by now, where the plan does not say them."""
    outlet_ids = sorted({stop.outlet_id for stop in trip.stops if stop.outlet_id is not None})
    if not outlet_ids:
        return trip
    wanted = {"org_id": org_id, "outlet_ids": outlet_ids, "before": trip.planned_start, "least": _LEAST_VISITS}
    known: dict[str, dict[str, Any]] = defaultdict(dict)
    for statement in ("classes_of_outlets", "usual_dwells"):
        for row in connection.execute(_SQL[statement], wanted):
            known[row["outlet_id"]].update(row)
    return replace(trip, stops=tuple(_completed(stop, known) for stop in trip.stops))


def _completed(stop: PlannedStop, known: Mapping[str, Mapping[str, Any]]) -> PlannedStop:
    found = known.get(stop.outlet_id or "", {})
    return replace(
        stop,
        outlet_class=stop.outlet_class or found.get("outlet_class"),
        usual_dwell_s=found.get("usual_dwell_s") if stop.usual_dwell_s is None else stop.usual_dwell_s,
    )


def _check_rings(zone: Zone) -> None:
    if not str(zone.geometry["type"]).endswith("Polygon"):
        return
    from shapely import is_valid_reason  # slow to import, and circles do without
    from shapely.geometry import shape

    reason = is_valid_reason(shape(zone.geometry))
    if reason != "Valid Geometry":
        raise InvalidInputError("zone.geometry.coordinates", reason)


def _clear_span(connection: Connection, span: Mapping[str, Any]) -> None:
    connection.execute(_SQL["delete_covered_zone_versions"], span)
    connection.execute(_SQL["keep_zone_versions_after"], span)
    connection.execute(_SQL["trim_zone_versions"], span)


def _save_plan(connection: Connection, org_id: int, trip: Trip) -> None:
    device = connection.execute(_SQL["device_of_key"], {"org_id": org_id, "device_key": trip.device_id}).fetchone()
    if device is None:
        raise InvalidInputError("device_id", f"no device {trip.device_id!r} is registered")
    row = trip_row(org_id, device["device_id"], trip)
    other = connection.execute(_SQL["trip_starting_together"], row).fetchone()
    if other is not None:
        raise InvalidInputError("planned_start", f"trip {other['trip_id']!r} of the same device starts at that moment")
    connection.execute(_SQL["upsert_trip"], row)
    stop_ids = [stop.stop_id for stop in trip.stops]
    connection.execute(_SQL["delete_other_stops"], {"org_id": org_id, "trip_id": trip.trip_id, "stop_ids": stop_ids})
    rows = [stop_row(org_id, trip.trip_id, number, stop) for number, stop in enumerate(trip.stops)]
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["upsert_stop"], rows)


def _with_stops(connection: psycopg.Connection[DictRow], rows: Sequence[DictRow]) -> list[tuple[int, Trip]]:
    wanted = {"org_ids": [row["org_id"] for row in rows], "trip_ids": [row["trip_id"] for row in rows]}
    stops: dict[tuple[int, str], list[PlannedStop]] = defaultdict(list)
    for row in connection.execute(_SQL["stops_of_trips"], wanted):
        stops[row["org_id"], row["trip_id"]].append(read_stop(row))
    proofs: dict[tuple[int, str], list[Proof]] = defaultdict(list)
    for row in connection.execute(_SQL["proofs_of_trips"], wanted):
        proofs[row["org_id"], row["trip_id"]].append(read_proof(row))
    keys = [(row["org_id"], row["trip_id"]) for row in rows]
    return [(key[0], read_trip(row, stops[key], proofs[key])) for key, row in zip(keys, rows, strict=True)]


def _by_organisation(pairs: Iterable[tuple[int, T]]) -> dict[int, tuple[T, ...]]:
    grouped: dict[int, list[T]] = defaultdict(list)
    for org_id, record in pairs:
        grouped[org_id].append(record)
    return {org_id: tuple(records) for org_id, records in grouped.items()}
