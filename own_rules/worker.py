"""The service: one of all workers judges by own rules; another goes on where it was when that one is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from domain.errors import UnavailableError
from own_rules.following import Follower
from own_rules.metrics import count_step
from store.own_rule_progress import try_to_lead
from store.pool import Role
from store.session import Session, keep_serving

CHANNELS: Final = ("beatwatch_stored", "beatwatch_planned", "beatwatch_own_rules")
POLL_S: Final = 1.0
SOON_S: Final = 0.05
RETRY_S: Final = 1.0
_log: Final = structlog.get_logger("own_rules")


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def run(database_url: str, *, stop: threading.Event, now: Callable[[], datetime] = wall_clock) -> None:
    """Judge by own rules until `stop` is set. While the database is away it is tried again every second."""
    keep_serving(database_url, Role.worker, CHANNELS, stop, partial(_serve_carefully, stop=stop, now=now))


def _serve_carefully(session: Session, stop: threading.Event, now: Callable[[], datetime]) -> None:
    try:
        _serve(session, stop, now)
    except UnavailableError:
        raise
    except Exception:  # noqa: BLE001  # what stands in a rule must not end the service that tells people
        _log.exception("own_rules_raised")
        stop.wait(RETRY_S)


def _serve(session: Session, stop: threading.Event, now: Callable[[], datetime]) -> None:
    with session.transaction() as connection:
        leads = try_to_lead(connection)
    follower = Follower()
    heard_at = -POLL_S
    while not stop.is_set():
        if not leads:
            stop.wait(POLL_S)
            with session.transaction() as connection:
                leads = try_to_lead(connection)
            continue
        with session.transaction() as connection:
            step = follower.step(connection, now())
        count_step(step)
        if step.batches or step.events:
            continue
        is_awaited = time.monotonic() - heard_at < POLL_S
        if session.wait(SOON_S if is_awaited else POLL_S, is_stopping=stop.is_set):
            heard_at = time.monotonic()
