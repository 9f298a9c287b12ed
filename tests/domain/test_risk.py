from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Severity
from domain.risk import KINDS, PRIOR, Clue, assess

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def clue(rule: str, severity: Severity = Severity.medium, minute: int = 0, **changes: Any) -> Clue:
    given: dict[str, Any] = {"confidence": 1.0, "ended_at": START + (minute + 5) * MINUTE, **changes}
    return Clue(rule, severity, started_at=START + minute * MINUTE, **given)


def kinds(*clues: Clue, missing_pieces: int = 0) -> dict[str, int]:
    return {one.kind: one.count for one in assess(clues, missing_pieces=missing_pieces).contributions}


def test_a_trip_without_evidence_has_the_risk_of_any_trip() -> None:
    risk = assess(())
    assert risk.score == pytest.approx(100 * PRIOR)
    assert risk.contributions == ()


def test_unloading_with_a_weight_drop_is_all_but_certain_and_says_why() -> None:
    risk = assess([clue("unscheduled_unloading", Severity.critical), clue("cargo_weight_drop"), clue("unscheduled_stop")])
    assert risk.score > 90
    assert [one.kind for one in risk.contributions] == ["weight_drop", "unloading", "halt"]
    assert all(one.points > 0 and one.text for one in risk.contributions)


def test_a_short_halt_alone_accuses_nobody() -> None:
    assert assess([clue("unscheduled_stop")]).score < 10


def test_a_gap_weighs_more_beside_a_halt() -> None:
    assert kinds(clue("silent_device", minute=60), clue("unscheduled_stop")) == {"dark": 1, "halt": 1}
    assert kinds(clue("silent_device", minute=12), clue("unscheduled_stop")) == {"dark_halt": 1, "halt": 1}


def test_what_reconciliation_leaves_open_is_evidence() -> None:
    assert kinds(missing_pieces=12) == {"reconciliation_gap": 12}
    assert assess((), missing_pieces=12).score > assess((), missing_pieces=1).score > assess(()).score


def test_rules_that_say_nothing_about_pilferage_add_nothing() -> None:
    assert assess([clue("harsh_driving"), clue("missed_stop"), clue("early_or_late")]) == assess(())


CLUES = st.lists(
    st.builds(
        Clue,
        st.sampled_from(["unscheduled_stop", "silent_device", "ghost_delivery", "fuel_drop", "tamper", "route_deviation"]),
        st.sampled_from(list(Severity)),
        st.floats(0, 1),
        st.integers(0, 1440).map(lambda minute: START + minute * MINUTE),
        st.none(),
        st.booleans(),
    ),
    max_size=12,
)


@given(CLUES, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(clues: list[Clue], random: Any) -> None:
    shuffled = list(clues)
    random.shuffle(shuffled)
    assert assess(shuffled) == assess(clues)


@given(CLUES)
def test_more_evidence_never_lowers_the_score(clues: list[Clue]) -> None:
    risk = assess(clues)
    assert 0 <= risk.score <= 100
    assert assess([*clues, clue("ghost_delivery")]).score >= risk.score
    assert {one.kind for one in risk.contributions} <= set(KINDS)
