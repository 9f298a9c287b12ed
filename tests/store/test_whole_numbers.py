"""Positions as whole numbers: what comes back is what a device said, to the hundredth and the millivolt."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.telemetry import POSITION
from store.whole_numbers import MISSING, STORED_AS, from_whole_numbers, in_whole_numbers


@given(st.integers(0, 9_999), st.integers(-30_000, 60_000))
def test_hundredths_and_millivolts_come_back_exactly(hundredths: int, millivolts: int) -> None:
    rows = np.zeros(1, POSITION)
    said = {
        "course_deg": hundredths / 100,
        "hdop": hundredths / 100,
        "external_v": millivolts / 1_000,
        "battery_v": millivolts / 1_000,
    }
    for name, value in said.items():
        rows[name] = value
    stored = in_whole_numbers(rows)[0]
    values = from_whole_numbers({column: stored[column].item() for column, _ in STORED_AS.values()})
    assert values == said


@given(st.floats(width=32))
def test_what_does_not_fit_is_missing_and_the_rest_is_near(value: float) -> None:
    rows = np.zeros(1, POSITION)
    rows["external_v"] = value
    stored = in_whole_numbers(rows)["external_mv"][0]
    if np.isfinite(value) and abs(value) < 2e6:
        assert abs(stored / 1_000 - value) <= 0.000_501
    elif not np.isfinite(value) or abs(value) > 2.2e6:
        assert stored == MISSING


def test_every_other_column_stays_as_it_is() -> None:
    rows = np.zeros(3, POSITION)
    rows["speed_mps"], rows["device_time"], rows["seq"] = [1.5, np.nan, 3], "NaT", [1, 2, 3]
    stored = in_whole_numbers(rows)
    kept = [name for name in POSITION.names or () if name not in STORED_AS]
    assert [name for name in stored.dtype.names or () if name in kept] == kept
    for name in kept:
        np.testing.assert_array_equal(stored[name], rows[name])
