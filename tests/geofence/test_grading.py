"""What a fix is worth."""

from __future__ import annotations

import pytest

from geofence.grading import GOOD, GRADES, REASONS, REJECTED, SUSPECT
from tests.geofence.scene import PLAIN, Drive, judged


@pytest.mark.parametrize(
    ("fields", "grade", "reason"),
    [
        ({}, "good", ""),
        ({"fix_valid": False}, "rejected", "invalid_flag"),
        ({"longitude_deg": 0.0, "latitude_deg": 0.0}, "rejected", "null_island"),
        ({"latitude_deg": 91.0}, "rejected", "out_of_range"),
        ({"latitude_deg": None}, "rejected", "no_position"),
        ({"satellites": 3}, "degraded", "few_satellites"),
        ({"satellites": 4}, "good", ""),
        ({"hdop": 4.1}, "degraded", "high_hdop"),
        ({"accuracy_m": 76.0}, "degraded", "poor_accuracy"),
        ({"accuracy_m": None, "satellites": None, "hdop": None}, "good", ""),
    ],
)
def test_fixes_are_graded_by_what_they_say(fields: dict[str, object], grade: str, reason: str) -> None:
    conclusions = judged(PLAIN, Drive().fix(0.0, **fields)).conclusions
    assert GRADES[conclusions.grades[0]] == grade
    assert REASONS[conclusions.reasons[0]] == reason


def test_a_wild_fix_moves_nothing_and_three_that_agree_with_it_do() -> None:
    drive = Drive().halt(60).to(1000, 0)
    drive.at_s += 5
    drive.fix(10.0, latitude_deg=14.0)
    drive.to(1300, 0)
    grades = judged(PLAIN, drive).conclusions.grades
    assert (grades == SUSPECT).sum() == 1
    assert (grades == REJECTED).sum() == 0
    far = Drive().halt(60)
    far.x = 50_000
    for _ in range(4):
        far.at_s += 5
        far.fix(0.0)
    assert judged(PLAIN, far).conclusions.grades[-4:].tolist() == [SUSPECT, SUSPECT, SUSPECT, GOOD]
