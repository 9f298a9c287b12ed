"""A full database to ask: a national fleet's newest positions, a day of many rows, and a month of a thousand vans' trips.

Written by the server itself and without triggers: it is only there to be read.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg

from benchmarks.progress import Steps
from benchmarks.sql_file import filled, statements
from store.pool import Role, open_pool
from store.rollups import refresh_due_days

VANS: Final = 1_000
FLEET: Final = 20_000
DAYS: Final = 31
STOPS: Final = 30
FIXES_A_DAY: Final = 8_640
VANS_AT_ONCE: Final = 50
SQL: Final = statements("query_data")


def fill(database_url: str, rows: int, bar: Steps) -> None:
    """Write all of it, with at least `rows` positions of one day."""
    vans = -(-rows // FIXES_A_DAY)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET timezone = 'UTC'")
        connection.execute("SET synchronous_commit = off")
        bar.next(f"{FLEET:,} vehicles")
        connection.execute(filled(SQL["fleet"], {"fleet": FLEET}))
        for first in range(1, vans + 1, VANS_AT_ONCE):
            last = min(first + VANS_AT_ONCE - 1, vans)
            bar.next(f"positions of vans {first} to {last} of {vans}")
            connection.execute(filled(SQL["positions"], {"first": first, "last": last}))
        bar.next(f"{VANS * DAYS:,} trips")
        connection.execute(filled(SQL["trips"], {"vans": VANS, "days": DAYS, "stops": STOPS}))
        connection.execute("RESET session_replication_role")
        bar.next("sums of the trips")
        with open_pool(database_url, Role.worker, max_size=1) as pool, pool.connection() as worker:
            while refresh_due_days(worker):
                worker.commit()
        connection.execute("VACUUM ANALYZE")


def steps_of(rows: int) -> int:
    """How many steps `fill` reports."""
    vans = -(-rows // FIXES_A_DAY)
    return 3 + -(-vans // VANS_AT_ONCE)


def make_distributor(connection: psycopg.Connection[Any]) -> int:
    """Give some vans and their trips of yesterday to a distributor of their own; its number."""
    connection.execute(SQL["organisation"])
    connection.execute("SET session_replication_role = replica")
    connection.execute(SQL["distributor"])
    connection.execute("SET session_replication_role = origin")
    connection.execute("ANALYZE")
    return 2
