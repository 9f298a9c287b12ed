"""Sends what webhooks are to be told. Several processes may: a message is claimed by one of them at a time.

`Beatwatch-Signature: t=UNIX_SECONDS,v1=HEX` is HMAC-SHA256, with the webhook's secret, over `UNIX_SECONDS.BODY`. The same
`Beatwatch-Message` twice is the same message delivered again.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import structlog

from domain.errors import BeatwatchError, InvalidInputError
from domain.signing import sign
from domain.web_targets import Resolve, target_of
from store import webhooks
from store.name_lookup import resolve
from store.pool import Role
from store.session import Session, open_session
from store.webhooks import Due

_log = structlog.get_logger("webhooks")

DELAYS: Final = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 3600, 6 * 3600, 24 * 3600))
"""Before the second attempt and those after it; then the message is dead."""

DISABLED_AFTER: Final = 50
"""So many failures in a row, of whatever messages, disable a webhook."""

TIMEOUT_S: Final = 10.0
LOG_DAYS: Final = 30
_AT_ONCE: Final = 16
_TIDY_EVERY_S: Final = 3600.0
_LOOK_EVERY_S: Final = 5.0


class Courier:
    """A thread that sends. `allow_private`: also into networks that are not public.

    What was told, with every attempt, can be looked up for `log_days`; 0: for ever.
    """

    def __init__(
        self,
        database_url: str,
        *,
        allow_private: bool,
        log_days: int = LOG_DAYS,
        delays: tuple[timedelta, ...] = DELAYS,
        disabled_after: int = DISABLED_AFTER,
        lookup: Resolve = resolve,
    ) -> None:
        self._database_url = database_url
        self._allow_private = allow_private
        self._log_days = log_days
        self._delays = delays
        self._disabled_after = disabled_after
        self._lookup = lookup
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being sent, and no more."""
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                session = open_session(self._database_url, Role.worker, ["beatwatch_webhooks"])
                try:
                    self._serve(session)
                finally:
                    session.close()
            except BeatwatchError as error:
                _log.warning("webhooks wait for the database", error=str(error))
                self._stopping.wait(1)

    def _serve(self, session: Session) -> None:
        tidied_at = -_TIDY_EVERY_S
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhooks") as senders:
            while not self._stopping.is_set():
                if self._log_days and time.monotonic() - tidied_at >= _TIDY_EVERY_S:
                    tidied_at = time.monotonic()
                    with session.transaction() as connection:
                        webhooks.forget_before(connection, datetime.now(UTC) - timedelta(days=self._log_days))
                with session.transaction() as connection:
                    due = webhooks.claim(connection, datetime.now(UTC), _AT_ONCE)
                for message, failure in zip(due, senders.map(self._send, due), strict=True):
                    self._note(session, message, failure)
                if not due:
                    session.wait(self._pause_s(), is_stopping=self._stopping.is_set)

    def _pause_s(self) -> float:
        return min([_LOOK_EVERY_S, *(delay.total_seconds() for delay in self._delays)])

    def _note(self, session: Session, message: Due, failure: tuple[str, bool] | None) -> None:
        now = datetime.now(UTC)
        with session.transaction() as connection:
            if failure is None:
                webhooks.delivered(connection, message, "delivered", now)
                return
            detail, is_final = failure
            again = not is_final and message.attempt_count <= len(self._delays)
            retry_at = now + self._delays[message.attempt_count - 1] if again else None
            webhooks.failed(connection, message, detail, now, retry_at=retry_at, disabled_after=self._disabled_after)

    def _send(self, message: Due) -> tuple[str, bool] | None:
        """What went wrong and whether trying again is of no use; None when it arrived."""
        told = {"message_id": str(message.message_id), "topic": message.topic, "at": message.created_at.isoformat()}
        body = json.dumps({**told, "data": message.body}, separators=(",", ":")).encode()
        try:
            target = target_of(message.url, allow_private=self._allow_private, lookup=self._lookup)
            headers = {
                "Content-Type": "application/json",
                "Host": target.host,
                "Beatwatch-Message": str(message.message_id),
                "Beatwatch-Topic": message.topic,
                "Beatwatch-Signature": sign(message.secret.encode(), body, int(datetime.now(UTC).timestamp())),
            }
            request = self._client.build_request(
                "POST", target.url, content=body, headers=headers, extensions={"sni_hostname": target.name}
            )
            answer = self._client.send(request, stream=True)
            answer.close()  # what it says does not matter, however much it is
        except InvalidInputError as error:
            return str(error), True
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}", False
        return None if answer.is_success else (f"HTTP {answer.status_code}", answer.status_code == httpx.codes.GONE)
