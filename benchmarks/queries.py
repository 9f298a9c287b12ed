"""How long people wait for what they ask most: by our statements, under row-level security, against the same done plainly.

Medians and 95th percentiles of repeated calls through `store`, with rows turned into objects; `_plain` is the same work as one
would write it first: no newest-position table, no index by vehicle, one query a trip.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
import typer

from api.access import Access
from api.resources.day_board import read_day_board
from benchmarks import query_data, tsbs
from benchmarks.progress import Steps, steps
from benchmarks.report import write_report
from benchmarks.sql_file import filled
from benchmarks.stand import stand
from domain.grades import Grade
from domain.people import Role as PersonRole
from domain.reports import REPORTS, Grouping
from store import fleet, reports, rounds
from store.fleet import TrackWindow
from store.migrate import migrate
from store.pool import Pool, Role, open_pool, organisation_transaction

ROWS: Final = 8_000_000
TRUCKS: Final = 1_000
REPEATS: Final = 15
PLAIN_REPEATS: Final = 3
ORG: Final = 1


def timed(ask: Callable[[], Any], repeats: int) -> list[float]:
    """Milliseconds of each of `repeats` calls, after one that does not count."""
    ask()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        ask()
        found.append(1000 * (time.perf_counter() - started))
    return found


def figures(name: str, ours: list[float], plain: list[float]) -> dict[str, float]:
    """The median with its twins."""
    late = statistics.quantiles(ours, n=20, method="inclusive")[-1]
    return {f"{name}_ms": statistics.median(ours), f"{name}_ms_p95": late, f"{name}_ms_plain": statistics.median(plain)}


class Questions:
    """What is asked, both ways."""

    def __init__(self, pool: Pool, owner: psycopg.Connection[Any]) -> None:
        self._pool = pool
        self._owner = owner
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._day = (today - timedelta(days=1), today)
        self._month = (today - timedelta(days=query_data.DAYS), today)

    def latest(self) -> int:
        """The newest position of each vehicle of the fleet."""
        with organisation_transaction(self._pool, ORG) as connection:
            return len(fleet.latest_places(connection))

    def vehicle_day(self) -> int:
        """All fixes of a van on a day."""
        with organisation_transaction(self._pool, ORG) as connection:
            vehicle = fleet.VehicleKey("van-200", ORG)
            places, _ = fleet.track_places(connection, vehicle, TrackWindow(*self._day, 20_000), Grade.rejected)
            assert places.count(",") > query_data.FIXES_A_DAY, "no vehicle-day was read"
            return len(places)

    def report(self) -> int:
        """Trips, stops and kilometres of each van over a month."""
        with organisation_transaction(self._pool, ORG) as connection:
            return len(reports.run(connection, REPORTS["trips"], Grouping.vehicle, *self._month))

    def report_plain(self) -> int:
        """A tenth of the trips, one query each; the caller multiplies."""
        trips = self._owner.execute(query_data.SQL["some_trips"]).fetchall()
        return sum(self.plain(filled(query_data.SQL["trip_plain"], {"trip": trip_id})) for (trip_id,) in trips)

    def day_board(self, org_id: int) -> int:
        """The rows of a distributor's board."""
        caller = Access(self._pool, org_id, "benchmark", PersonRole.logistics_manager)
        return len(read_day_board(caller, self._day[0].date()).rows)

    def day_board_plain(self, org_id: int) -> int:
        """One query a trip."""
        with organisation_transaction(self._pool, org_id) as connection:
            trips = connection.execute("SELECT trip_id FROM trip WHERE planned_start >= %s", (self._day[0],)).fetchall()
            return sum(rounds.find_round(connection, row["trip_id"]) is not None for row in trips)

    def plain(self, statement: bytes) -> int:
        """The rows of a statement, past every fence."""
        return len(self._owner.execute(statement).fetchall())


