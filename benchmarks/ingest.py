"""How many messages a second we take, store and judge, against a subscriber that does nothing with them.

Both sides get the same load from the same generator through brokers with the same settings, in turn, in one run; a rate is
the messages of a load over the time from its first publish until the last is received, committed or judged. Broker, database,
services and load generator share the machine, and `processor_us` says what each of them uses for a message.

What is not done in time is a figure: `unfinished` counts readings that were not stored or judged when patience ended, and the
rate is then that of what was.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks.processor import Meter, Pids, by_message, memory_watched
from benchmarks.report import write_report
from benchmarks.stand import Stand, broker_alone, publish_load, stand, wait_until

ROUNDS: Final = 3
DEVICES: Final = 1_000
PATIENCE_S: Final = 120.0
WARM_UP_S: Final = 2.0
_POLL_S: Final = 0.05
_LOAD: Final = {"devices": DEVICES, "connections": 20, "window": 200}
_STORED: Final = "SELECT coalesce(sum(row_count), 0)::bigint FROM ingest_batch"
_JUDGED: Final = (
    "SELECT coalesce(sum(row_count), 0)::bigint FROM ingest_batch"
    " WHERE xid <= (SELECT min(batch_cursor) FROM geofence_lane)::text::xid8"
)
ALL_JUDGED: Final = "SELECT (SELECT min(batch_cursor) FROM geofence_lane) >= (SELECT max(xid)::text::bigint FROM ingest_batch)"
_DISTINCT: Final = "SELECT count(*) FROM (SELECT DISTINCT device_id, seq, fix_time FROM position) AS reading"


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one load: `done` of its readings in `seconds`."""

    published: int  # messages
    readings: int
    done: int
    seconds: float
    processor_us: dict[str, float]  # a message

    @property
    def rate(self) -> float:
        """Readings done in a second."""
        return self.done / self.seconds


class Subscriber:
    """One of benchmarks.subscribers, counting."""

    def __init__(self, kind: str, *urls: str) -> None:
        command = [sys.executable, "-m", "benchmarks.subscribers", kind, *urls]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.done = 0
        self.ready = False
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.ready, 30.0, f"the {kind} subscriber")

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == "ready":
                self.ready = True
            else:
                self.done = int(line)

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def subscriber(kind: str, *urls: str) -> Iterator[Subscriber]:
    """A subscriber that ends with the context."""
    running = Subscriber(kind, *urls)
    try:
        yield running
    finally:
        running.end()


def measured(mqtt_url: str, report: Path, done: Callable[[], int], pids: Pids, **load: float) -> Run:
    """Publish a load and wait until as many readings are `done` as it had, or patience ends."""
    before, meter = done(), Meter(pids)
    document = publish_load(mqtt_url, report, **{**_LOAD, "rate": 0, **load})
    readings, deadline = document["readings"], time.monotonic() + PATIENCE_S
    while (finished := done() - before) < readings and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    seconds = time.time() - document["began_at"]
    used_s = {**meter.used_s(), "load": document["processor_s"]}
    return Run(document["published"], readings, finished, seconds, by_message(used_s, document["published"]))


def bare_run(report: Path, seconds: float) -> Run:
    """The subscriber that does nothing."""
    with broker_alone() as (program, url), subscriber("bare", url) as bare:
        return measured(url, report, lambda: bare.done, {"broker": program.pid, "subscriber": bare.pid}, seconds=seconds)


def naive_run(standing: Stand, report: Path, seconds: float) -> Run:
    """One INSERT and one test for each zone, for each message; a short load, for it is slow."""
    with broker_alone() as (program, url), subscriber("naive", url, standing.database_url) as naive:
        pids = {"broker": program.pid, "subscriber": naive.pid, "database": standing.postgres.pid}
        return measured(url, report, lambda: naive.done, pids, seconds=seconds, messages=round(200 * seconds))


