"""What every list of records can be asked, and how it answers: sorted, in pages, by what has changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Depends, Query
from pydantic import AwareDatetime, Field

from api.access import Access
from api.paging import Cursor, Limit, Page, decode, encode
from domain.errors import InvalidInputError
from store import listing as stored
from store.listing import Listing, Part
from store.pool import Connection

Item = TypeVar("Item")
Row = TypeVar("Row")

SINCE = "Changed then or later: `as_of` of an earlier answer."
SORT = "A member to sort by; - before it for descending."


class RecordPage(Page[Item], Generic[Item]):
    """Some records, where to go on, and from when to ask for changes the next time."""

    as_of: datetime = Field(description="Give it as `changed_since` the next time: nothing that is committed later is missed.")


class Asked(Protocol):
    """What a list is asked, however it was sent."""

    @property
    def changed_since(self) -> datetime | None:
        """What was changed then or later."""

    @property
    def sort(self) -> str | None:
        """In which order."""

    @property
    def limit(self) -> int:
        """How many at most."""

    @property
    def cursor(self) -> str | None:
        """Where to go on."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The parameters that every list takes."""

    changed_since: datetime | None
    sort: str | None
    limit: int
    cursor: str | None


def list_query(
    changed_since: Annotated[AwareDatetime | None, Query(description=SINCE)] = None,
    sort: Annotated[str | None, Query(max_length=50, description=SORT)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ListQuery:
    """A dependency that reads them."""
    return ListQuery(changed_since, sort, limit, cursor)


Listed = Annotated[ListQuery, Depends(list_query)]


@dataclass(frozen=True, slots=True)
class PartRead(Generic[Row]):
    """Rows of a list, and what is told with them."""

    rows: Sequence[Row]
    next_cursor: str | None
    as_of: datetime


def record_page(
    caller: Access,
    listing: Listing,
    asked: Asked,
    read: Callable[[Connection, Part], Sequence[Row]],
    item: Callable[[Row], Item],
) -> RecordPage[Item]:
    """A RecordPage of what `read` finds, each row as `item` shows it."""
    found = read_part(caller, listing, asked, read)
    return RecordPage(items=[item(row) for row in found.rows], next_cursor=found.next_cursor, as_of=found.as_of)


def read_part(
    caller: Access, listing: Listing, asked: Asked, read: Callable[[Connection, Part], Sequence[Row]]
) -> PartRead[Row]:
    """The rows of a page, for lists whose items are no single rows."""
    sort = asked.sort or ""
    part = Part(changed_since=asked.changed_since, sort=sort, after=_after(listing, asked), limit=asked.limit + 1)
    with caller.transaction() as connection:
        as_of = stored.settled_until(connection)
        rows = read(connection, part)
    shown = rows[: asked.limit]
    more = len(rows) > asked.limit
    following = encode(sort, *stored.place(listing, sort, shown[-1])) if more else None
    return PartRead(shown, following, as_of)


def _after(listing: Listing, asked: Asked) -> Sequence[str] | None:
    sort = asked.sort or ""
    member, _ = stored.sorted_by(listing, sort)
    places = len({member, *listing.keys})
    after = decode(asked.cursor, str, *[str] * places)
    if after is None:
        return None
    if after[0] != sort:
        raise InvalidInputError("query.cursor", "is of a list in another order")
    return after[1:]
