"""Zones, devices and people as tables: what is no record is brought in and taken out row by row, too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import Field

from api import people_table
from api.access import Access
from api.records.resource import Given, Name, Text
from domain.devices import DeviceState
from domain.errors import InvalidInputError, NotFoundError
from domain.people import Permission
from store import planning, records, roster, zone_list
from store.audit import Change
from store.catalogue import VEHICLE
from store.listing import Part
from store.pool import Connection
from wire.files.zone_geojson import parse_zones, zone_feature

MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class PlainTable:
    """What the columns are, the first being the key; how a row is kept, and how all are read."""

    columns: tuple[str, ...]
    keep: Callable[[Access, Connection, Mapping[str, str]], str]  # added, changed or unchanged
    rows: Callable[[Connection], Iterator[list[Any]]]
    writes: Permission = Permission.plan
    reads: Permission | None = None  # null: whoever may take tables out
    most: int | None = None  # rows of an import

    def check(self, row: Mapping[str, str]) -> None:
        """Raise InvalidInputError for a column that is none, or when the key is missing."""
        if strange := sorted(row.keys() - set(self.columns)):
            raise InvalidInputError(strange[0], f"is no column here; there are {', '.join(self.columns)}")
        if self.columns[0] not in row:
            raise InvalidInputError(self.columns[0], "is missing")


class DeviceRow(Given):
    """A device as a row: what is left out stays as it is."""

    device_key: Annotated[Name, Field(examples=["tracker-0007"])]
    model: Text | None = None
    state: DeviceState | None = None
    vehicle_id: Name | None = Field(None, description="What it is on from now on.")


def _keep_device(caller: Access, connection: Connection, row: Mapping[str, str]) -> str:
    given = DeviceRow.model_validate(row)
    known = roster.find_device(connection, given.device_key)
    is_new = known is None or known.org_id != caller.org_id
    if is_new:
        roster.add_device(connection, caller.org_id, given.device_key, given.model)
    device = roster.lock_device(connection, given.device_key)
    model, state = given.model or device.model, (given.state or DeviceState(device.state)).value
    changed = (model, state) != (device.model, device.state)
    if changed:
        roster.change_device(connection, device, model=model, state=state)
    moved = given.vehicle_id is not None and (known is None or is_new or known.vehicle_id != given.vehicle_id)
    if moved:
        if not records.find_all(connection, VEHICLE, device.org_id, [given.vehicle_id or ""]):
            raise InvalidInputError("vehicle_id", f"there is no vehicle {given.vehicle_id!r}")
        roster.assign(connection, device, ("vehicle_id", given.vehicle_id or ""), datetime.now(UTC))
    if not (is_new or changed or moved):
        return "unchanged"
    after = given.model_dump(mode="json", exclude_none=True)
    action = "device.add" if is_new else "device.change"
    caller.note(connection, Change(action=action, kind="device", identifier=given.device_key, after=after), device.org_id)
    return "added" if is_new else "changed"


def _device_rows(connection: Connection) -> Iterator[list[Any]]:
    for device in roster.list_devices(connection, state=None, part=Part(limit=MOST)):
        yield [device.device_key, device.model, device.state, device.vehicle_id]


_ZONE_TEXTS: Final = ("name", "kind", "valid_from", "valid_until")
_ZONE_NUMBERS: Final = ("radius_m", "width_m", "speed_limit_mps")


def _keep_zone(caller: Access, connection: Connection, row: Mapping[str, str]) -> str:
    feature = {"type": "Feature", "id": row["zone_id"], "properties": _properties(row), "geometry": _geometry(row)}
    (zone,) = parse_zones(json.dumps(feature))
    try:
        is_new = zone_list.zone_named(connection, zone.zone_id, datetime.now(UTC)).org_id != caller.org_id
    except NotFoundError:
        is_new = True
    if not planning.save_zone(connection, caller.org_id, zone):
        return "unchanged"
    after = zone_feature(zone)["properties"]
    caller.note(connection, Change(action="zone.save", kind="zone", identifier=zone.zone_id, after=after))
    return "added" if is_new else "changed"


def _properties(row: Mapping[str, str]) -> dict[str, Any]:
    numbers = {name: _number(row, name) for name in _ZONE_NUMBERS if name in row}
    return {name: row[name] for name in _ZONE_TEXTS if name in row} | numbers


def _geometry(row: Mapping[str, str]) -> Any:
    """A place in two columns, or GeoJSON in one."""
    if "geometry" not in row:
        return {"type": "Point", "coordinates": [_number(row, "longitude_deg"), _number(row, "latitude_deg")]}
    try:
        return json.loads(row["geometry"])
    except ValueError as error:
        raise InvalidInputError("geometry", f"is not JSON: {error}") from error


def _number(row: Mapping[str, str], name: str) -> float:
    try:
        return float(row[name])
    except KeyError as error:
        raise InvalidInputError(name, "is missing") from error
    except ValueError as error:
        raise InvalidInputError(name, f"{row[name]!r} is no number") from error


def _zone_rows(connection: Connection) -> Iterator[list[Any]]:
    for listed in zone_list.list_zones(connection, datetime.now(UTC), None, Part(limit=MOST)):
        feature = zone_feature(listed.zone)
        said, geometry = feature["properties"], feature["geometry"]
        place = geometry["coordinates"] if geometry["type"] == "Point" else [None, None]
        shape = None if geometry["type"] == "Point" else json.dumps(geometry)
        told = [said.get(name) for name in (*_ZONE_TEXTS, *_ZONE_NUMBERS)]
        yield [listed.zone_id, *told, *place[:2], shape]


PLAIN_TABLES: Final = {
    "people": PlainTable(
        people_table.COLUMNS,
        people_table.keep_person,
        people_table.person_rows,
        writes=Permission.administer,
        reads=Permission.administer,
        most=people_table.MOST,
    ),
    "devices": PlainTable(("device_key", "model", "state", "vehicle_id"), _keep_device, _device_rows),
    "zones": PlainTable(
        ("zone_id", *_ZONE_TEXTS, *_ZONE_NUMBERS, "longitude_deg", "latitude_deg", "geometry"), _keep_zone, _zone_rows
    ),
}