class Ours:
    """Our services on a stand, loaded in turn with and without the geofence worker."""

    def __init__(self, standing: Stand) -> None:
        self._stand = standing
        self._report = standing.folder / "load.json"
        self.sent = 0
        self.ingest, self.geofence = standing.service("ingest"), standing.service("geofence")
        self.ingest.start()
        self.geofence.start()

    @property
    def pids(self) -> Pids:
        """Of everything but the load generator."""
        ours = {"broker": self._stand.broker.pid, "database": self._stand.postgres.pid}
        return {**ours, "ingest": self.ingest.pid, "geofence": self.geofence.pid}

    def stored(self, seconds: float, *, batch: int = 1) -> Run:
        """With the geofence worker held still; it judges the backlog afterwards, as long as patience lasts."""
        self.geofence.send(signal.SIGSTOP)
        try:
            return self._run(self._count(_STORED), seconds=seconds, batch=batch)
        finally:
            self.geofence.send(signal.SIGCONT)
            self.catch_up()

    def judged(self, seconds: float, **load: float) -> Run:
        """Until the geofence worker has been through everything."""
        return self._run(self._count(_JUDGED), seconds=seconds, **load)

    def catch_up(self) -> int:
        """Give the worker time for its backlog; how many readings are still not judged then."""
        deadline = time.monotonic() + PATIENCE_S
        while (unjudged := self._stand.one(_STORED) - self._stand.one(_JUDGED)) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return int(unjudged)

    def _count(self, query: str) -> Callable[[], int]:
        return lambda: int(self._stand.one(query))

    def _run(self, done: Callable[[], int], **load: float) -> Run:
        run = measured(self._stand.mqtt_url, self._report, done, self.pids, **load)
        self.sent += run.readings
        return run


def soaked(ours: Ours, seconds: float, rate: float) -> dict[str, Any]:
    """A steady load for long: what memory the processes have after a tenth of the time, at the end, and at most."""
    with memory_watched(ours.pids) as samples:
        run = ours.judged(seconds, rate=rate)
        taken = samples()
    memory = {
        name: {"early": mib[len(mib) // 10], "end": mib[-1], "most": max(mib)} for name, mib in taken.items() if len(mib) > 1
    }
    return {
        "soak_msgs_per_s": run.rate,
        "soak_seconds": run.seconds,
        "soak_unfinished": run.readings - run.done,
        "soak_processor_us": run.processor_us,
        "soak_memory_mib": memory,
    }


def measure(seconds: float, soak_s: float, soak_rate: float | None) -> dict[str, Any]:
    """All figures."""
    with stand() as standing:
        report = standing.folder / "other.json"
        naive = naive_run(standing, report, seconds)
        ours = Ours(standing)
        ours.judged(WARM_UP_S)  # everything is warm, on every side, before anything counts
        bare_run(report, WARM_UP_S)
        rounds = [(bare_run(report, seconds), ours.stored(seconds), ours.judged(seconds)) for _ in range(ROUNDS)]
        batches = [ours.stored(seconds, batch=10) for _ in range(2)]
        bare, stored, judged = (statistics.median(run.rate for run in side) for side in zip(*rounds, strict=True))
        soak = soaked(ours, soak_s, soak_rate or judged / 2) if soak_s else {}
        unjudged = ours.catch_up()
        rows, distinct = standing.one("SELECT count(*) FROM position"), standing.one(_DISTINCT)
        memory_mib = {name: service.memory_mib() for name, service in standing.services.items()}
    runs = [run for one in rounds for run in one] + batches
    return {
        "bare_msgs_per_s": bare,
        "stored_msgs_per_s": stored,
        "judged_msgs_per_s": judged,
        "ratio_stored_to_bare": statistics.median(one[1].rate / one[0].rate for one in rounds),
        "ratio_judged_to_bare": statistics.median(one[2].rate / one[0].rate for one in rounds),
        "naive_msgs_per_s": naive.rate,
        "ratio_judged_to_naive": judged / naive.rate,
        "batch_readings_per_s": max(run.rate for run in batches),
        "published_readings": ours.sent,
        "lost": max(0, ours.sent - distinct),
        "duplicates": rows - distinct,
        "unfinished": sum(run.readings - run.done for run in runs),
        "unjudged_at_the_end": unjudged,
        "ingest_memory_mib": memory_mib["ingest"],
        "geofence_memory_mib": memory_mib["geofence"],
        "processor_us": {
            "bare": rounds[-1][0].processor_us,
            "stored": rounds[-1][1].processor_us,
            "judged": rounds[-1][2].processor_us,
            "naive": naive.processor_us,
            "stored_ten_readings": batches[-1].processor_us,
        },
        "ratio_of_processor_time": statistics.median(one[0].processor_us["sum"] / one[2].processor_us["sum"] for one in rounds),
        **soak,
        "rounds": [[round(run.rate, 1) for run in one] for one in rounds],
    }


def main(
    seconds: Annotated[float, typer.Option(help="of publishing for each figure and round")] = 5.0,
    soak: Annotated[float, typer.Option(help="seconds of a steady load at the end, for the memory; 600 = ten minutes")] = 0.0,
    soak_rate: Annotated[
        float | None, typer.Option(help="messages a second of that; half of what is judged by default")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure, print a table and write the figures; exit 1 if anything was lost or doubled."""
    figures = measure(seconds, soak, soak_rate)
    write_report("ingest", figures, json_file)
    if figures["lost"] or figures["duplicates"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
