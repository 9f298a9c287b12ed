"""A worker under a test's control."""

from __future__ import annotations

from datetime import UTC, datetime

from geofence.worker.judge import MakeEngine
from geofence.worker.service import Worker
from store.pool import Role
from store.session import Session, open_session
from tests.geofence.worker.plain_engine import PlainEngine


class Bench:
    """A worker that can be killed, with the time under the test's control."""

    def __init__(self, database_url: str, make_engine: MakeEngine = PlainEngine) -> None:
        self._url = database_url
        self._make_engine = make_engine
        self.now = datetime.now(UTC)
        self._open()

    def _open(self) -> None:
        self.session: Session = open_session(self._url, Role.worker)
        self.worker = Worker(self.session, lambda: self.now, self._make_engine)
        self.worker.balance()

    def drain(self) -> None:
        while self.worker.run_once():
            pass

    def restart(self) -> None:
        """As after kill -9: nothing of the memory is left, and the server notices that the client is gone."""
        self.session.close()
        self._open()

    def ticked_at(self) -> datetime | None:
        ticks = [clock.ticked_at for cohort in self.worker._cohorts for clock in cohort._clocks.values() if clock.ticked_at]
        return max(ticks, default=None)
