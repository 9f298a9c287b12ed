"""What is done beside telling people: every hour the end of what has grown old, nightly or when asked what verdicts teach.

Safe with several workers: the hour's work holds a lock, and each task of a night is taken by one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from prometheus_client import Counter

from alerts.risk import weigh
from domain.errors import BeatwatchError, UnavailableError
from store import learning_requests, pruning
from store.lessons import Period
from store.pool import Connection, Role
from store.pruning import Ages, NightOf
from store.risks import trips_between
from store.session import Session, open_session

LOOK_EVERY_S: Final = 20.0
PRUNE_EVERY: Final = timedelta(hours=1)
NIGHT_AT: Final = time(2)
"""By the organisation's clock."""
LEARN_FROM: Final = timedelta(days=28)
WEIGH_AGAIN: Final = timedelta(days=14)
"""Shelves and settlements may tell of a trip for so long."""
_TRIPS_AT_ONCE: Final = 200
_PRUNED: Final = Counter("beatwatch_pruned_rows", "rows forgotten as they were old", ["table"])
_NIGHTS: Final = Counter("beatwatch_night_tasks", "tasks of the night", ["task", "outcome"])
_log: Final = structlog.get_logger("upkeep")
Task = Callable[[Session, NightOf, datetime], str]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def keep_up(database_url: str, ages: Ages, stop: threading.Event, now: Callable[[], datetime] = wall_clock) -> None:
    """Look again and again whether there is anything to do, until `stop` is set. What fails is put off and said."""
    pruned_at: datetime | None = None
    while not stop.is_set():
        try:
            session = open_session(database_url, Role.worker)
        except UnavailableError:
            stop.wait(LOOK_EVERY_S)
            continue  # who follows events says that the database is away
        try:
            if pruned_at is None or now() - pruned_at >= PRUNE_EVERY:
                prune(session, ages, now(), stop)
                pruned_at = now()
            do_night(session, now())
            do_asked(session, now)
        except BeatwatchError as error:
            _log.warning("upkeep_is_put_off", reason=str(error))
        except Exception:  # noqa: BLE001  # upkeep must not end the service that tells people
            _log.exception("upkeep_raised")
        finally:
            session.close()
        stop.wait(LOOK_EVERY_S)


def prune(session: Session, ages: Ages, now: datetime, stop: threading.Event | None = None) -> dict[str, int]:
    """Forget what is older than its age -> rows by table. Short transactions, so that nobody waits."""
    steps: dict[str, Callable[[Connection], int]] = {"conclusion_form": pruning.prune_forms}
    for table, age, forget in (
        ("plan_change", ages.plan_changes, pruning.prune_plan_changes),
        ("ingest_batch", ages.batches, pruning.prune_batches),
        ("message", ages.messages, pruning.prune_messages),
        ("alert", ages.alerts, pruning.prune_alerts),
    ):
        if age is not None:
            steps[table] = _before(forget, now - age)
    return {table: _all(session, table, step, stop) for table, step in steps.items()}


def _before(forget: Callable[[Connection, datetime], int], moment: datetime) -> Callable[[Connection], int]:
    return lambda connection: forget(connection, moment)


def _all(session: Session, table: str, step: Callable[[Connection], int], stop: threading.Event | None) -> int:
    total = 0
    while stop is None or not stop.is_set():
        with session.transaction() as connection:
            gone = step(connection) if pruning.may_prune(connection) else 0
        total += gone
        _PRUNED.labels(table).inc(gone)
        if gone < pruning.AT_ONCE:
            break
    return total


def do_night(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Do the tasks of the night for organisations where it has begun and nobody else has -> organisation and task."""
    with session.transaction() as connection:
        nights = pruning.organisations(connection)
    done = []
    for night in nights:
        local = now.astimezone(_zone(night.time_zone))
        if local.time() < NIGHT_AT:
            continue
        for name, task in TASKS.items():
            with session.transaction() as connection:
                is_ours = pruning.take_task(connection, night.org_id, name, local.date(), now)
            if is_ours:
                outcome = task(session, night, now)
                with session.transaction() as connection:
                    pruning.finish_task(connection, night.org_id, name, local.date(), now, outcome)
                _NIGHTS.labels(name, "done").inc()
                _log.info("night_task_done", organisation=night.slug, task=name, outcome=outcome)
                done.append((night.slug, name))
    return done


def do_asked(session: Session, now: Callable[[], datetime]) -> int:
    """Look for the proposals that people want now; how many organisations wanted some."""
    done = 0
    while True:
        with session.transaction() as connection:
            request = learning_requests.take(connection, now())
        if request is None:
            return done
        try:
            outcome = _propose(session, request.org_id, now())
        except BeatwatchError as error:
            outcome = f"it did not work: {error}"
        with session.transaction() as connection:
            learning_requests.finish(connection, request, now(), outcome)
        _log.info("learning_asked_for_done", org_id=request.org_id, outcome=outcome)
        done += 1


def _learn(session: Session, night: NightOf, now: datetime) -> str:
    return _propose(session, night.org_id, now)


def _propose(session: Session, org_id: int, now: datetime) -> str:
    """Propose what verdicts speak for. What is read and judged again is no transaction that writes, so nobody waits for it."""
    from beatwatch.lessons import proposals, propose

    with session.transaction() as connection:
        found = list(proposals(connection, org_id, Period(now - LEARN_FROM, now), lambda _done, _all: None))
    with session.transaction() as connection:
        asked = sum(propose(connection, org_id, one, now) for one in found)
    return f"{asked} of {len(found)} proposals asked for"


def _weigh(session: Session, night: NightOf, now: datetime) -> str:
    """Weigh the trips of late anew: shelves have risen or not, vans have been counted."""
    with session.transaction() as connection:
        trips = trips_between(connection, night.org_id, now - WEIGH_AGAIN, now)
    for first in range(0, len(trips), _TRIPS_AT_ONCE):
        with session.transaction() as connection:
            weigh(connection, trips[first : first + _TRIPS_AT_ONCE], now)
    return f"{len(trips)} trips weighed"


TASKS: Final[Mapping[str, Task]] = {"learn": _learn, "weigh": _weigh}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
