"""What sensors are fitted to, their samples, and how far these have been judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np

from domain.equipment import Asset, Cooler, Fitted, Movement, Shelf, Transfer
from domain.errors import NotFoundError
from store.binary_copy import Records, unpack
from store.conclusions import Checkpoint
from store.pool import Connection
from store.reading_log import BatchRecord
from store.statements import statements

_SQL: Final = statements("sensing")
_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Seen(NamedTuple):
    """How many pieces of a product a device saw at an outlet."""

    org_id: int
    device_id: int
    at: datetime
    outlet_id: str
    product_id: str
    pieces: int
    confidence: float


def fitted_devices(connection: Connection, keys: Mapping[int, str], books_since: datetime) -> dict[int, tuple[Fitted, ...]]:
    """What each of some devices is fitted to, by number; () where nothing. `keys` are their names.

    The books of shelves are read from `books_since` on.
    """
    wanted = {"device_ids": list(keys), "since": books_since}
    found: dict[int, list[Fitted]] = {device: [] for device in keys}
    books = _books(connection, wanted)
    for row in connection.execute(_SQL["fitted_shelves"], wanted):
        found[row["device_id"]].append(_shelf(keys[row["device_id"]], row, books))
    for row in connection.execute(_SQL["fitted_coolers"], wanted):
        found[row["device_id"]].append(_cooler(keys[row["device_id"]], row))
    for device, asset in _assets(connection, keys, wanted):
        found[device].append(asset)
    return {device: tuple(fitted) for device, fitted in found.items()}


def sensing_trackers(connection: Connection) -> list[int]:
    """The devices whose positions are samples: locators of assets, and trackers with a probe in a box."""
    return [row["device_id"] for row in connection.execute(_SQL["sensing_trackers"])]


def samples_of_batches(
    connection: Connection, batches: Sequence[BatchRecord], trackers: Collection[int], dtype: np.dtype[Any]
) -> Records:
    """What sensors said in `batches` and may be judged, as `dtype` (the sensors' SAMPLE), in order.

    Positions of the `trackers` are samples too.
    """
    has_fixes = bool(trackers) and any(batch.min_fix_time for batch in batches)
    if not has_fixes and not any(batch.min_measured_at for batch in batches):
        return np.empty(0, dtype)
    parameters = {
        "batch_ids": [batch.batch_id for batch in batches],
        "trackers": list(trackers),
        "min_measured_at": min((b.min_measured_at for b in batches if b.min_measured_at), default=_NEVER),
        "max_measured_at": max((b.max_measured_at for b in batches if b.max_measured_at), default=_NEVER),
        "min_fix_time": min((b.min_fix_time for b in batches if b.min_fix_time), default=_NEVER) if has_fixes else _NEVER,
        "max_fix_time": max((b.max_fix_time for b in batches if b.max_fix_time), default=_NEVER) if has_fixes else _NEVER,
    }
    return _copy_out(connection, "copy_samples_of_batches", parameters, dtype)


def samples_of_devices(
    connection: Connection, afters: Mapping[int, datetime], cursor: int, trackers: Collection[int], dtype: np.dtype[Any]
) -> Records:
    """What devices said, each after its own moment, as far as batches up to `cursor` stored it, as `dtype`, in order."""
    if not afters:
        return np.empty(0, dtype)
    parameters = {
        "device_ids": list(afters),
        "afters": list(afters.values()),
        "first_after": min(afters.values()),
        "cursor": cursor,
        "trackers": list(trackers),
    }
    return _copy_out(connection, "copy_samples_of_devices", parameters, dtype)


def checkpoints_before(connection: Connection, befores: Mapping[int, datetime]) -> dict[int, Checkpoint]:
    """The newest checkpoint of each device whose moment is earlier than given; devices without one are left out."""
    wanted = {"device_ids": list(befores), "befores": list(befores.values())}
    rows = connection.execute(_SQL["newest_checkpoints_before"], wanted)
    return {row["device_id"]: Checkpoint(row["device_id"], row["at"], row["change_no"], bytes(row["state"])) for row in rows}


def save_checkpoints(connection: Connection, org_of: Mapping[int, int], states: Mapping[int, tuple[datetime, bytes]]) -> None:
    """Save (moment, state) of devices, as led to by every conclusion stored so far."""
    if not states:
        return
    change = connection.execute(_SQL["next_change_no"]).fetchone()
    assert change is not None  # a sequence always has a next number
    rows = [
        {"device_id": device, "org_id": org_of[device], "at": at, "state": state, **change}
        for device, (at, state) in states.items()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["save_checkpoint"], rows)
    connection.execute(_SQL["thin_checkpoints"], {"device_ids": list(states)})


def drop_checkpoints(connection: Connection, sinces: Mapping[int, datetime]) -> None:
    """Forget the checkpoints of each device that are not earlier than given."""
    connection.execute(_SQL["drop_checkpoints_since"], {"device_ids": list(sinces), "sinces": list(sinces.values())})


def put_observed(connection: Connection, seen: Iterable[Seen], afters: Mapping[int, datetime]) -> None:
    """Store what was seen, in place of all that had been stored of the devices in `afters` after their moments."""
    if afters:
        connection.execute(_SQL["drop_observed_after"], {"device_ids": list(afters), "afters": list(afters.values())})
    rows = list(seen)
    if not rows:
        return
    names = ("org_ids", "device_ids", "ats", "outlet_ids", "product_ids", "pieces", "confidences")
    columns = {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    connection.execute(_SQL["put_observed"], columns)


def fit_shelf(connection: Connection, org_id: int, shelf: Shelf) -> None:
    """Say what a shelf's sensor stands under, instead of what it did; the books are the ledger's.

    Raises NotFoundError for an unknown device.
    """
    _fit(
        connection,
        "fit_shelf",
        org_id,
        shelf.device_id,
        {
            "outlet_id": shelf.outlet_id,
            "product_id": shelf.product,
            "unit_weight_g": shelf.unit_g,
            "tare_g": shelf.tare_g,
            "capacity": shelf.capacity,
            "opens_h": shelf.opens_h,
            "closes_h": shelf.closes_h,
            "utc_offset_min": shelf.utc_offset_min,
            "lead_time_h": shelf.lead_time_h,
            "sales_counted": shelf.sold is not None,
            "books_until": shelf.books_until,
            "valid_from": shelf.valid_from,
            "valid_until": shelf.valid_until,
        },
    )


def fit_cooler(connection: Connection, org_id: int, cooler: Cooler) -> None:
    """Say which box a thermometer is in, instead of where it was. Raises NotFoundError for an unknown device."""
    _fit(
        connection,
        "fit_cooler",
        org_id,
        cooler.device_id,
        {
            "mounted_on": cooler.mounted_on,
            "least_c": cooler.least_c,
            "most_c": cooler.most_c,
            "defrosts_h": list(cooler.defrosts_h),
            "defrost_min": cooler.defrost_min,
            "valid_from": cooler.valid_from,
            "valid_until": cooler.valid_until,
        },
    )


def list_shelves(connection: Connection, org_id: int) -> list[dict[str, Any]]:
    """Every shelf that is or was fitted, with what was seen of it last, by device and time."""
    return connection.execute(_SQL["list_shelves"], {"org_id": org_id}).fetchall()


def _fit(connection: Connection, statement: str, org_id: int, device_key: str, fields: Mapping[str, Any]) -> None:
    parameters = {"org_id": org_id, "device_key": device_key, **fields}
    connection.execute(_SQL[statement.replace("fit_", "end_") + "_fittings"], parameters)
    if connection.execute(_SQL[statement], parameters).fetchone() is None:
        raise NotFoundError("device", device_key)


_Books = Mapping[tuple[int, str, str], tuple[list[Movement], list[Movement]]]


def _books(connection: Connection, wanted: Mapping[str, Any]) -> _Books:
    """What came to a shelf's outlet and what was sold there, by device, outlet and product."""
    books: dict[tuple[int, str, str], tuple[list[Movement], list[Movement]]] = defaultdict(lambda: ([], []))
    for row in connection.execute(_SQL["shelf_movements"], wanted):
        came, sold = books[row["device_id"], row["outlet_id"], row["product_id"]]
        if row["is_sale"]:
            sold.append(Movement(row["moved_at"], -row["pieces"]))
        else:
            came.append(Movement(row["moved_at"], row["pieces"]))
    return books


def _shelf(key: str, row: Mapping[str, Any], books: _Books) -> Shelf:
    came, sold = books.get((row["device_id"], row["outlet_id"], row["product_id"]), ([], []))
    return Shelf(
        key,
        row["outlet_id"],
        row["product_id"],
        row["unit_weight_g"],
        row["tare_g"],
        row["capacity"],
        row["opens_h"],
        row["closes_h"],
        received=tuple(came),
        sold=tuple(sold) if row["sales_counted"] else None,
        utc_offset_min=row["utc_offset_min"],
        lead_time_h=row["lead_time_h"],
        books_until=row["books_until"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )


def _cooler(key: str, row: Mapping[str, Any]) -> Cooler:
    span = {"valid_from": row["valid_from"], "valid_until": row["valid_until"]}
    band = row["least_c"], row["most_c"], tuple(row["defrosts_h"]), row["defrost_min"]
    return Cooler(key, row["mounted_on"], *band, **span)


def _assets(connection: Connection, keys: Mapping[int, str], wanted: Mapping[str, Any]) -> list[tuple[int, Asset]]:
    transfers: dict[int, list[Transfer]] = defaultdict(list)
    depot_since: dict[int, datetime] = {}
    for row in connection.execute(_SQL["asset_transfers"], wanted):
        if row["longitude_e7"] is None:
            depot_since.setdefault(row["device_id"], row["planned_at"])
        else:
            place = round(row["longitude_e7"] * 1e-7, 7), round(row["latitude_e7"] * 1e-7, 7)
            transfers[row["device_id"]].append(Transfer(row["planned_at"], *place))
    return [
        (
            row["device_id"],
            Asset(
                keys[row["device_id"]],
                row["outlet_id"],
                round(row["longitude_e7"] * 1e-7, 7),
                round(row["latitude_e7"] * 1e-7, 7),
                tuple(transfers[row["device_id"]]),
                valid_until=depot_since.get(row["device_id"]),
            ),
        )
        for row in connection.execute(_SQL["located_assets"], wanted)
    ]


def _copy_out(connection: Connection, statement: str, parameters: Mapping[str, Any], dtype: np.dtype[Any]) -> Records:
    query = _SQL[statement].replace("{reading_columns}", _SQL["reading_columns"]).replace("{fix_columns}", _SQL["fix_columns"])
    query = query.replace("{is_sample}", _SQL["is_sample"])
    sent = np.dtype([(name, "<M8[us]" if name.endswith("_us") else dtype[name].str) for name in dtype.names or ()])
    with connection.cursor() as cursor, cursor.copy(query, parameters) as copy:
        received = unpack(b"".join(copy), sent)
    rows = np.empty(len(received), dtype)
    for name in dtype.names or ():
        rows[name] = received[name].view("<i8") if received.dtype[name].kind == "M" else received[name]
    return rows
