"""What there is to tell one organisation since a mark, read again from the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from api.live.frames import frame
from api.live.view import View
from api.resources.alerts import alert_of
from api.resources.events import event_of
from api.resources.trips import visit_of
from api.resources.vehicles import vehicle_of
from store import fleet, inbox, journal
from store.pool import Connection

AT_A_TIME: Final = 500

Key = tuple[Any, ...]


class Story(NamedTuple):
    """Items of one kind to tell, and the marks to come back with; `reset`: there were more than can be told.

    `mark` is for who has heard all stories of a round, `before` for who has heard some of them.
    """

    kind: str
    items: list[dict[str, Any]]
    before: int
    mark: int
    reset: bool = False


News = Sequence[tuple[Key, BaseModel]]


@dataclass(slots=True)
class Feed:
    """Follows one organisation's news.

    `mark` is a transaction number below which everything has been told. Transactions end in another order than they begin, so
    what lies above it is read again next time and `told` keeps it from being said twice.
    """

    mark: int
    told: frozenset[Key] = field(default_factory=frozenset)

    def stories(self, connection: Connection) -> Iterator[Story]:
        """All that became visible since the last time."""
        mark = journal.mark(connection)
        seen: set[Key] = set()
        for kind, news in _news(connection, self.mark):
            seen.update(key for key, _ in news)
            fresh = [item.model_dump(mode="json") for key, item in news if key not in self.told]
            yield Story(kind, fresh, self.mark, mark, reset=len(news) == journal.AT_MOST)
        self.mark, self.told = mark, frozenset(seen)


def frames_of(stories: Iterable[Story], view: View | None = None) -> list[bytes]:
    """Server-sent events of what `view` shows of a round, or of everything.

    The last has the round's mark: whoever is cut off earlier comes back with the one before, and is told the round again.
    """
    parts = [(story, part) for story in stories for part in _parts(story, view)]
    return [
        frame(kind, data, story.mark if number == len(parts) else story.before)
        for number, (story, (kind, data)) in enumerate(parts, 1)
    ]


def _parts(story: Story, view: View | None) -> Iterator[tuple[str, dict[str, Any]]]:
    items = story.items if view is None else view.chosen(story.kind, story.items)
    for start in range(0, len(items), AT_A_TIME):
        yield story.kind, {story.kind: items[start : start + AT_A_TIME]}
    if story.reset:
        yield "reset", {}


def _news(connection: Connection, mark: int) -> Iterator[tuple[str, News]]:
    now = datetime.now(UTC)
    yield "positions", [(_moved(row), vehicle_of(row, now)) for row in fleet.list_moved(connection, mark)]
    events = journal.changed_events(connection, mark)
    yield "events", [(("event", row.org_id, row.event_id, row.change_no), event_of(row)) for row in events]
    visits = journal.changed_visits(connection, mark)
    yield "visits", [(("visit", row.org_id, row.trip_id, row.stop_id, row.change_no), visit_of(row)) for row in visits]
    alerts = inbox.changed_alerts(connection, mark)
    yield "alerts", [(("alert", row.alert_id, row.changed_at, row.state), alert_of(row)) for row in alerts]


def _moved(row: fleet.Vehicle) -> Key:
    assert row.fix is not None
    return ("position", row.org_id, row.vehicle_id, row.fix.fix_time, row.fix.seq)
