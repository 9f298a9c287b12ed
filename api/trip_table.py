"""Trips as a table: a row for each stop. A trip is given whole: what its rows leave out is not planned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.access import Access
from domain.errors import InvalidInputError
from store import planning
from store.audit import Change
from store.pool import Connection
from wire.files.tables import Row
from wire.files.trip_json import parse_trips

_STOP: Final = "stops."
_TEXTS: Final = ("trip_id", "planned_start", "planned_end")
_NUMBERS: Final = ("corridor_m",)
_DOCUMENTS: Final = ("route", "depot")
_STOP_TEXTS: Final = ("stop_id", "outlet_id", "window_start", "window_end")
_STOP_NUMBERS: Final = ("longitude_deg", "latitude_deg", "radius_m", "planned_service_s", "cases")
COLUMNS: Final = (  # vehicle and state are told, and not taken
    *("trip_id", "device_key", "vehicle_id", "state", "planned_start", "planned_end", "corridor_m", "depot", "route"),
    *("stops.stop_id", "stops.outlet_id", "stops.longitude_deg", "stops.latitude_deg", "stops.radius_m"),
    *("stops.window_start", "stops.window_end", "stops.planned_service_s", "stops.cases"),
)


def trips_of(rows: Iterator[Row]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Trips as JSON has them, each with the number of its first row. Raises InvalidInputError naming row and column."""
    current: tuple[int, dict[str, Any]] | None = None
    for number, row in rows:
        if strange := sorted(row.keys() - set(COLUMNS)):
            raise InvalidInputError(f"row 1.{strange[0]}", f"is no column of trips; there are {', '.join(COLUMNS)}")
        if current is None or "trip_id" not in row or current[1].get("trip_id") != row["trip_id"]:
            if current is not None:
                yield current
            current = number, _trip(row)
        if any(name.startswith(_STOP) for name in row):
            current[1]["stops"].append(_stop(row))
    if current is not None:
        yield current


def keep_trip(caller: Access, connection: Connection, document: Mapping[str, Any]) -> str:
    """Store a trip: added, changed or unchanged. Raises what `planning.save_trip` does."""
    (trip,) = parse_trips(json.dumps(document))
    is_known = planning.is_trip(connection, caller.org_id, trip.trip_id)
    if not planning.save_trip(connection, caller.org_id, trip):
        return "unchanged"
    after = {"device_id": trip.device_id, "planned_start": trip.planned_start.isoformat(), "stops": len(trip.stops)}
    caller.note(connection, Change(action="trip.plan", kind="trip", identifier=trip.trip_id, after=after))
    return "changed" if is_known else "added"


def _trip(row: Mapping[str, str]) -> dict[str, Any]:
    trip: dict[str, Any] = {name: row[name] for name in _TEXTS if name in row}
    trip |= {name: _number(row[name]) for name in _NUMBERS if name in row}
    trip |= {name: _document(row[name]) for name in _DOCUMENTS if name in row}
    if "device_key" in row:
        trip["device_id"] = row["device_key"]
    return trip | {"stops": []}


def _stop(row: Mapping[str, str]) -> dict[str, Any]:
    said = {name.removeprefix(_STOP): text for name, text in row.items() if name.startswith(_STOP)}
    stop: dict[str, Any] = {name: said[name] for name in _STOP_TEXTS if name in said}
    return stop | {name: _number(said[name]) for name in _STOP_NUMBERS if name in said}


def _number(text: str) -> float | str:
    """What is no number stays as it is, to be refused with its trip and not with the whole table."""
    try:
        return float(text)
    except ValueError:
        return text


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
