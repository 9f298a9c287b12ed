from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import VisitState
from domain.verification import CLOCKS_APART, SERVED, SeenVisit, Verdict, Verification, verify

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTES = st.integers(-600, 600).map(lambda minutes: NOON + timedelta(minutes=minutes))


def visit(state: VisitState = VisitState.serviced, minutes: tuple[int, int] = (0, 10)) -> SeenVisit:
    return SeenVisit(state, NOON + timedelta(minutes=minutes[0]), NOON + timedelta(minutes=minutes[1]))


@pytest.mark.parametrize(
    ("proofs", "seen", "contradictions", "over", "expected"),
    [
        ([], visit(), [], True, ("unverified", "no_proof")),
        ([NOON], None, [], False, ("pending", "no_visit_yet")),
        ([NOON], None, [], True, ("unverified", "no_visit")),
        ([NOON], SeenVisit(VisitState.arrived, NOON, None), [], False, ("pending", "visit_not_over")),
        ([NOON], SeenVisit(VisitState.missed, None, None), [], True, ("unverified", "missed")),
        ([NOON], SeenVisit(VisitState.no_data, None, None), [], True, ("unverified", "no_data")),
        ([NOON], visit(VisitState.probable), [], True, ("unverified", "probable")),
        ([NOON], visit(), [], False, ("verified", "visit_overlaps_proof")),
        ([NOON], visit(VisitState.out_of_sequence), [], False, ("verified", "visit_overlaps_proof")),
        ([NOON - timedelta(hours=1), NOON], visit(), [], False, ("verified", "visit_overlaps_proof")),
        ([NOON], visit(minutes=(3, 9)), [], False, ("unverified", "proof_outside_visit")),
        ([NOON], visit(minutes=(2, 9)), [], False, ("verified", "visit_overlaps_proof")),
        ([NOON], visit(), ["ghost_delivery"], False, ("unverified", "ghost_delivery")),
    ],
)
def test_a_visit_has_to_overlap_a_proof(
    proofs: list[datetime], seen: SeenVisit | None, contradictions: list[str], over: bool, expected: tuple[str, str]
) -> None:
    assert verify(proofs, seen, contradictions, trip_is_over=over) == Verification(Verdict(expected[0]), expected[1])


@given(st.lists(MINUTES, max_size=4), st.sampled_from(VisitState), MINUTES, MINUTES, st.booleans())
def test_verified_is_exactly_a_served_stop_with_a_proof_inside(
    proofs: list[datetime], state: VisitState, one: datetime, other: datetime, over: bool
) -> None:
    begun, ended = sorted((one, other))
    found = verify(proofs, SeenVisit(state, begun, ended), [], trip_is_over=over)
    inside = any(begun - CLOCKS_APART <= moment <= ended + CLOCKS_APART for moment in proofs)
    assert (found.verdict is Verdict.verified) == (state in SERVED and inside)
