"""Deliveries that a request is about to change: held, of one's own trip, and written down."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Response
from pydantic import Field

from api.access import Access
from api.errors import problem_responses
from api.journeys import held_trip, is_of_another_driver
from api.records.resource import Given
from api.shown_deliveries import DeliveryInFull, delivery_in_full
from api.versions import check_unchanged, tag
from domain.errors import NotFoundError
from store import deliveries, journeys
from store.audit import Change
from store.deliveries import Delivery
from store.pool import Connection

DeliveryId = Annotated[str, Path(max_length=200, examples=["6f9619ff-8b86-d011-b42d-00cf4fc964ff"])]
REFUSALS: Final = problem_responses(403, 404, 409, 412, 422)


class Sighting(Given):
    """Where the phone was."""

    longitude_deg: float | None = Field(None, ge=-180, le=180, examples=[77.5946])
    latitude_deg: float | None = Field(None, ge=-90, le=90, examples=[12.9716])
    accuracy_m: float | None = Field(None, ge=0, le=100_000, examples=[8])


def held_delivery(caller: Access, connection: Connection, delivery_id: str) -> Delivery:
    """The delivery, with its trip locked. Raises NotFoundError, also when somebody else drives the trip."""
    row = shown_delivery(caller, connection, delivery_id)
    held_trip(caller, connection, row.trip_id, org_id=row.org_id)
    return deliveries.delivery_named(connection, delivery_id)


def shown_delivery(caller: Access, connection: Connection, delivery_id: str) -> Delivery:
    """The delivery, to look at. Raises NotFoundError, also when somebody else drives the trip."""
    row = deliveries.delivery_named(connection, delivery_id)
    journey = journeys.journey_named(connection, row.trip_id, org_id=row.org_id)
    if is_of_another_driver(caller, connection, journey):
        raise NotFoundError("delivery", delivery_id)
    return row


def check_delivery(if_match: str | None, row: Delivery) -> None:
    """Raise OutdatedError when somebody changed it meanwhile. What a phone tells again is looked for before."""
    check_unchanged(if_match, row.changed_at)


def answer_delivery(connection: Connection, row: Delivery, response: Response) -> DeliveryInFull:
    """It with its lines and proofs, and its ETag."""
    response.headers["etag"] = tag(row.changed_at)
    return delivery_in_full(connection, row)


def note_delivery(caller: Access, connection: Connection, row: Delivery, action: str, after: dict[str, object]) -> None:
    """Write a change of it down."""
    change = Change(action=action, kind="delivery", identifier=row.delivery_id, before={"state": row.state}, after=after)
    caller.note(connection, change, row.org_id)
