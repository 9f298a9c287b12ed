"""Kills and outages at random moments while vans report: what the broker acknowledged must be there, once, judged the same.

A simulated morning is played through a stand whose parts are killed with SIGKILL, taken away, or run out of disk, one after
another; and a second time through a stand that nobody disturbs. Publishers keep what the broker has not acknowledged, as
devices do.
"""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import psycopg
import typer

from beatwatch.demo.stage import set_stage
from benchmarks.ingest import ALL_JUDGED
from benchmarks.report import write_report
from benchmarks.stand import Stand, stand, wait_until
from domain.errors import BeatwatchError
from simulators.playback import Played, Player
from simulators.scenario import load
from simulators.simulation import Simulation
from simulators.world import generate
from store.pool import Role, open_pool
from wire.codec import Message
from wire.registry import encoder

ROUND_S: Final = 120.0
"""For how long after a fault everything has to serve again; beyond that the round counts as not survived."""
SETTLE_S: Final = 400.0
_STORED: Final = "SELECT count(*) FROM position"
_DISTINCT: Final = "SELECT count(*) FROM (SELECT DISTINCT device_id, fix_time, seq FROM position) AS reading"
_EVENTS: Final = """
SELECT rule, device_key, trip_id, stop_id, started_at, ended_at
FROM event JOIN device USING (device_id) WHERE superseded_at IS NULL
"""
_PROBES: Final = "SELECT count(*) FROM device_status JOIN device USING (device_id) WHERE device_key = 'probe'"
_JUDGED_TO: Final = "SELECT min(batch_cursor) FROM geofence_lane"
_VISITS: Final = "SELECT trip_id, stop_id, state, arrived_at, departed_at FROM visit"


@dataclass(slots=True)
class Chaos:
    """The faults that a stand goes through; `survived` counts those after which everything served again in time."""

    stand: Stand
    away_s: float
    done: int = 0
    survived: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    probes: int = 0

    def kill_ingest(self) -> None:
        """SIGKILL, and started again as a supervisor would."""
        self._kill_service("ingest")

    def kill_geofence(self) -> None:
        """The same for the geofence worker."""
        self._kill_service("geofence")

    def kill_broker(self) -> None:
        """SIGKILL of mosquitto."""
        subprocess.run(["kill", "-9", str(self.stand.broker.pid)], check=True)
        wait_until(lambda: not self.stand.broker.running(), 10.0, "the broker's end")
        self.stand.broker.start()

    def kill_database(self) -> None:
        """SIGKILL of the postmaster; PostgreSQL recovers from its log."""
        subprocess.run(["kill", "-9", str(self.stand.postgres.pid)], check=True)
        wait_until(lambda: not self.stand.postgres.running(), 10.0, "the database's end")
        self.stand.postgres.start()

    def database_away(self) -> None:
        """Stopped in order, and started again later."""
        self.stand.postgres.stop()
        time.sleep(self.away_s)
        self.stand.postgres.start()

    def broker_away(self) -> None:
        """Stopped in order, and started again later."""
        self.stand.broker.stop()
        time.sleep(self.away_s)
        self.stand.broker.start()

    def broker_disk_full(self) -> None:
        """The file system that mosquitto keeps its queues on has no room left, for a while and while it is saved."""
        ballast = self.stand.broker_folder / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        time.sleep(8.0)  # longer than the broker's interval of saving
        ballast.unlink()

    def _kill_service(self, name: str) -> None:
        self.stand.services[name].end(signal.SIGKILL)
        self.stand.services[name].start()

    def run(self, name: str) -> None:
        """Go through a fault and note whether everything serves again."""
        fault: Callable[[], None] = getattr(self, name)
        try:
            fault()
            self._check(name)
            self.survived[name] += 1
        except (TimeoutError, BeatwatchError, psycopg.Error, OSError) as error:
            self.failures.append(f"{name}: {error}")
        self.done += 1

    def _check(self, name: str) -> None:
        deadline = time.monotonic() + ROUND_S
        with Player(self.stand.mqtt_url) as player:  # raises UnavailableError if the broker does not serve
            player.publish(Message("bw/1/default/probe/status", b'{"online":true,"seq":%d}' % time.time_ns()))
            player.wait()
        before, self.probes = self.probes, self.probes + 1
        wait_until(lambda: (_asked(self.stand, _PROBES) or 0) > before, deadline - time.monotonic(), f"ingest after {name}")
        newest = _patiently(self.stand, "SELECT max(xid)::text::bigint FROM ingest_batch")
        wait_until(
            lambda: (_asked(self.stand, _JUDGED_TO) or 0) >= newest, deadline - time.monotonic(), f"geofence after {name}"
        )


def _asked(standing: Stand, query: str) -> Any:
    try:
        return standing.one(query)
    except psycopg.OperationalError:
        return None


def _patiently(standing: Stand, query: str) -> Any:
    answer: list[Any] = []

    def ask() -> bool:
        try:
            answer[:] = [standing.one(query)]
        except psycopg.OperationalError:
            return False
        return True

    wait_until(ask, ROUND_S, "the database")
    return answer[0]


