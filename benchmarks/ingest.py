"""How many messages a second we take, store and judge, against a subscriber that does nothing with them.

Both sides get the same load from the same generator through brokers with the same settings, in turn, in one run; a rate is
the messages of a load over the time from its first publish until the last is received, committed or judged. Broker, database,
services and load generator share the machine.
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
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.report import write_report
from benchmarks.stand import Stand, broker_alone, publish_load, stand, wait_until

ROUNDS = 3
DEVICES = 1_000
PATIENCE_S = 120.0
STORED = "SELECT coalesce(sum(row_count), 0)::bigint FROM ingest_batch"
ALL_JUDGED = "SELECT (SELECT min(batch_cursor) FROM geofence_lane) >= (SELECT max(xid)::text::bigint FROM ingest_batch)"


class Subscriber:
    """One of benchmarks.subscribers, counting."""

    def __init__(self, kind: str, *urls: str) -> None:
        command = [sys.executable, "-m", "benchmarks.subscribers", kind, *urls]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.done = 0
        self.ready = False
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.ready, 30.0, f"the {kind} subscriber")

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


def rate(mqtt_url: str, report: Path, done: Callable[[], bool], per_message: int = 1, **load: float) -> tuple[float, int]:
    """Publish a load and wait until it is `done`: readings a second, and messages published."""
    started = time.perf_counter()
    published: int = publish_load(mqtt_url, report, devices=DEVICES, connections=20, window=200, rate=0, **load)["published"]
    wait_until(done, PATIENCE_S, "all to be done")
    return per_message * published / (time.perf_counter() - started), published


@contextmanager
def subscriber(kind: str, *urls: str) -> Iterator[Subscriber]:
    """A subscriber that ends with the context."""
    running = Subscriber(kind, *urls)
    try:
        yield running
    finally:
        running.end()


def bare_rate(report: Path, seconds: float) -> float:
    """The subscriber that does nothing."""
    with broker_alone() as url, subscriber("bare", url) as bare:
        before = bare.done

        def all_received() -> bool:
            return report.exists() and bare.done - before >= _published(report)

        report.unlink(missing_ok=True)
        return rate(url, report, all_received, seconds=seconds)[0]


def _published(report: Path) -> int:
    import json

    count: int = json.loads(report.read_text())["published"]
    return count


class Ours:
    """Our services on a stand, loaded in turn with and without the geofence worker."""

    def __init__(self, standing: Stand, seconds: float) -> None:
        self._stand = standing
        self._seconds = seconds
        self._report = standing.folder / "load.json"
        self.sent = 0
        self.ingest, self.geofence = standing.service("ingest"), standing.service("geofence")
        self.ingest.start()
        self.geofence.start()

    def stored_rate(self, *, batch: int = 1) -> float:
        """With the geofence worker held still."""
        self.geofence.send(signal.SIGSTOP)
        try:
            return self._rate(batch, lambda: True)
        finally:
            self.geofence.send(signal.SIGCONT)
            wait_until(lambda: bool(self._stand.one(ALL_JUDGED)), PATIENCE_S, "the backlog to be judged")

    def judged_rate(self) -> float:
        """Until the geofence worker has been through everything."""
        return self._rate(1, lambda: bool(self._stand.one(ALL_JUDGED)))

    def _rate(self, batch: int, also: Callable[[], bool]) -> float:
        self._report.unlink(missing_ok=True)

        def done() -> bool:
            return self._stand.one(STORED) >= self.sent + batch * _published(self._report) and also()

        figure, published = rate(self._stand.mqtt_url, self._report, done, batch, seconds=self._seconds, batch=batch)
        self.sent += batch * published
        return figure


def naive_rate(standing: Stand, seconds: float) -> float:
    """One INSERT and one test for each zone, for each message; a short load, for it is slow."""
    report = standing.folder / "naive.json"
    with broker_alone() as url, subscriber("naive", url, standing.database_url) as naive:

        def all_done() -> bool:
            return report.exists() and naive.done >= _published(report)

        return rate(url, report, all_done, seconds=seconds, messages=round(200 * seconds))[0]


def measure(seconds: float) -> dict[str, Any]:
    """All figures."""
    with stand() as standing:
        naive = naive_rate(standing, seconds)
        ours = Ours(standing, seconds)
        ours.judged_rate()  # everything is warm, on every side, before anything counts
        bare_rate(standing.folder / "bare.json", min(seconds, 2.0))
        bare_report = standing.folder / "bare.json"
        rounds = [(bare_rate(bare_report, seconds), ours.stored_rate(), ours.judged_rate()) for _ in range(ROUNDS)]
        batch = max(ours.stored_rate(batch=10) for _ in range(2))
        rows = standing.one("SELECT count(*) FROM position")
        distinct = standing.one("SELECT count(*) FROM (SELECT DISTINCT device_id, seq, fix_time FROM position) AS reading")
        memory_mib = ours.ingest.memory_mib()
    bare, stored, judged = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "bare_msgs_per_s": bare,
        "stored_msgs_per_s": stored,
        "judged_msgs_per_s": judged,
        "ratio_stored_to_bare": statistics.median(one[1] / one[0] for one in rounds),
        "ratio_judged_to_bare": statistics.median(one[2] / one[0] for one in rounds),
        "naive_msgs_per_s": naive,
        "ratio_judged_to_naive": judged / naive,
        "batch_readings_per_s": batch,
        "published_readings": ours.sent,
        "lost": max(0, ours.sent - distinct),
        "duplicates": rows - distinct,
        "ingest_memory_mib": memory_mib,
        "rounds": [[round(figure, 1) for figure in one] for one in rounds],
    }


def main(
    seconds: Annotated[float, typer.Option(help="of publishing for each figure and round")] = 5.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Measure, print a table and write the figures."""
    write_report("ingest", measure(seconds), json_file)


if __name__ == "__main__":
    typer.run(main)
