"""By whose gateway one-time passwords go out to customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.rows import class_row

from store.pool import Connection
from store.statements import statements

_SQL: Final = statements("otp_gateways")


@dataclass(frozen=True, slots=True)
class OtpGateway:
    """The gateway of an organisation. Its secret is never read back through the API."""

    org_id: int
    url: str
    changed_by: str
    changed_at: datetime
    revision: int


class Destination(NamedTuple):
    """Where to post, and the key of the signature."""

    url: str
    secret: str


def find_gateway(connection: Connection, org_id: int, *, lock: bool = False) -> OtpGateway | None:
    """An organisation's own, held until the transaction ends if so wished."""
    if lock:
        connection.execute(_SQL["lock"], {"org_id": org_id})
    with connection.cursor(row_factory=class_row(OtpGateway)) as cursor:
        return cursor.execute(_SQL["find"], {"org_id": org_id}).fetchone()


def save_gateway(connection: Connection, org_id: int, *, url: str, secret: str, changed_by: str) -> None:
    """Insert or replace an organisation's own."""
    connection.execute(_SQL["save"], {"org_id": org_id, "url": url, "secret": secret, "changed_by": changed_by})


def delete_gateway(connection: Connection, org_id: int) -> None:
    """Remove an organisation's own; that of the organisation above serves it then."""
    connection.execute(_SQL["delete"], {"org_id": org_id})


def is_served(connection: Connection, org_id: int) -> bool:
    """Whether it, or an organisation above it, has one."""
    row = connection.execute(_SQL["is_served"], {"org_id": org_id}).fetchone()
    return row is not None and bool(row["is_served"])


def serving(connection: Connection, org_id: int) -> Destination | None:
    """Where one-time passwords of an organisation go, as its own gateway or that of the nearest above it says."""
    with connection.cursor(row_factory=class_row(Destination)) as cursor:
        return cursor.execute(_SQL["serving"], {"org_id": org_id}).fetchone()
