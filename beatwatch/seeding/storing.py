"""Puts a drawn distributor into the database; what is there already under a name stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from beatwatch.seeding.distributor import Distributor, Record
from domain.zones import Zone
from store import catalogue, records
from store.planning import save_zone
from store.pool import Connection
from store.records import Table


def store_distributor(connection: Connection, org_id: int, drawn: Distributor, zones: Iterable[Zone]) -> dict[str, int]:
    """Insert what is not there yet, in the caller's transaction; how many records of each kind are new."""
    for zone in zones:
        save_zone(connection, org_id, zone)
    parts = (
        (catalogue.PRODUCT, drawn.products),
        (catalogue.PRICE_LIST, drawn.price_lists),
        (catalogue.OUTLET, drawn.outlets),
        (catalogue.VEHICLE, drawn.vehicles),
        (catalogue.DRIVER, drawn.drivers),
        (catalogue.BEAT, drawn.beats),
        (catalogue.ORDER, drawn.orders),
    )
    return {table.kind: add_missing(connection, table, org_id, rows) for table, rows in parts}


def add_missing(connection: Connection, table: Table, org_id: int, rows: Iterable[Record]) -> int:
    """Insert the records whose names are free; returns how many."""
    wanted = {row[table.key]: row for row in rows}
    there = records.find_all(connection, table, org_id, list(wanted))
    for name, row in wanted.items():
        if name not in there:
            records.add(connection, table, org_id, row)
    return len(wanted) - len(there)
