from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.grades import Grade, GradeReason
from ingest.screening import Screening, grade_positions
from store.telemetry import MISSING_INT4, MISSING_SMALL, POSITION

RECEIVED = datetime(2026, 5, 4, 9, tzinfo=UTC)


def graded(*, retained_now: bool = False, inactive: bool = False, **values: Any) -> tuple[Grade, GradeReason]:
    row = np.zeros(1, POSITION)
    given_values = {"fix_time": RECEIVED, "longitude_e7": 775_000_000, "latitude_e7": 129_000_000, "accuracy_m": np.nan}
    given_values |= {"hdop": np.nan, "satellites": MISSING_SMALL, "fix_valid": MISSING_SMALL, "received_at": RECEIVED} | values
    for name, value in given_values.items():
        row[name] = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    grade_positions(row, np.array([retained_now]), np.array([inactive]), Screening())
    return Grade(int(row["grade"][0])), GradeReason(int(row["grade_reason"][0]))


def test_a_plain_fix_is_good() -> None:
    assert graded() == (Grade.good, GradeReason.none)
    assert graded(satellites=4, hdop=4.0, accuracy_m=75.0, fix_valid=1) == (Grade.good, GradeReason.none)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"satellites": 3}, GradeReason.few_satellites),
        ({"satellites": 0}, GradeReason.few_satellites),
        ({"hdop": 4.1}, GradeReason.high_hdop),
        ({"accuracy_m": 75.5}, GradeReason.poor_accuracy),
    ],
)
def test_a_poor_fix_is_degraded(values: dict[str, Any], reason: GradeReason) -> None:
    assert graded(**values) == (Grade.degraded, reason)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"fix_valid": 0}, GradeReason.fix_invalid),
        ({"longitude_e7": 0, "latitude_e7": 0}, GradeReason.null_island),
        ({"latitude_e7": 900_000_001}, GradeReason.position_out_of_range),
        ({"longitude_e7": -1_800_000_001}, GradeReason.position_out_of_range),
        ({"longitude_e7": MISSING_INT4}, GradeReason.no_position),
        ({"latitude_e7": 900_000_001, "satellites": 2}, GradeReason.position_out_of_range),
    ],
)
def test_an_implausible_place_is_rejected(values: dict[str, Any], reason: GradeReason) -> None:
    assert graded(**values) == (Grade.rejected, reason)


@pytest.mark.parametrize("edge", [{"latitude_e7": 900_000_000}, {"longitude_e7": 1_800_000_000}, {"longitude_e7": 0}])
def test_poles_date_line_and_meridian_are_places(edge: dict[str, Any]) -> None:
    assert graded(**edge) == (Grade.good, GradeReason.none)


@pytest.mark.parametrize(
    ("off", "reason"),
    [
        (timedelta(seconds=120), GradeReason.none),
        (timedelta(seconds=121), GradeReason.clock_ahead),
        (timedelta(days=-30), GradeReason.none),
        (timedelta(days=-30, seconds=-1), GradeReason.clock_behind),
        (timedelta(weeks=-1024), GradeReason.week_rollover),
        (timedelta(weeks=-1024, days=-2), GradeReason.week_rollover),
        (timedelta(weeks=-1024, seconds=200), GradeReason.clock_behind),
    ],
)
def test_an_impossible_clock_is_quarantined(off: timedelta, reason: GradeReason) -> None:
    grade = Grade.good if reason is GradeReason.none else Grade.quarantined
    assert graded(fix_time=RECEIVED + off) == (grade, reason)


def test_who_may_not_speak_for_now_is_quarantined() -> None:
    assert graded(retained_now=True) == (Grade.quarantined, GradeReason.no_time)
    assert graded(inactive=True, fix_valid=0) == (Grade.quarantined, GradeReason.device_disabled)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_exactly_the_places_on_the_globe_are_accepted(longitude_e7: int, latitude_e7: int) -> None:
    grade, _ = graded(longitude_e7=longitude_e7, latitude_e7=latitude_e7)
    on_the_globe = abs(longitude_e7 / 1e7) <= 180 and abs(latitude_e7 / 1e7) <= 90
    assert (grade == Grade.good) == (on_the_globe and (longitude_e7, latitude_e7) != (0, 0))
