"""What an evening's settlement writes into the ledger, and what has to hold before a trip is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.access import Access
from api.journeys import follow
from domain.approvals import ApprovalState
from domain.errors import ConflictError
from domain.events import Event
from domain.settlement import SettlementLine
from domain.trips import Trip
from store import conclusions, journeys, parameters, planning, settlements, stock
from store.approvals import Approval
from store.conclusions import Judged
from store.journeys import Journey
from store.pool import Connection
from store.settlements import ProductFlow
from store.stock import Cause, Movement, Place, PlaceKind, between

SettlementJudge = Callable[[Trip, datetime, Iterable[SettlementLine], float, Mapping[str, float]], Event | None]
"""The rule that says whether a settlement adds up: trip, moment, lines, money handed in less money due, and thresholds."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that has to hold before a trip is closed."""

    name: str
    passed: bool
    detail: str | None


def judge(
    connection: Connection, journey: Journey, judge_by: SettlementJudge, lines: Sequence[ProductFlow], gap: float
) -> None:
    """Keep the event of a settlement that does not add up; one of an earlier count that no longer holds is superseded."""
    trip = planning.trip_named(connection, journey.org_id, journey.trip_id)
    now = datetime.now(UTC)
    thresholds = parameters.values_in_force(connection, journey.org_id, now, trip.route_id)
    event = judge_by(trip, now, [_rule_line(line) for line in lines], gap, thresholds)
    known = conclusions.events_of_trip(connection, journey.org_id, journey.trip_id, "settlement_mismatch")
    gone = [event_id for event_id in known if event is None or event_id != event.event_id]
    conclusions.supersede_events(connection, journey.org_id, gone, "late_data")
    if event is not None:
        judged = Judged(journey.device_id, journey.org_id, journey.device_key)
        conclusions.put_events(connection, {journey.device_key: judged}, [event])
    conclusions.tell_concluded(connection, [journey.org_id])


def unload(caller: Access, connection: Connection, journey: Journey, lines: Sequence[ProductFlow]) -> None:
    """Put what was counted back into the depot, and write what is missing or too many off the van."""
    van, depot = Place(PlaceKind.van, journey.vehicle_id), Place(PlaceKind.depot, journey.depot_id or "depot")
    now = datetime.now(UTC)
    moved: list[Movement] = []
    for line in lines:
        back = Movement(
            moved_at=now,
            place=depot,
            product_id=line.product_id,
            pieces=line.counted or 0,
            cause=Cause.unload,
            ref=journey.trip_id,
            trip_id=journey.trip_id,
        )
        gap = Movement(
            moved_at=now,
            place=van,
            product_id=line.product_id,
            pieces=line.variance or 0,
            cause=Cause.adjustment,
            ref=f"settlement/{journey.trip_id}",
            trip_id=journey.trip_id,
        )
        moved += [gap, *between(van, depot, back)]
    stock.move(connection, journey.org_id, caller.actor, moved)


def closure_checks(connection: Connection, journey: Journey) -> list[Check]:
    """All stops have ended, what was delivered is proved, and the settlement is agreed upon."""
    still_open = settlements.open_deliveries(connection, journey)
    unproved = settlements.unproved(connection, journey)
    settled = journey.state in {"settled", "closed"}
    return [
        Check("stops_ended", not still_open, _named(still_open)),
        Check("deliveries_proved", not unproved, _named(unproved)),
        Check("settled", settled, None if settled else f"the trip is {journey.state}"),
    ]


def close_trip(caller: Access, connection: Connection, decided: Approval) -> None:
    """Close the trip that somebody approved to close. Raises ConflictError naming what does not hold."""
    if decided.state != ApprovalState.approved:
        return
    journey = journeys.journey_named(connection, decided.subject_id, org_id=decided.org_id, lock=True)
    if failed := [check.name for check in closure_checks(connection, journey) if not check.passed]:
        raise ConflictError(f"trip {journey.trip_id!r} cannot be closed: {', '.join(failed)}")
    follow(caller, connection, journey, "closed", decided.decision)
    settlements.close_orders(connection, journey)


def _named(identifiers: Sequence[str]) -> str | None:
    shown = ", ".join(identifiers[:10])
    return f"{len(identifiers)}: {shown}" if identifiers else None


def _rule_line(line: ProductFlow) -> SettlementLine:
    return SettlementLine(
        product=line.product_id,
        loaded=line.loaded,
        counted=line.counted or 0,
        delivered=line.delivered,
        topped_up=line.topped_up + line.transferred,
        free=line.free,
        damaged=line.damaged,
        returned=line.returned,
        price=float(line.price),
        packs=tuple(float(pieces) for pieces in line.packs),
    )
