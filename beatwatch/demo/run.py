"""The course of the demonstration: start, play, watch, drain, sum up."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import asdict, dataclass

from rich.console import Console

from beatwatch.demo.people import People
from beatwatch.demo.performance import Performance
from beatwatch.demo.summary import Summary, summarise
from beatwatch.logs import configure_logs
from beatwatch.services.stack import Running, addresses, everything
from beatwatch.services.supervisor import Supervisor, stop_requested
from beatwatch.settings import Settings, read_settings
from simulators.scenario import load
from store.census import count_everything, is_caught_up
from store.organisations import organisation_id
from store.pool import Pool, Role, open_pool

_DRAIN_S = 30.0
_STATUS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """As given on the command line."""

    duration_s: float | None
    scenario: str
    seed: int
    speed: float
    port: int


def run_demo(options: DemoOptions) -> int:
    """Run the demonstration; the exit status is 1 if anything was lost or doubled."""
    scenario = load(options.scenario)
    settings = read_settings()
    settings = settings.model_copy(update={"api_port": options.port, "beatwatch_state": settings.beatwatch_state / "demo"})
    configure_logs(settings)
    _forget_earlier(settings)
    console = Console(stderr=True)
    console.print("starting the servers and services; the first time takes a minute, as the engine is compiled")
    with stop_requested() as stop, everything(settings) as running:
        print(addresses(running), flush=True)
        print(f"administration     BEATWATCH_STATE={settings.beatwatch_state} beatwatch device list", flush=True)
        pool, desk = open_pool(running.database_url, Role.worker), open_pool(running.database_url, Role.api)
        try:
            org_id = organisation_id(running.database_url, settings.organisation)
            people = People(desk, org_id)
            performance = Performance(
                scenario, options.seed, options.speed, running.gateway_url, pool, people, settings.organisation, org_id
            )
            _watch(performance, running, stop, options.duration_s, console)
            summary = _settle(performance, running, pool)
        finally:
            desk.close()
            pool.close()
    print(json.dumps(asdict(summary)), flush=True)
    return 0 if summary.is_flawless else 1


def _forget_earlier(settings: Settings) -> None:
    """Each demonstration begins with an empty database; only what an earlier one made is removed."""
    home = settings.beatwatch_state
    link = home / "servers"
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _watch(
    performance: Performance, running: Running, stop: threading.Event, duration_s: float | None, console: Console
) -> None:
    """Play until Ctrl-C, the end of the duration or a failure, keeping programs alive and people informed."""
    supervisor = Supervisor(running.programs)
    player = threading.Thread(target=performance.run, name="player")
    player.start()
    end_s = None if duration_s is None else time.monotonic() + duration_s
    try:
        with console.status("playing") as status:
            while player.is_alive() and (end_s is None or time.monotonic() < end_s):
                if stop.wait(_STATUS_EVERY_S):
                    break
                supervisor.look()
                status.update(_progress(performance))
    finally:
        performance.stop.set()
        player.join()
    if performance.failure is not None:
        raise performance.failure


def _progress(performance: Performance) -> str:
    with performance.pool.connection() as connection:
        counts = count_everything(connection)
    return (
        f"{len(performance.tally.readings)} readings published, {counts.positions} stored, "
        f"{counts.events} events, {counts.alerts} alerts; Ctrl-C ends"
    )


def _settle(performance: Performance, running: Running, pool: Pool) -> Summary:
    """Wait until everything acknowledged is stored, judged and told, let each service finish, and count."""
    give_up_s = time.monotonic() + _DRAIN_S
    while time.monotonic() < give_up_s and not _is_settled(performance, pool):
        time.sleep(0.2)
    running.drain()
    return summarise(pool, performance.tally)


def _is_settled(performance: Performance, pool: Pool) -> bool:
    if summarise(pool, performance.tally).lost:
        return False
    with pool.connection() as connection:
        return is_caught_up(connection)
