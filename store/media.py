"""Which media an organisation has; the content itself is in a content store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from domain.errors import NotFoundError
from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("media")


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, signature or scan."""

    sha256: str
    content_type: str
    bytes: int
    stored_at: datetime
    stored_by: str


def add_media(connection: Connection, org_id: int, media: tuple[str, str, int], actor: str) -> bool:
    """Note that the organisation has this (SHA-256, content type, bytes); whether that is new."""
    digest, content_type, size = media
    row = {"org_id": org_id, "sha256": digest, "content_type": content_type, "bytes": size, "stored_by": actor}
    return bool(connection.execute(_SQL["add"], row).rowcount)


def media_named(connection: Connection, digest: str) -> Media:
    """What is known of it. Raises NotFoundError, also when only another tenant has the same."""
    with connection.cursor(row_factory=class_row(Media)) as cursor:
        found = cursor.execute(_SQL["find"], {"sha256": digest}).fetchone()
    if found is None:
        raise NotFoundError("media", digest)
    return found
