"""A day's alerts in one message, at each person's end of day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from alerts.letters import digest_body
from alerts.routing import local_zone
from domain.recipients import Letter, Recipient
from store.alerts import day_counts
from store.outbox import post
from store.pool import Connection
from store.recipients import digest_readers

DIGEST_AT: Final = time(18)


class Digests:
    """Posts digests when they are due; it remembers which it has posted, and the outbox has each but once in any case."""

    def __init__(self) -> None:
        self._posted: set[tuple[int, str, str, str]] = set()

    def post_due(self, connection: Connection, now: datetime) -> int:
        """Post the digest of each reader whose day has ended; returns how many."""
        letters = [
            self._letter(connection, org_id, reader, now)
            for org_id, reader in digest_readers(connection)
            if (org_id, reader.person, reader.channel, _day(reader, now)) not in self._posted and _is_due(reader, now)
        ]
        post(connection, letters, now)
        self._posted.update(
            (letter.org_id, letter.person, letter.channel, letter.stage.partition(".")[2]) for letter in letters
        )
        return len(letters)

    def _letter(self, connection: Connection, org_id: int, reader: Recipient, now: datetime) -> Letter:
        end = now.astimezone(local_zone(reader)).replace(hour=DIGEST_AT.hour, minute=DIGEST_AT.minute, second=0, microsecond=0)
        body = digest_body(end, day_counts(connection, org_id, end - timedelta(days=1), end))
        stage = f"digest.{_day(reader, now)}"
        return Letter(org_id, None, stage, reader.person, reader.channel, reader.address, body, now)


def _day(reader: Recipient, now: datetime) -> str:
    return f"{now.astimezone(local_zone(reader)):%Y-%m-%d}"


def _is_due(reader: Recipient, now: datetime) -> bool:
    return now.astimezone(local_zone(reader)).time() >= DIGEST_AT
