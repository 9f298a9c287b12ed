"""What a decision is asked for: it has to be there, and to be such that a decision can follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.access import Access
from api.credit import credit_difference
from api.journeys import shown_trip
from api.outlet_decisions import pin_of
from domain.approvals import ApprovalKind
from domain.errors import ConflictError
from domain.trip_life import TRIP
from store import records
from store.catalogue import ORDER, OUTLET
from store.pool import Connection


def asked_about(
    caller: Access, connection: Connection, kind: ApprovalKind, subject_id: str, difference: Mapping[str, Any]
) -> tuple[int, Mapping[str, Any]]:
    """The organisation of the subject, and what would be different.

    Raises NotFoundError for no such subject, ConflictError when nothing is to be decided, and InvalidInputError.
    """
    if kind is ApprovalKind.outlet_registration:
        return _proposed_outlet(connection, subject_id), difference
    if kind is ApprovalKind.pin_correction:
        pin_of(difference, "before")
        pin_of(difference, "after")
        return records.find(connection, OUTLET, subject_id)["org_id"], difference
    if kind is ApprovalKind.detour:
        return _running_trip(caller, connection, subject_id), difference
    if kind is ApprovalKind.credit_limit:
        org_id = records.find(connection, ORDER, subject_id)["org_id"]
        return org_id, credit_difference(connection, subject_id)
    return caller.org_id, difference


def _proposed_outlet(connection: Connection, outlet_id: str) -> int:
    outlet = records.find(connection, OUTLET, outlet_id)
    if outlet["state"] != "pending_approval":
        raise ConflictError(f"outlet {outlet_id!r} is {outlet['state']}: only one that is pending_approval is decided on")
    org_id: int = outlet["org_id"]
    return org_id


def _running_trip(caller: Access, connection: Connection, trip_id: str) -> int:
    journey = shown_trip(caller, connection, trip_id)
    if not TRIP.next_states(journey.state):
        raise ConflictError(f"trip {trip_id!r} is {journey.state}")
    return journey.org_id