def answers(asked: Questions, owner: psycopg.Connection[Any], bar: Steps) -> dict[str, float]:
    """The four questions, ours and plain."""
    latest_plain = partial(asked.plain, query_data.SQL["latest_plain"])
    day_plain = partial(asked.plain, query_data.SQL["vehicle_day_plain"])
    bar.next("newest positions")
    found = figures("latest_20000", timed(asked.latest, REPEATS), timed(latest_plain, PLAIN_REPEATS))
    bar.next("a vehicle-day")
    found |= figures("vehicle_day", timed(asked.vehicle_day, REPEATS), timed(day_plain, PLAIN_REPEATS))
    bar.next("a month's report")
    plain = [10 * taken for taken in timed(asked.report_plain, 1)]
    found |= figures("report_31_days_1000_vans", timed(asked.report, REPEATS), plain)
    bar.next("a day board")
    org_id = query_data.make_distributor(owner)
    board, board_plain = partial(asked.day_board, org_id), partial(asked.day_board_plain, org_id)
    return {**found, **figures("day_board", timed(board, REPEATS), timed(board_plain, PLAIN_REPEATS))}


def measure(rows: int, trucks: int, server: str | None) -> dict[str, Any]:
    """All figures, on a server of the benchmark's own or in a database of its own on `server`; of 0 rows or trucks, none."""
    found: dict[str, Any] = {}
    own_steps, tsbs_steps = query_data.steps_of(rows) + 4 if rows else 0, tsbs.steps_of(trucks) if trucks else 0
    with steps(own_steps + tsbs_steps) as bar:
        if rows:
            with _database(server) as database_url:
                found |= {**_people_ask(database_url, rows, bar), "rows": rows}
        if trucks:
            with _database(server) as database_url:
                found["tsbs"] = tsbs.measure(database_url, trucks, bar)
    return found


def _people_ask(database_url: str, rows: int, bar: Steps) -> dict[str, float]:
    query_data.fill(database_url, rows, bar)
    with (
        open_pool(database_url, Role.api, max_size=1) as pool,
        psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as owner,
    ):
        return answers(Questions(pool, owner), owner, bar)


@contextmanager
def _database(server: str | None) -> Iterator[str]:
    """The URL of a migrated database that is gone afterwards."""
    if server is None:
        with stand() as standing:
            yield standing.database_url
        return
    name = f"beatwatch_queries_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            migrate(url)
            yield url
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def main(
    rows: Annotated[
        int, typer.Option(help="positions of the day that a vehicle-day is read from; 0: leave what people ask out")
    ] = ROWS,
    trucks: Annotated[
        int, typer.Option(help="of the TSBS questions, with a reading a minute for three days; 0: leave them out")
    ] = TRUCKS,
    quick: Annotated[bool, typer.Option("--quick", help="2,000,000 rows and 100 trucks: minutes, for a first look")] = False,
    server: Annotated[str | None, typer.Option(help="superuser's URL of another server, such as one with TimescaleDB")] = None,
    seconds: Annotated[float, typer.Option(help="taken for the sake of the others; the work is fixed")] = 0.0,
    json: Annotated[Path | None, typer.Option(help="where to write the figures")] = None,
) -> None:
    """Fill a database, ask, and say how long it took."""
    del seconds
    rows, trucks = min(rows, 2_000_000) if quick else rows, min(trucks, 100) if quick else trucks
    typer.echo(what_is_asked(rows, trucks), err=True)
    found = measure(rows, trucks, server)
    if data := found.pop("tsbs", None):
        found |= {"tsbs": data.pop("questions"), "tsbs_data": data}
    write_report("queries", found, json)


def what_is_asked(rows: int, trucks: int) -> str:
    """What a run does, in a sentence or two."""
    said = []
    if rows:
        said.append(f"{rows:,} positions of a day: four questions of people, {REPEATS} times each, and done plainly.")
    if trucks:
        said.append(
            f"{trucks * tsbs.READINGS_A_TRUCK:,} readings of {trucks:,} trucks, kept in both schemas: TSBS's questions."
        )
        said.append(tsbs.TURNS)
    return "\n".join(said)


if __name__ == "__main__":
    typer.run(main)
