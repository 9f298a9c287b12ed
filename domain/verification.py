"""Whether a delivery is believed: a proof says that it happened, a visit that the van was there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.events import VisitState

CLOCKS_APART: Final = timedelta(seconds=120)
"""So far the clocks of phone and tracker may differ."""

SERVED: Final = frozenset({VisitState.serviced, VisitState.out_of_sequence})


class Verdict(StrEnum):
    """`pending` while what decides may still come."""

    pending = "pending"
    verified = "verified"
    unverified = "unverified"


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """What the engine saw of a stop."""

    state: VisitState
    arrived_at: datetime | None
    departed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verification:
    """A verdict and its reason, as a stable code."""

    verdict: Verdict
    reason: str


def verify(
    proved_at: Sequence[datetime], visit: SeenVisit | None, contradicted_by: Sequence[str], *, trip_is_over: bool
) -> Verification:
    """A delivery is verified when a serviced visit overlaps a proof of it, and no rule holds against that.

    A gap in the data verifies nothing and accuses nobody: the reason says `no_data` or `probable`.
    """
    if not proved_at:
        return Verification(Verdict.unverified, "no_proof")
    if visit is None or visit.state in {VisitState.pending, VisitState.approaching, VisitState.arrived}:
        if trip_is_over:
            return Verification(Verdict.unverified, "no_visit")
        return Verification(Verdict.pending, "visit_not_over" if visit and visit.arrived_at else "no_visit_yet")
    if visit.state not in SERVED:
        return Verification(Verdict.unverified, visit.state.value)
    if not any(_overlaps(visit, moment) for moment in proved_at):
        return Verification(Verdict.unverified, "proof_outside_visit")
    if contradicted_by:
        return Verification(Verdict.unverified, contradicted_by[0])
    return Verification(Verdict.verified, "visit_overlaps_proof")


def _overlaps(visit: SeenVisit, moment: datetime) -> bool:
    begun = visit.arrived_at is None or moment >= visit.arrived_at - CLOCKS_APART
    return begun and (visit.departed_at is None or moment <= visit.departed_at + CLOCKS_APART)
