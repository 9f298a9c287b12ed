"""The thirteen IoT questions of the Time Series Benchmark Suite (TSBS), in its own schema and in ours, on the same data.

Workload: github.com/timescale/tsbs, pkg/data/usecases/iot, cmd/tsbs_generate_queries; the questions are in tsbs.sql. What our
rows have no name for is kept in a column of the same kind: fuel consumption in the external voltage, the grade in the dilution,
the status in satellites. Ours are asked as the API asks: in its role, under row-level security, prepared, a fleet's questions
by that fleet's organisation. Theirs are asked by the tables' owner, as text, as TSBS does, and prepared for comparison. Both
have a cursor of their own, and rows come in binary where a statement is prepared. As theirs name the fleet, ours name its
organisation.

TSBS's own runner asks one kind of question many times in a row, each of a fleet and a window drawn anew. So each side is asked
in blocks, as `TURNS` says, of the same fleets: in turn with the other's, so that both meet the same minutes of the machine, and
the first of each block, which finds the caches as the other side left them, does not count for either. Within a block the
window stays, and with it the fleet of what is about a window, so that what is prepared is asked again.

On a server with TimescaleDB theirs are hypertables as TSBS makes them, and what is older than two days of ours is
compressed, as our policy leaves it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg

from benchmarks.progress import Steps
from benchmarks.sql_file import filled, statements
from store.telemetry import MISSING_INT8, MISSING_SMALL, POSITION, TelemetryBatch
from store.telemetry_writer import TelemetryWriter

DAYS: Final = 3
PERIOD_S: Final = 60
REPEATS: Final = 5
ROUNDS_OF_THE_NEWEST: Final = 3
IN_A_ROW: Final = 20  # of what takes milliseconds
OF_THE_NEWEST: Final = {"single-last-loc", "last-loc", "low-fuel", "high-load"}
OF_MILLISECONDS: Final = OF_THE_NEWEST | {"stationary-trucks"}
AT_ONCE: Final = 100
FLEETS: Final = ("East", "West", "North", "South")
DRIVERS: Final = ("Derek", "Rodney", "Albert", "Andy", "Seth", "Trish")
MODELS: Final = (("F-150", 2000, 200, 15), ("G-2000", 5000, 300, 19), ("H-2", 1500, 150, 12))
_SQL: Final = statements("tsbs")
OF_A_FLEET: Final = {"last-loc", "low-fuel", "high-load", "stationary-trucks", "long-driving-sessions", "long-daily-sessions"}
READINGS_A_TRUCK: Final = DAYS * 86_400 // PERIOD_S
TURNS: Final = (
    f"Blocks of both sides in turn: {ROUNDS_OF_THE_NEWEST * REPEATS} blocks of {IN_A_ROW} of what is about the newest reading,"
    f" {REPEATS} windows of what is about a window, once what is about everything; each after one that does not count, and of"
    " the newest each of a fleet drawn anew."
)
OF_A_WINDOW: Final = OF_THE_NEWEST | {"stationary-trucks", "long-driving-sessions", "long-daily-sessions"}
QUESTIONS: Final = tuple(name.removesuffix(" ours") for name in _SQL if name.endswith(" ours"))


def measure(database_url: str, trucks: int, steps: Steps) -> dict[str, Any]:
    """Median milliseconds of each question in both schemas, asked in turn of the same fleets and windows.

    Raises AssertionError where the two find different numbers of rows.
    """
    rng = np.random.default_rng(7)
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS + 2)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("SET timezone = 'UTC'")
        extension = _timescale(owner)
        _fill(owner, database_url, start, trucks, rng, steps)
        windows = list(_windows(rng, start, trucks, bool(extension)))
        found = {}
        with psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as caller:
            caller.execute("SET ROLE beatwatch_api")
            for name in QUESTIONS:
                steps.next(f"TSBS: {name}")
                found[name] = _asked(owner, caller, name, windows)
    return {"trucks": trucks, "readings": trucks * READINGS_A_TRUCK, "timescaledb": extension, "questions": found}


def steps_of(trucks: int) -> int:
    """How many steps `measure` reports."""
    return -(-trucks // AT_ONCE) + 1 + len(QUESTIONS)


@dataclass(frozen=True, slots=True)
class Window:
    """What a block asks about: the words that are filled in, and fleets."""

    words: dict[str, object]
    fleets: tuple[int, ...]

    def asked(self, name: str) -> list[dict[str, object]]:
        """The words of each of its questions."""
        times = 1 + (IN_A_ROW if name in OF_MILLISECONDS else 1)
        fleets = self.fleets[:times] if name in OF_THE_NEWEST else times * self.fleets[:1]
        return [self.words | {"fleet": FLEETS[fleet], "org": fleet + 2} for fleet in fleets]


def rounds_of(name: str, windows: Sequence[Window]) -> list[Window]:
    """The windows of its blocks, one after the other."""
    if name in OF_THE_NEWEST:
        return ROUNDS_OF_THE_NEWEST * list(windows)
    return list(windows) if name in OF_A_WINDOW else list(windows[:1])


def _asked(
    owner: psycopg.Connection[Any], caller: psycopg.Connection[Any], name: str, windows: Sequence[Window]
) -> dict[str, Any]:
    """Blocks of both sides in turn. The answers are compared as far as both say the same."""
    ours, theirs, prepared = list[float](), list[float](), list[float]()
    text, binary, own = owner.cursor(), owner.cursor(binary=True), caller.cursor(binary=True)
    for window in rounds_of(name, windows):
        asked = window.asked(name)
        questions = [filled(_SQL[f"{name} theirs"], words) for words in asked]
        theirs_ms, expected = _block(text, questions, prepare=False)
        prepared_ms = _block(binary, questions, prepare=True)[0] if name in OF_A_WINDOW else theirs_ms
        organisations = [str(words["org"]) if name in OF_A_FLEET else "1" for words in asked]
        ours_ms, found = _block(own, [filled(_SQL[f"{name} ours"], words) for words in asked], organisations, prepare=True)
        if found != expected:
            raise AssertionError(f"{name}: {found} rows of ours, {expected} of theirs")
        ours += ours_ms
        theirs += theirs_ms
        prepared += prepared_ms
    return {
        "ours_ms": statistics.median(ours),
        "theirs_ms": statistics.median(theirs),
        "theirs_prepared_ms": statistics.median(prepared),
        "ours_best_ms": min(ours),
        "theirs_best_ms": min(theirs),
        "theirs_to_ours": statistics.median(theirs) / statistics.median(ours),
        "theirs_to_ours_best": min(theirs) / min(ours),
    }


def _block(
    cursor: psycopg.Cursor[Any], questions: Sequence[bytes], organisations: Sequence[str] = (), *, prepare: bool
) -> tuple[list[float], list[int]]:
    """Milliseconds of each question but the first, and how many rows each answer has; `organisations`: who asks each."""
    answers = []
    for number, question in enumerate(questions):
        if organisations:
            cursor.execute("SELECT set_config('app.org', %s, false)", (organisations[number],))
        answers.append(_ask(cursor, question, prepare=prepare))
    return [took_ms for took_ms, _ in answers[1:]], [len(rows) for _, rows in answers]


def _ask(cursor: psycopg.Cursor[Any], question: bytes, *, prepare: bool) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    rows = cursor.execute(question, prepare=prepare).fetchall()
    return 1000 * (time.perf_counter() - started), rows


def _windows(rng: np.random.Generator, start: datetime, trucks: int, has_buckets: bool) -> Iterator[Window]:
    """What to ask for: fleets, a truck, and windows somewhere within the data."""
    bucket = "time_bucket('10 minutes', {})" if has_buckets else "date_bin('10 minutes', {}, 'epoch')"
    for _ in range(REPEATS):
        begin = start + timedelta(seconds=float(rng.uniform(0, (DAYS - 1) * 86_400)))
        words: dict[str, object] = {
            "truck": f"truck_{int(rng.integers(trucks)) + 1}",
            "start": begin.isoformat(),
            "ten_minutes": (begin + timedelta(minutes=10)).isoformat(),
            "four_hours": (begin + timedelta(hours=4)).isoformat(),
            "day": (begin + timedelta(hours=24)).isoformat(),
            "bucket_of_theirs": bucket.format("time"),
            "bucket_of_ours": bucket.format("fix_time"),
        }
        yield Window(words, tuple(rng.integers(len(FLEETS), size=1 + IN_A_ROW).tolist()))


def _timescale(owner: psycopg.Connection[Any]) -> str | None:
    row = owner.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return None if row is None else str(row[0])


def _fill(
    owner: psycopg.Connection[Any], database_url: str, start: datetime, trucks: int, rng: np.random.Generator, steps: Steps
) -> None:
    owner.execute(_SQL["set_up"])
    has_hypertables = _timescale(owner) is not None
    if has_hypertables:
        owner.execute(_SQL["make_hypertables"])
    organisations = np.concatenate([[0], _register(owner, trucks, rng)])
    writer = TelemetryWriter(database_url)
    for first in range(1, trucks + 1, AT_ONCE):
        steps.next(f"TSBS: trucks {first} to {min(first + AT_ONCE - 1, trucks)} of {trucks}, {DAYS} days")
        devices = np.arange(first, min(first + AT_ONCE, trucks + 1))
        rows = _walks(devices, organisations[devices], start, rng)
        writer.store(TelemetryBatch(rows), [], {"position": set(np.unique(rows["fix_time"].astype("M8[D]")).tolist())})
        owner.execute(
            filled(_SQL["sum_ours"], {"first": first, "last": int(devices[-1]), "start": start.isoformat(), "days": DAYS})
        )
    writer.close()
    steps.next("TSBS: the same in its own schema")
    owner.execute(_SQL["copy_to_theirs"])
    if has_hypertables:
        owner.execute(_SQL["compress_ours"])
    owner.execute("VACUUM ANALYZE")
    owner.execute("CHECKPOINT")  # or what was filled is written out while questions are asked


def _register(connection: psycopg.Connection[Any], trucks: int, rng: np.random.Generator) -> Any:
    """All trucks in both schemas; the number of the organisation that each one's fleet is."""
    fleets, models, drivers = (rng.integers(count, size=trucks) for count in (len(FLEETS), len(MODELS), len(DRIVERS)))
    columns: dict[str, Any] = {"fleet": [FLEETS[one] for one in fleets], "driver": [DRIVERS[one] for one in drivers]}
    columns["org"] = [int(one) + 2 for one in fleets]
    for number, name in enumerate(("model", "capacity_kg", "fuel_l", "nominal")):
        columns[name] = [MODELS[one][number] for one in models]
    for statement in ("register", "register_devices", "register_vehicles", "mount"):
        connection.execute(_SQL[statement], columns)
    return fleets + 2


