"""The compiled text of tracks against the reader of the format, on rows with every kind of gap and extreme."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.fleet.fixes import ALARM_NAMES, FIX, NO_PLACE
from simulators.simulation import positions_of
from simulators.track_text import write_tracks
from wire.files.track_csv import parse_tracks

DEVICES = ("van-0001", "ü", "c")


def _maybe(places: int, low: float, high: float) -> st.SearchStrategy[float]:
    scaled = st.integers(round(low * 10**places), round(high * 10**places)).map(lambda value: value / 10**places)
    return st.one_of(st.just(float("nan")), scaled)


@st.composite
def rows(draw: st.DrawFn) -> Any:
    row = np.zeros(1, FIX)
    row["device"] = draw(st.integers(0, len(DEVICES) - 1))
    row["fix_us"], row["received_us"] = (draw(st.integers(0, 4_000_000_000_000_000)) for _ in range(2))
    placed = draw(st.booleans())
    row["longitude_e7"] = draw(st.integers(-1_800_000_000, 1_800_000_000)) if placed else NO_PLACE
    row["latitude_e7"] = draw(st.integers(-900_000_000, 900_000_000)) if placed else NO_PLACE
    for name, places, high in (
        ("speed_mps", 2, 90.0),
        ("course_deg", 1, 359.9),
        ("accuracy_m", 1, 999.0),
        ("hdop", 2, 99.0),
        ("cargo_kg", 1, 9e3),
        ("fuel_l", 1, 500.0),
        ("odometer_m", 1, 4e8),
        ("external_v", 2, 36.0),
    ):
        row[name] = draw(_maybe(places, 0.0, high))
    row["satellites"] = draw(st.integers(-1, 40))
    for name in ("fix_valid", "ignition", "door_open"):
        row[name] = draw(st.integers(-1, 1))
    row["alarms"] = draw(st.integers(0, 2 ** len(ALARM_NAMES) - 1))
    return row[0]


@given(st.lists(rows(), max_size=5))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back(given_rows: list[Any]) -> None:
    fixes = np.array(given_rows, FIX)
    file = io.BytesIO()
    assert write_tracks([fixes[:7], fixes[7:]], DEVICES, file) == len(fixes)
    read = list(parse_tracks(io.StringIO(file.getvalue().decode())))
    expected = [fix._replace(boot_id=None, seq=None, buffered=None) for fix in positions_of(fixes, DEVICES)]
    assert read == expected
