"""One-time passwords that a customer tells the driver at the door."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from api.access import Access
from api.held_deliveries import shown_delivery
from api.passwords import hash_code, is_password
from domain.errors import ConflictError, InvalidInputError
from domain.recipients import Letter
from store import deliveries, outbox
from store.deliveries import Delivery
from store.pool import Connection, organisation_transaction

HOLDS_FOR: Final = timedelta(hours=18)
MOST_TRIES: Final = 5


def send_otp(connection: Connection, delivery: Delivery, phone: str, gateway: str) -> datetime:
    """Put six digits for the customer into the outbox; until when they hold. Only their argon2 hash stays.

    They go by the gateway of the delivery's organisation, or the nearest above it; `gateway` is that of the installation, for
    who has none. `once` has what it is to send, and is gone as soon as the message has arrived.
    """
    code = f"{secrets.randbelow(1_000_000):06d}"
    now = datetime.now(UTC)
    until = now + HOLDS_FOR
    deliveries.set_otp(connection, delivery, hash_code(code), until)
    letter = Letter(
        org_id=delivery.org_id,
        alert_id=None,
        stage=f"otp.{delivery.delivery_id}.{secrets.token_hex(4)}",
        person=f"outlet {delivery.outlet_id}",
        channel="otp",
        address=gateway,
        body={
            "text": f"One-time password for delivery {delivery.delivery_id}",
            "once": {"phone": phone, "code": code, "text": f"Your code to confirm the delivery is {code}."},
        },
        send_at=now,
    )
    outbox.post(connection, [letter], now)
    return until


def check_otp(caller: Access, delivery_id: str, code: str) -> None:
    """Raise InvalidInputError for a wrong password, ConflictError when none holds or it was tried too often.

    The try is counted in a transaction of its own, so that refusing does not take it back. It is not yet what the request
    does once: that is to keep the proof.
    """
    with organisation_transaction(caller.pool, caller.org_id) as connection:
        row = shown_delivery(caller, connection, delivery_id)
        known = deliveries.try_otp(connection, row, MOST_TRIES)
    if known is None:
        raise ConflictError("no one-time password holds: none was issued, it is too old, or it was tried too often")
    if not is_password("".join(code.split()), known):
        raise InvalidInputError("code", "is not the one-time password")