def _walks(devices: Any, organisations: Any, start: datetime, rng: np.random.Generator) -> Any:
    """The trucks' clamped random walks, as the workload describes them: one row each and period, truck after truck."""
    shape = (len(devices), DAYS * 86_400 // PERIOD_S)
    rows = np.zeros(shape, POSITION)
    for name in POSITION.names or ():
        if POSITION[name].kind == "f":
            rows[name] = np.nan
    for name in ("fix_valid", "ignition", "in_motion", "door_open", "buffered"):
        rows[name] = MISSING_SMALL
    count = len(devices)
    rows["longitude_e7"] = 1e7 * _walk(rng.uniform(0, 180, count), 0.005, (-180, 180), shape, rng)
    rows["latitude_e7"] = 1e7 * _walk(rng.uniform(0, 90, count), 0.005, (-90, 90), shape, rng)
    rows["altitude_m"] = np.trunc(_walk(rng.uniform(0, 500, count), 10, (0, 5000), shape, rng))
    rows["speed_mps"] = np.trunc(_walk(np.zeros(count), 10, (0, 100), shape, rng))
    rows["course_deg"] = np.trunc(_walk(rng.uniform(0, 359, count), 5, (0, 359), shape, rng))
    rows["hdop"] = np.trunc(_walk(np.zeros(count), 5, (0, 100), shape, rng))
    rows["external_v"] = np.round(_walk(np.full(count, 25.0), 5, (0, 50), shape, rng), 1)
    used = rng.uniform(0, 100, count)[:, None] + np.cumsum(rng.uniform(0, 0.1, shape), axis=1)
    rows["fuel_pct"] = 100 - used % 100
    redrawn = np.maximum.accumulate(np.where(rng.random(shape) < 0.05, np.arange(shape[1]), 0), axis=1)
    rows["cargo_kg"] = np.take_along_axis(np.trunc(rng.uniform(0, 5000, shape)), redrawn, axis=1)
    rows["satellites"] = np.trunc(_walk(np.zeros(count), 1.7, (0, 5), shape, rng))
    rows["device_id"], rows["org_id"], rows["boot_id"] = devices[:, None], organisations[:, None], MISSING_INT8
    rows["seq"] = np.arange(shape[1])
    rows["fix_time"] = np.datetime64(start.replace(tzinfo=None), "us") + np.arange(shape[1]) * np.timedelta64(PERIOD_S, "s")
    rows["received_at"], rows["device_time"] = rows["fix_time"], np.datetime64("NaT")
    return rows.reshape(-1)


def _walk(starts: Any, step: float, bounds: tuple[float, float], shape: tuple[int, int], rng: np.random.Generator) -> Any:
    """Uniform steps of every truck, kept within bounds by stopping at them."""
    values = np.empty(shape)
    value = starts
    for index, change in enumerate(rng.uniform(-step, step, shape).T):
        value = np.clip(value + change, *bounds)
        values[:, index] = value
    return values