def schedule(rounds: int, seed: int) -> list[str]:
    """`rounds` faults in random order: each outage once, and the kills evenly."""
    kills = ["kill_ingest", "kill_geofence", "kill_broker", "kill_database"]
    outages = ["database_away", "broker_away", "broker_disk_full"]
    chosen = (outages + kills * rounds)[:rounds] if rounds >= len(outages) + len(kills) else (kills * rounds)[:rounds]
    random.Random(seed).shuffle(chosen)
    return chosen


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few megabytes for the broker's queues. Needs root."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def morning(vehicles: int, seed: int) -> Simulation:
    """A simulated morning that ended just now."""
    ended = datetime.now(UTC) - timedelta(minutes=5)
    trial = generate(load("morning_run"), seed, 1, None, None, lambda _, __: None)
    return generate(load("morning_run"), seed, vehicles, None, ended - (trial.end - trial.start), lambda _, __: None)


def prepare(standing: Stand, simulation: Simulation) -> None:
    """Plan the morning and start the services."""
    with open_pool(standing.database_url, Role.worker, max_size=1) as pool:
        set_stage(pool, "default", 1, simulation)
    standing.service("ingest").start()
    standing.service("geofence").start()


def play(standing: Stand, simulation: Simulation, share: Callable[[], float], gap_s: float, played: list[Played]) -> None:
    """Publish the morning, never more than `share()` of it, and wait for every acknowledgement."""
    chosen = encoder("beatwatch-json")
    with Player(standing.mqtt_url) as player:
        played.append(player.played)
        for position in simulation.positions():
            while player.played.published > share() * len(simulation.fixes):
                time.sleep(0.05)
            player.publish(chosen.encode([position], "default"))
            time.sleep(gap_s)
        player.wait()


def conclusions(standing: Stand) -> tuple[set[Any], set[Any]]:
    """Events and visits that hold, by what they say."""
    with psycopg.connect(standing.database_url) as connection:
        return set(connection.execute(_EVENTS.encode()).fetchall()), set(connection.execute(_VISITS.encode()).fetchall())


def settle(standing: Stand, expected: int) -> None:
    """Wait until everything is stored and judged, or it is clear that it will not be."""
    try:
        wait_until(lambda: (_asked(standing, _STORED) or 0) >= expected, SETTLE_S, "everything to be stored")
        wait_until(lambda: bool(_asked(standing, ALL_JUDGED)), SETTLE_S, "everything to be judged")
    except TimeoutError as error:
        print(error)
    time.sleep(3.0)


def disturbed(simulation: Simulation, faults: list[str], pause_s: float, away_s: float, seed: int) -> dict[str, Any]:
    """Play the morning through a stand that goes through `faults`, some of it in each round."""
    rng = random.Random(seed)
    with stand(small_disk) as standing:
        prepare(standing, simulation)
        chaos = Chaos(standing, away_s)
        played: list[Played] = []
        rounds = len(faults)
        gap_s = 0.8 * pause_s * rounds / len(simulation.fixes)

        def share() -> float:
            return (chaos.done + 1) / rounds

        player = threading.Thread(target=play, args=(standing, simulation, share, gap_s, played), daemon=True)
        player.start()
        for fault in faults:
            time.sleep(rng.uniform(0.2, 1.0) * pause_s)
            print(f"{datetime.now(UTC):%H:%M:%S} {fault}", flush=True)
            began_s = time.monotonic()
            chaos.run(fault)
            print(
                f"    {chaos.done} of {rounds} rounds, {chaos.survived.total()} survived, {time.monotonic() - began_s:.0f} s",
                flush=True,
            )
        player.join(SETTLE_S)
        settle(standing, len(simulation.fixes))
        stored, distinct = standing.one(_STORED), standing.one(_DISTINCT)
        return {
            "rounds": len(faults),
            "survived": dict(chaos.survived),
            "not_survived": chaos.failures,
            "published": played[0].published,
            "acknowledged": played[0].acknowledged,
            "stored": stored,
            "lost": max(0, played[0].acknowledged - distinct),
            "duplicates": stored - distinct,
            "conclusions": conclusions(standing),
        }


def undisturbed(simulation: Simulation) -> tuple[set[Any], set[Any]]:
    """What is concluded when nothing happens."""
    with stand() as standing:
        prepare(standing, simulation)
        play(standing, simulation, lambda: 1.0, 0.0, [])
        settle(standing, len(simulation.fixes))
        return conclusions(standing)


def main(
    rounds: Annotated[int, typer.Option(help="faults")] = 20,
    seconds: Annotated[float, typer.Option(help="of life between two faults, at most")] = 8.0,
    away: Annotated[float, typer.Option(help="seconds that database and broker are away")] = 60.0,
    vehicles: Annotated[int, typer.Option()] = 60,
    seed: Annotated[int, typer.Option()] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
) -> None:
    """Go through the faults, print a table and write the figures; exit 1 if anything was lost, doubled, dead or different."""
    simulation = morning(vehicles, seed)
    figures = disturbed(simulation, schedule(rounds, seed), seconds, away, seed)
    events, visits = figures.pop("conclusions")
    expected_events, expected_visits = undisturbed(simulation)
    figures |= {
        "events": len(events),
        "events_undisturbed": len(expected_events),
        "events_differing": len(events ^ expected_events),
        "visits_differing": len(visits ^ expected_visits),
        "events_equal_to_undisturbed": events == expected_events and visits == expected_visits,
    }
    write_report("chaos", figures, json_file)
    for difference in sorted(map(str, events ^ expected_events))[:10]:
        print(difference)
    if figures["lost"] or figures["duplicates"] or figures["not_survived"] or not figures["events_equal_to_undisturbed"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
