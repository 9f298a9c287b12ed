"""The service: one thread follows events and timers, another sends what they put into the outbox."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

from alerts.digest import Digests
from alerts.options import AlertOptions
from alerts.paging import Paging
from alerts.risk import reassess_due
from alerts.sending import AT_ONCE, Sender
from alerts.tailing import Rulebook, follow
from alerts.timers import escalate, hand_over, wake
from store.alerts import try_to_lead
from store.pool import Role
from store.session import Session, keep_serving

POLL_S: Final = 1.0
SOON_S: Final = 0.02
Now = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def run(
    database_url: str,
    *,
    stop: threading.Event,
    on_ready: Callable[[], None] = lambda: None,
    options: AlertOptions | None = None,
    now: Now = wall_clock,
) -> None:
    """Turn events into alerts and messages until `stop` is set, then finish what is at hand and return.

    An organisation that names no recipients has its alerts logged, and posted to the webhook of `options` if there is one.
    While the database is away it is tried again every second. Raises SettingsError for impossible options.
    """
    reach = options or AlertOptions()
    rulebook = Rulebook(paging=Paging(fallback=reach.fallback()))
    sender = Sender(reach, now, random.random)
    with ThreadPoolExecutor(1, thread_name_prefix="sending") as threads:
        sending = threads.submit(
            keep_serving, database_url, Role.worker, ("beatwatch_posted",), stop, partial(_send, sender=sender, stop=stop)
        )
        sending.add_done_callback(lambda _: stop.set())
        try:
            following = partial(_follow, rulebook=rulebook, now=now, stop=stop, on_ready=on_ready)
            keep_serving(database_url, Role.worker, ("beatwatch_concluded",), stop, following)
        finally:
            stop.set()
        sending.result()
    sender.close()


def _follow(session: Session, rulebook: Rulebook, now: Now, stop: threading.Event, on_ready: Callable[[], None]) -> None:
    heard_at = timed_at = -POLL_S
    digests = Digests()
    with session.transaction() as connection:
        leads = try_to_lead(connection)
    on_ready()
    while not stop.is_set():
        if not leads:
            stop.wait(POLL_S)
            with session.transaction() as connection:
                leads = try_to_lead(connection)
            continue
        with session.transaction() as connection:
            count = follow(connection, rulebook, now())
        if time.monotonic() - timed_at >= POLL_S:
            timed_at = time.monotonic()
            with session.transaction() as connection:
                escalate(connection, rulebook.paging, now())
                wake(connection, rulebook.paging, now())
                hand_over(connection, rulebook.paging, now())
                digests.post_due(connection, now())
                reassess_due(connection, now())
        if count:
            continue
        # What was concluded may still wait for an older transaction to end, which nobody announces.
        is_awaited = time.monotonic() - heard_at < POLL_S
        if session.wait(SOON_S if is_awaited else POLL_S, is_stopping=stop.is_set):
            heard_at = time.monotonic()


def _send(session: Session, sender: Sender, stop: threading.Event) -> None:
    while not stop.is_set():
        if sender.send_due(session) < AT_ONCE:
            session.wait(POLL_S, is_stopping=stop.is_set)
