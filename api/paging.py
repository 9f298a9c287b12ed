"""Pages of a list and the opaque cursors between them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from domain.errors import InvalidInputError

Item = TypeVar("Item")
Record = TypeVar("Record")

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before; none for the first page.")]


class Page(BaseModel, Generic[Item]):
    """Some items of a list, and where to go on."""

    items: list[Item]
    next_cursor: str | None = Field(None, description="Give it as `cursor` to read on; null at the end.")


def encode(*keys: Any) -> str:
    """An opaque cursor that holds the sorting keys of the last item read."""
    text = json.dumps([key.isoformat() if isinstance(key, datetime) else key for key in keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The sorting keys in `cursor`, of these kinds. Raises InvalidInputError when it is not one of ours."""
    if cursor is None:
        return None
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_key(key, kind) for key, kind in zip(keys, kinds, strict=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInputError("query.cursor", "not a cursor of this list") from error


def page_of(
    records: Sequence[Record], limit: int, item: Callable[[Record], Item], keys: Callable[[Record], Sequence[Any]]
) -> tuple[list[Item], str | None]:
    """Items and next cursor from up to `limit` + 1 records; the one too many only says that there are more."""
    shown = records[:limit]
    more = len(records) > limit
    return [item(record) for record in shown], encode(*keys(shown[-1])) if more else None


def _key(key: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(key)
        if moment.tzinfo is None:
            raise ValueError("a cursor's times have a zone")
        return moment
    if type(key) is not kind:
        raise TypeError(f"expected {kind.__name__}")
    return key
