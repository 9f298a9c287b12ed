"""One thread that listens and reads, and any number of subscribers that it tells."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import structlog

from api.live.feed import Feed, frames_of
from api.live.frames import PING, SIGNED_OUT, frame
from api.live.view import View
from domain.errors import NotSignedInError, UnavailableError
from store import journal, people
from store.listening import listening
from store.pool import Connection, Pool, organisation_transaction, transaction

_log = structlog.get_logger("live")

PASSES: Final = "beatwatch_passes"
CHANNELS: Final = ("beatwatch_stored", "beatwatch_concluded", "beatwatch_alerted", PASSES)
QUEUE_FRAMES: Final = 256
PING_EVERY_S: Final = 15.0
_SHORTEST_ROUND_S: Final = 0.1  # however busy the tables are, pages are told ten times a second at most
_RETRY_S: Final = 1.0
_WAKE_EVERY_S: Final = 0.25  # to see that it shall stop


class Subscriber:
    """One open stream. A reader too slow for its queue is let go; it comes back with the last identifier it saw."""

    def __init__(self, loop: asyncio.AbstractEventLoop, view: View | None = None, pass_id: UUID | None = None) -> None:
        self._loop = loop
        self.view = view
        self.pass_id = pass_id  # the session or key without which the stream ends
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_FRAMES)

    def tell(self, frames: list[bytes]) -> None:
        """Queue frames; callable from any thread."""
        self._loop.call_soon_threadsafe(self._put, frames)

    def _put(self, frames: list[bytes]) -> None:
        try:
            for one in frames:
                self._queue.put_nowait(one)
        except asyncio.QueueFull:
            self._leave()

    def end(self, last: bytes | None = None) -> None:
        """End the stream, with a `last` frame if there is one; callable from any thread."""
        self._loop.call_soon_threadsafe(self._leave, last)

    def _leave(self, last: bytes | None = None) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        for one in (None,) if last is None else (last, None):
            self._queue.put_nowait(one)

    async def frames(self, longest_s: float) -> AsyncIterator[bytes]:
        """What to send, with a ping whenever it is quiet, for no longer than `longest_s`."""
        end = self._loop.time() + longest_s
        while self._loop.time() < end:
            try:
                one = await asyncio.wait_for(self._queue.get(), PING_EVERY_S)
            except TimeoutError:
                one = PING
            if one is None:
                return
            yield one


class Hub:
    """Reads each organisation's news once and tells all its subscribers."""

    def __init__(self, database_url: str, pool: Pool) -> None:
        self._database_url = database_url
        self._pool = pool
        self._lock = threading.Lock()
        self._subscribers: dict[int, set[Subscriber]] = defaultdict(set)
        self._feeds: dict[int, Feed] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end the streams."""
        self._stopping.set()
        with self._lock:
            for subscribers in self._subscribers.values():
                for subscriber in subscribers:
                    subscriber.end()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def subscribers(self) -> int:
        """How many streams are open."""
        with self._lock:
            return sum(len(those) for those in self._subscribers.values())

    def subscribe(self, org_id: int, subscriber: Subscriber, since: int | None) -> None:
        """Tell `subscriber` what happens from now on, after all that happened since the mark it saw last."""
        with self._lock, organisation_transaction(self._pool, org_id) as connection:
            if _lost([subscriber], connection):
                raise NotSignedInError("this session or key was ended")
            feed = self._feeds.setdefault(org_id, Feed(journal.mark(connection)))
            missed = [] if since is None else frames_of(Feed(since).stories(connection), subscriber.view)
            hello = frame("hello", {"resumed": since is not None}, min(feed.mark, since or feed.mark))
            subscriber.tell([hello, *missed])
            self._subscribers[org_id].add(subscriber)

    def unsubscribe(self, org_id: int, subscriber: Subscriber) -> None:
        """Forget a stream that was closed."""
        with self._lock:
            self._subscribers[org_id].discard(subscriber)
            if not self._subscribers[org_id]:
                self._subscribers.pop(org_id)
                self._feeds.pop(org_id, None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except UnavailableError as error:
                _log.warning("live stream waits for the database", reason=str(error))
                self._stopping.wait(_RETRY_S)

    def _follow(self) -> None:
        with listening(self._database_url, CHANNELS) as listener:
            self._end_lost()  # what was ended and stored while nobody listened
            self._tell_all()
            while not self._stopping.is_set():
                if heard := listener.heard(timeout_s=_WAKE_EVERY_S):
                    begun = time.monotonic()
                    if PASSES in heard:
                        self._end_lost()
                    self._tell_all()
                    self._stopping.wait(max(0.0, _SHORTEST_ROUND_S - (time.monotonic() - begun)))

    def _end_lost(self) -> None:
        """End the streams of those whose session or key is no more."""
        with self._lock:
            everybody = [one for subscribers in self._subscribers.values() for one in subscribers]
            with transaction(self._pool) as connection:
                lost = _lost(everybody, connection)
            for subscriber in lost:
                subscriber.end(SIGNED_OUT)

    def _tell_all(self) -> None:
        with self._lock:
            for org_id, subscribers in self._subscribers.items():
                with organisation_transaction(self._pool, org_id) as connection:
                    stories = list(self._feeds[org_id].stories(connection))
                everything = frames_of(stories)
                for subscriber in subscribers:
                    subscriber.tell(frames_of(stories, subscriber.view) if subscriber.view else everything)


def _lost(subscribers: Sequence[Subscriber], connection: Connection) -> list[Subscriber]:
    """Those who came in by a session or key that does not hold any more."""
    passes = {one.pass_id for one in subscribers if one.pass_id is not None}
    held = people.passes_that_hold(connection, list(passes)) if passes else set()
    return [one for one in subscribers if one.pass_id in passes - held]
