"""Vehicles, where they are and where they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from psycopg.sql import SQL, Identifier

from store.listing import FIRST, Listing, Part, ending, sorted_by
from store.pool import Connection
from store.statements import statements
from store.whole_numbers import STORED_AS, from_whole_numbers

_SQL: Final = statements("fleet")
_FIXES = _SQL["fixes_in_window"].replace("{columns}", "position.*")
_PLACES = _SQL["track_places"].replace("{fixes}", _SQL["fixes_in_window"].replace("{columns}", _SQL["place_columns"]))
_DEGREE: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Fix:
    """A stored position. `None` where the device did not say."""

    device_id: int
    fix_time: datetime
    seq: int
    received_at: datetime
    device_time: datetime | None
    longitude_deg: float | None
    latitude_deg: float | None
    speed_mps: float | None
    course_deg: float | None
    altitude_m: float | None
    accuracy_m: float | None
    hdop: float | None
    satellites: int | None
    fix_valid: bool | None
    ignition: bool | None
    in_motion: bool | None
    door_open: bool | None
    buffered: bool | None
    cargo_kg: float | None
    fuel_l: float | None
    fuel_pct: float | None
    external_v: float | None
    battery_v: float | None
    battery_pct: float | None
    odometer_m: float | None
    alarms: tuple[str, ...]
    grade: int
    grade_reason: int
    batch_id: int


class VehicleName(Protocol):
    """Whatever says which vehicle is meant."""

    @property
    def vehicle_id(self) -> str:
        """Its name, unique in its organisation."""

    @property
    def org_id(self) -> int:
        """The organisation's number."""


class VehicleKey(NamedTuple):
    """A vehicle's name and its organisation's number."""

    vehicle_id: str
    org_id: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as people know it, and its newest fix; `device_key` is the tracker that reports for it now."""

    vehicle_id: str
    org_id: int
    registration: str | None
    name: str | None
    device_key: str | None
    fix: Fix | None
    changed_at: datetime  # what is registered of it or of its tracker, or its newest fix stored


LISTING: Final = Listing(
    sorts={"vehicle_id": Identifier("named", "vehicle_id"), "changed_at": SQL(_SQL["changed_at"])},
    keys={name: Identifier("named", name) for name in ("vehicle_id", "org_id")},
    changed=SQL(_SQL["changed_at"] + " >= %(changed_since)s"),
)


@dataclass(frozen=True, slots=True)
class TrackWindow:
    """Which fixes of a vehicle to read: from `since` to before `until`, after the fix named, at most `limit`."""

    since: datetime
    until: datetime
    limit: int
    after: tuple[datetime, int, int] | None = None  # fix time, device, sequence number of the last one read
    with_rejected: bool = False


def list_vehicles(connection: Connection, *, words: str | None, part: Part = FIRST) -> list[Vehicle]:
    """Vehicles whose identifier, registration or name holds `words`, by identifier unless `part` says otherwise."""
    end, values = ending(LISTING, part)
    by_name = part.changed_since is None and sorted_by(LISTING, part.sort)[0] == "vehicle_id"
    again, _ = ending(LISTING, replace(part, after=None))  # the order of the page, once more
    first, then = (end, again) if by_name else (SQL("true"), end)
    statement = SQL(_SQL["list_vehicles"]).format(part_by_name=first, part=then, changed_at=SQL(_SQL["changed_at"]))
    pattern = None if words is None else f"%{_escape(words)}%"
    return [_vehicle(row) for row in connection.execute(statement, {"words": pattern, **values})]


def find_vehicle(connection: Connection, vehicle_id: str) -> Vehicle | None:
    """One vehicle by its identifier, or a tracker that stands for itself by its key."""
    row = connection.execute(_SQL["find_vehicle"], {"vehicle_id": vehicle_id}).fetchone()
    return _vehicle(row) if row else None


def list_positions(connection: Connection, vehicle: VehicleName, window: TrackWindow, rejected_grade: int) -> list[Fix]:
    """Fixes of whatever devices were on the vehicle at their fix times, oldest first."""
    parameters = _of_window(vehicle, window, rejected_grade)
    return [fix_of(row) for row in connection.execute(_FIXES, parameters)]


def track_places(
    connection: Connection, vehicle: VehicleName, window: TrackWindow, rejected_grade: int
) -> tuple[str, tuple[datetime, int, int] | None]:
    """The same as JSON: lists of Unix seconds, longitudes and latitudes in 1e-7 deg, speeds and courses.

    And what the next window comes after; None when nothing does.
    """
    row = connection.execute(_PLACES, _of_window(vehicle, window, rejected_grade)).fetchone()
    assert row is not None  # a sum always is
    is_full = row["points"] == window.limit
    return row["places"], (row["last_time"], row["last_device"], row["last_seq"]) if is_full else None


def _of_window(vehicle: VehicleName, window: TrackWindow, rejected_grade: int) -> dict[str, Any]:
    after_time, after_device, after_seq = window.after or (None, None, None)
    return {
        "org_id": vehicle.org_id,
        "vehicle_id": vehicle.vehicle_id,
        "since": window.since,
        "until": window.until,
        "after_time": after_time,
        "after_device": after_device,
        "after_seq": after_seq,
        "rejected": window.with_rejected,
        "rejected_grade": rejected_grade,
        "limit": window.limit,
    }


def latest_places(connection: Connection) -> str:
    """Where everybody is, as JSON: lists of vehicles, longitudes and latitudes in 1e-7 deg, speeds, courses and Unix seconds.

    The server writes it: twenty thousand rows cost more to take apart here and put together again than to find.
    """
    row = connection.execute(_SQL["latest_places"]).fetchone()
    assert row is not None  # a sum always is
    places: str = row["places"]
    return places


def list_moved(connection: Connection, mark: int) -> list[Vehicle]:
    """Vehicles whose newest fix was stored by transaction `mark` or a later one."""
    return [_vehicle(row) for row in connection.execute(_SQL["list_moved"], {"mark": str(mark)})]


def fix_of(row: Mapping[str, Any]) -> Fix:
    """A row of `position` or `latest_position` in SI units and degrees."""
    values = {name: row[name] for name in _COLUMNS}
    return Fix(
        **values,
        **from_whole_numbers(row),
        longitude_deg=_degrees(row["longitude_e7"]),
        latitude_deg=_degrees(row["latitude_e7"]),
        alarms=tuple(row["alarms"] or ()),
    )


_CONVERTED: Final = {"longitude_deg", "latitude_deg", "alarms", *STORED_AS}
_COLUMNS: Final = tuple(name for name in Fix.__dataclass_fields__ if name not in _CONVERTED)


def _vehicle(row: Mapping[str, Any]) -> Vehicle:
    fix = fix_of(row) if row["fix_time"] is not None else None
    names = (row["registration"], row["name"], row["device_key"])
    return Vehicle(row["vehicle_id"], row["org_id"], *names, fix, row["changed_at"])


def _degrees(e7: int | None) -> float | None:
    return None if e7 is None else round(e7 * _DEGREE, 7)


def _escape(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
