"""A full database to ask: a national fleet's newest positions, a day of many rows, and a month of a thousand vans' trips.

Written by the server itself and without triggers: it is only there to be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import psycopg

from benchmarks.sql_file import filled, statements

VANS: Final = 1_000
FLEET: Final = 20_000
DAYS: Final = 31
STOPS: Final = 30
FIXES_A_DAY: Final = 8_640
SQL: Final = statements("query_data")


def fill(database_url: str, rows: int, told: Callable[[str], None]) -> None:
    """Write all of it, with at least `rows` positions of one day; `told` hears what is being written."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET timezone = 'UTC'")
        told(f"{FLEET:,} vehicles")
        connection.execute(filled(SQL["fleet"], {"fleet": FLEET}))
        told(f"{rows:,} positions")
        connection.execute(filled(SQL["positions"], {"vans": -(-rows // FIXES_A_DAY)}))
        told(f"{VANS * DAYS:,} trips")
        connection.execute(filled(SQL["trips"], {"vans": VANS, "days": DAYS, "stops": STOPS}))
        connection.execute("VACUUM ANALYZE")


def make_distributor(connection: psycopg.Connection[Any]) -> int:
    """Give some vans and their trips of yesterday to a distributor of their own; its number."""
    connection.execute("SET session_replication_role = replica")
    connection.execute(SQL["distributor"])
    connection.execute("SET session_replication_role = origin")
    connection.execute("ANALYZE")
    return 2
