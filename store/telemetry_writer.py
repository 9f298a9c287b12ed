"""The one connection through which ingest stores, opened again when the server has been away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Final

import psycopg
from psycopg.errors import UndefinedTable, UniqueViolation
from psycopg.rows import dict_row

from store import deadletters, devices, downlink, payload_profiles, receipts, telemetry, topic_patterns
from store.deadletters import DeadLetter, KeptLetter
from store.devices import Identity, KnownDevice
from store.downlink import DeviceAnswer
from store.failures import MIGRATED, database_errors
from store.payload_profiles import ProfiledDevice
from store.pool import Connection, Role, take_role
from store.position_copy import Tables
from store.receipts import Receipt
from store.telemetry import StoredBatch, TelemetryBatch
from store.topic_patterns import StoredPattern

_CAREFUL_BATCHES: Final = 20
"""For how long, after a batch that held something stored already, the next are taken to do so too."""


class _NotNewError(Exception):
    """Rows that were taken to be new are stored already, or their day has been dropped."""


class TelemetryWriter:
    """Stores batches, each in one transaction; not safe to share between threads.

    Every method raises UnavailableError when the server cannot be used just now, after which the next call connects again,
    and InvalidInputError when it refuses the values.
    """

    def __init__(self, database_url: str, *, connect_timeout_s: int = 5) -> None:
        self._url = database_url
        self._connect_timeout_s = connect_timeout_s
        self._connection: Connection | None = None
        self._tables: dict[str, dict[date, tuple[str, str]]] = {}  # by series, of the days that have been made
        self._careful = 0  # batches to come that may hold what is stored already

    def find(self, identities: Sequence[Identity]) -> dict[Identity, KnownDevice]:
        """The registered devices among `identities`."""
        with self._transaction("look up devices") as connection:
            return devices.find_devices(connection, identities)

    def adopt(self, identities: Sequence[Identity], default_slug: str) -> dict[Identity, KnownDevice]:
        """Register `identities` and return them as devices; those of an unknown tenant are not in the answer."""
        with self._transaction("adopt devices") as connection:
            devices.adopt_devices(connection, identities, default_slug)
            return devices.find_devices(connection, identities)

    def profiled_devices(self) -> list[ProfiledDevice]:
        """The identities of devices whose payloads have a profile."""
        with self._transaction("read payload profiles") as connection:
            return payload_profiles.list_profiled_devices(connection)

    def topic_patterns(self) -> list[StoredPattern]:
        """Which topics carry which format."""
        with self._transaction("read topic patterns") as connection:
            return topic_patterns.list_patterns(connection)

    def devices_changed(self) -> bool:
        """Whether what `find` has answered may have changed since the last call; also after a new connection."""
        was_open = self._connection is not None
        with self._connected("hear of changed devices") as connection:
            return devices.devices_changed(connection) or not was_open

    def letters_to_redrive(self, after: int, dead_letter_id: int | None, reason: str | None, limit: int) -> list[KeptLetter]:
        """Dead letters to try again, in the order of their numbers."""
        with self._transaction("read dead letters") as connection:
            return deadletters.letters_to_redrive(
                connection, after=after, dead_letter_id=dead_letter_id, reason=reason, limit=limit
            )

    def mark_redriven(self, ids: Sequence[int]) -> None:
        """Note that these have become readings."""
        with self._transaction("mark dead letters") as connection:
            deadletters.mark_redriven(connection, ids)

    def first_receipts(self, client_id: str, wanted: Sequence[tuple[int, bytes]]) -> dict[int, datetime]:
        """When those of `wanted` that were stored were first received; see store.receipts."""
        with self._transaction("look up deliveries") as connection:
            return receipts.find_receipts(connection, client_id, wanted)

    def store(
        self,
        batch: TelemetryBatch,
        letters: Sequence[DeadLetter],
        days: dict[str, set[date]],
        answers: Sequence[DeviceAnswer] = (),
        remembered: tuple[str, Sequence[Receipt]] = ("", ()),
    ) -> StoredBatch:
        """Commit readings, dead letters and answers together. `days` are those of each series that deserve a partition.

        `remembered` are a session's name and the receipts of readings without a time, by which a redelivery is known.
        """
        for series, wanted in days.items():
            self._ensure_days(series, wanted)
        self._careful = max(0, self._careful - 1)
        if not self._careful:
            with suppress(_NotNewError):
                return self._store(batch, letters, answers, remembered, self._tables.get("position"))
            self._careful = _CAREFUL_BATCHES
        return self._store(batch, letters, answers, remembered, None)

    def _store(
        self,
        batch: TelemetryBatch,
        letters: Sequence[DeadLetter],
        answers: Sequence[DeviceAnswer],
        remembered: tuple[str, Sequence[Receipt]],
        tables: Tables | None,
    ) -> StoredBatch:
        with self._transaction("store readings") as connection:
            if letters:
                deadletters.keep_dead_letters(connection, letters)
            if answers:
                downlink.record_answers(connection, answers)
            if remembered[1]:
                receipts.remember_receipts(connection, *remembered)
            if not len(batch):
                return StoredBatch(None, 0, 0, 0)
            try:
                return telemetry.store_batch(connection, batch, tables)
            except (UniqueViolation, UndefinedTable) as error:
                if not tables:
                    raise
                if isinstance(error, UndefinedTable):
                    self._tables.clear()
                raise _NotNewError from error

    def _ensure_days(self, series: str, wanted: set[date]) -> None:
        known = self._tables.setdefault(series, {})
        if missing := wanted - known.keys():
            with self._transaction("make partitions") as connection:
                telemetry.ensure_days(connection, series, missing)
                known |= telemetry.day_tables(connection, series, missing)

    @contextmanager
    def _transaction(self, what: str) -> Iterator[Connection]:
        with self._connected(what) as connection, connection.transaction():
            yield connection

    @contextmanager
    def _connected(self, what: str) -> Iterator[Connection]:
        with database_errors(what):
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except (psycopg.OperationalError, psycopg.InterfaceError, MIGRATED):
                self.close()
                raise

    def _open(self) -> Connection:
        connection: Connection = psycopg.connect(
            self._url,
            row_factory=dict_row,
            autocommit=True,
            connect_timeout=self._connect_timeout_s,
            options="-c timezone=UTC",
            tcp_user_timeout=10_000,  # milliseconds; a server that vanished is noticed within seconds
        )
        take_role(connection, Role.worker)
        telemetry.prepare_session(connection)
        devices.listen_for_changes(connection)
        self._tables.clear()
        return connection

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
