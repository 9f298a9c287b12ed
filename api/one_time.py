"""One-time passwords that a customer tells the driver at the door."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from api.access import Access
from api.journeys import shown_trip
from api.passwords import hash_code, is_password
from domain.errors import ConflictError, InvalidInputError
from store import deliveries
from store.deliveries import Delivery
from store.pool import Connection, organisation_transaction

HOLDS_FOR: Final = timedelta(hours=18)
MOST_TRIES: Final = 5


def new_otp(connection: Connection, delivery: Delivery) -> tuple[str, datetime]:
    """Six digits and until when they hold; only their argon2 hash is kept."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    until = datetime.now(UTC) + HOLDS_FOR
    deliveries.set_otp(connection, delivery, hash_code(code), until)
    return code, until


def check_otp(caller: Access, delivery_id: str, code: str) -> None:
    """Raise InvalidInputError for a wrong password, ConflictError when none holds or it was tried too often.

    The try is counted in a transaction of its own, so that refusing does not take it back. It is not yet what the request
    does once: that is to keep the proof.
    """
    with organisation_transaction(caller.pool, caller.org_id) as connection:
        row = deliveries.delivery_named(connection, delivery_id)
        shown_trip(caller, connection, row.trip_id)
        known = deliveries.try_otp(connection, row, MOST_TRIES)
    if known is None:
        raise ConflictError("no one-time password holds: none was issued, it is too old, or it was tried too often")
    if not is_password("".join(code.split()), known):
        raise InvalidInputError("code", "is not the one-time password")
