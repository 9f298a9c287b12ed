"""The worker: holds lanes, follows the stored batches, and survives whatever happens to it or to the database."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import structlog

from geofence.collector import spare_the_collector
from geofence.engine import Engine
from geofence.worker.cohort import Cohort, Step
from geofence.worker.judge import MakeEngine
from geofence.worker.metrics import count_step
from geofence.worker.night import NightWatch
from geofence.worker.settings import define_parameters
from geofence.worker.warm_up import warm_up
from store.lanes import LANES, LaneState, count_workers, join_workers, lane_states, release_lanes, take_lanes
from store.pool import Connection, Role
from store.session import Session, keep_serving

CHANNELS: Final = ("beatwatch_stored", "beatwatch_planned", "beatwatch_devices")
POLL_S: Final = 1.0
"""A notification that was missed costs no more than this."""
SOON_S: Final = 0.02
BALANCE_EVERY_S: Final = 2.0
_log: Final = structlog.get_logger("geofence")
Now = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Worker:
    """One session with the lanes it holds. `now` says how much time passes while nothing arrives, and nothing else."""

    def __init__(self, session: Session, now: Now = wall_clock, make_engine: MakeEngine = Engine) -> None:
        self._session = session
        self._now = now
        self._make_engine = make_engine
        self._cohorts: list[Cohort] = []
        self._night = NightWatch()
        with session.transaction() as connection:
            join_workers(connection)
            define_parameters(connection)

    @property
    def lanes(self) -> frozenset[int]:
        """The lanes whose devices this worker judges."""
        return frozenset(lane for cohort in self._cohorts for lane in cohort.lanes)

    def balance(self) -> None:
        """Take free lanes up to a fair share of all, and give up what is more than that."""
        with self._session.transaction() as connection:
            share = -(-LANES // count_workers(connection))
            if len(self.lanes) > share:
                self._give_up(connection, sorted(self.lanes)[share:])
            taken = take_lanes(connection, set(range(LANES)) - self.lanes, share - len(self.lanes))
            states = lane_states(connection, taken)
        if taken:
            _log.info("lanes_taken", lanes=taken)
            self._recover(states)

    def run_once(self) -> bool:
        """Judge what waits, at most one step of each cohort; whether there was anything."""
        progress = [self._step(cohort) for cohort in tuple(self._cohorts)]
        if not any(progress) and self._night.is_due(self._now()):
            self._look_back()
        return any(progress)

    def heard(self, channels: set[str]) -> None:
        """Take note of what the database told."""
        if "beatwatch_devices" in channels:
            for cohort in self._cohorts:
                cohort.forget_devices()

    def _step(self, cohort: Cohort) -> bool:
        until = min((other.cursor.batch for other in self._cohorts if other.cursor.batch > cohort.cursor.batch), default=None)
        with self._session.transaction() as connection:
            step = cohort.step(connection, self._now(), until)
        if step is not None:
            self._report(step)
            self._merge(cohort)
        return step is not None

    def _look_back(self) -> None:
        """While there is nothing else to do: faulty clocks, and habits of the weeks before the night that has passed."""
        newest: dict[int, datetime] = {}
        for cohort in self._cohorts:
            for org_id, at in cohort.newest().items():
                newest[org_id] = max(at, newest.get(org_id, at))
        with self._session.transaction() as connection:
            self._night.run(connection, self._now(), newest, self.lanes)

    def _merge(self, cohort: Cohort) -> None:
        for other in self._cohorts:
            if other is not cohort and other.cursor == cohort.cursor:
                other.take_over(cohort)
                self._cohorts.remove(cohort)
                return

    def _recover(self, states: list[LaneState]) -> None:
        def progress(state: LaneState) -> tuple[int, int, str]:
            return (*state.cursor, repr(sorted(state.clocks.items())))

        for _, alike in groupby(sorted(states, key=progress), key=progress):
            cohort = Cohort(list(alike), self._make_engine)
            with self._session.transaction() as connection:
                self._report(cohort.recover(connection, self._now()))
            self._cohorts.append(cohort)

    def _give_up(self, connection: Connection, lanes: list[int]) -> None:
        _log.info("lanes_given_up", lanes=lanes)
        for cohort in self._cohorts:
            cohort.drop(lanes)
        self._cohorts = [cohort for cohort in self._cohorts if cohort.lanes]
        release_lanes(connection, lanes)

    def _report(self, step: Step) -> None:
        count_step(step, self._now())
        for rule in step.faults:
            _log.error("rule_raised", rule=rule)


def run(
    database_url: str,
    *,
    on_ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
    now: Now = wall_clock,
    make_engine: MakeEngine = Engine,
) -> None:
    """Judge until SIGTERM or SIGINT, or until `stop` is set, then finish the step at hand and return.

    `on_ready` is called once the first lanes are held. While the database is away it is tried again every second.
    """
    stop = stop or _stop_on_signals()
    warm_up(make_engine)
    spare_the_collector()

    def serve(session: Session) -> None:
        _serve(Worker(session, now, make_engine), session, stop, on_ready)

    keep_serving(database_url, Role.worker, CHANNELS, stop, serve)


def _serve(worker: Worker, session: Session, stop: threading.Event, on_ready: Callable[[], None]) -> None:
    balanced_at = heard_at = -max(BALANCE_EVERY_S, POLL_S)
    while not stop.is_set():
        if time.monotonic() - balanced_at >= BALANCE_EVERY_S:
            worker.balance()
            balanced_at = time.monotonic()
            on_ready()
        if worker.run_once():
            continue
        # What was stored may still wait for an older transaction to end, which nobody announces.
        is_awaited = time.monotonic() - heard_at < POLL_S
        channels = session.wait(SOON_S if is_awaited else POLL_S, is_stopping=stop.is_set)
        if channels:
            heard_at = time.monotonic()
        worker.heard(channels)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
