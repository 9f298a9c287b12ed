"""What follows when a place is approved: halts there are told no more."""

from __future__ import annotations

from api.access import Access
from domain.approvals import ApprovalState
from domain.errors import InvalidInputError
from domain.zones import Zone, ZoneKind
from store import planning
from store.approvals import Approval
from store.audit import Change
from store.pool import Connection


def open_place(caller: Access, connection: Connection, decided: Approval) -> None:
    """Store the proposed circle as a place to rest, from the decision on."""
    if decided.state != ApprovalState.approved.value:
        return
    zone_id = f"approved-{decided.approval_id}"
    zone = Zone(zone_id, decided.subject_id, ZoneKind.rest, *_circle(decided), valid_from=decided.decided_at)
    planning.save_zone(connection, decided.org_id, zone)
    caller.note(connection, Change(action="zone.save", kind="zone", identifier=zone_id), decided.org_id)


def _circle(decided: Approval) -> tuple[dict[str, object], float]:
    try:
        after = decided.difference["zone"]["after"]
        point: dict[str, object] = {
            "type": "Point",
            "coordinates": [float(after["longitude_deg"]), float(after["latitude_deg"])],
        }
        return point, float(after["radius_m"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError("difference.zone.after", "needs longitude_deg, latitude_deg and radius_m") from error
