"""Turns what people's verdicts teach into proposals that wait for somebody's yes. Nothing is applied here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.approvals import DECIDED_WITHIN, ApprovalKind, ApprovalState
from domain.errors import ConflictError
from domain.learning import Verdict, better_pins, better_threshold, halting_places
from geofence.parameters import Parameters
from geofence.rows import to_us
from geofence.rulebook import CATALOGUE, resolve
from geofence.worker.backtest import backtest
from geofence.worker.settings import parameters_of
from store import approvals, planning
from store.approvals import ApprovalFilter, NewApproval
from store.lessons import DURATION, Period, proven_places, verdicts
from store.parameters import settings
from store.pool import Connection

ACTOR: Final = "beatwatch"
MAGNITUDES: Final = {
    "unscheduled_stop": ("unscheduled_stop.least_s", DURATION),
    "long_dwell": ("long_dwell.least_s", DURATION),
    "off_hours_ignition": ("off_hours_ignition.least_s", DURATION),
    "cargo_weight_drop": ("cargo_weight_drop.least_kg", "lost_kg"),
    "fuel_drop": ("fuel_drop.least_l", "lost_l"),
}
"""By rule, the threshold that lets it speak, and the fact of its events that is compared with it."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something to be decided on, and a sentence of why."""

    kind: ApprovalKind
    subject_id: str
    why: str
    difference: Mapping[str, Any]


def proposals(connection: Connection, org_id: int, period: Period, progress: Progress) -> Iterator[Proposal]:
    """What the verdicts and proofs of a period speak for; `progress` is told of (devices judged again, of all)."""
    closed = verdicts(connection, org_id, period, {rule: fact for rule, (_, fact) in MAGNITUDES.items()})
    yield from _thresholds(connection, org_id, period, closed, progress)
    yield from _places(closed)
    yield from _pins(connection, org_id, period)


def propose(connection: Connection, org_id: int, proposal: Proposal, now: datetime) -> bool:
    """Ask for a decision, unless it is being waited for or was refused before; returns whether it was asked for."""
    asked = ApprovalFilter(kinds=[proposal.kind.value], subject_id=proposal.subject_id, states=[ApprovalState.rejected.value])
    refused = approvals.list_approvals(connection, asked)
    if any(row.org_id == org_id and dict(row.difference) == dict(proposal.difference) for row in refused):
        return False
    new = NewApproval(
        kind=proposal.kind,
        subject_id=proposal.subject_id,
        comment=proposal.why,
        difference=proposal.difference,
        decide_by=now + DECIDED_WITHIN[proposal.kind],
    )
    try:
        approvals.request(connection, org_id, ACTOR, new)
    except ConflictError:
        return False
    return True


def _thresholds(
    connection: Connection, org_id: int, period: Period, closed: list[Verdict], progress: Progress
) -> Iterator[Proposal]:
    held = parameters_of(settings(connection, org_id=org_id)).get(org_id, Parameters()).at(to_us(period.until))
    values = resolve(held, str(org_id), None)
    for rule, (name, _) in MAGNITUDES.items():
        present = values[name]
        found = better_threshold([verdict for verdict in closed if verdict.rule == rule], present)
        if found is None:
            continue
        value = min(found.value, CATALOGUE[name].high)
        judged = backtest(connection, org_id, period.since, period.until, Parameters({name: value}), progress).get(rule)
        why = (
            f"{found.false_before - found.false_after} of {found.false_before} false alerts would not have been told, "
            f"{found.confirmed_after} of {found.confirmed_before} confirmed ones still would"
        )
        events = {"before": judged.then, "after": judged.now} if judged else {"before": 0, "after": 0}
        yield Proposal(ApprovalKind.threshold, name, why, {name: {"before": present, "after": value}, "events": events})


def _places(closed: list[Verdict]) -> Iterator[Proposal]:
    for place in halting_places(verdict for verdict in closed if verdict.rule == "unscheduled_stop"):
        longitude_deg, latitude_deg = place.place
        why = f"{len(place.alert_ids)} halts on {place.days} days were told here, and people found nothing wrong"
        zone = {"longitude_deg": longitude_deg, "latitude_deg": latitude_deg, "radius_m": place.radius_m}
        difference = {
            "zone": {"before": None, "after": zone},
            "alerts": {"before": len(place.alert_ids), "after": 0},
            "alert_ids": list(place.alert_ids),
        }
        yield Proposal(ApprovalKind.approved_place, f"halts at {latitude_deg:.4f}, {longitude_deg:.4f}", why, difference)


def _pins(connection: Connection, org_id: int, period: Period) -> Iterator[Proposal]:
    pins = {
        outlet.outlet_id: (outlet.place.longitude_deg, outlet.place.latitude_deg)
        for outlet in planning.outlets(connection, org_id)
    }
    for outlet_id, pin in better_pins(proven_places(connection, org_id, period), pins).items():
        why = f"{pin.proofs} deliveries were signed for around a point {pin.off_m:g} m from the pin"
        difference = {
            "longitude_deg": {"before": round(pins[outlet_id][0], 7), "after": pin.place[0]},
            "latitude_deg": {"before": round(pins[outlet_id][1], 7), "after": pin.place[1]},
        }
        yield Proposal(ApprovalKind.pin_correction, outlet_id, why, difference)
