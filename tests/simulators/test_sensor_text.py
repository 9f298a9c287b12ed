"""The compiled text of measurements against the writer of the format, on rows with every kind of gap and extreme."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.sensor_text import write_measured
from simulators.sensors.readings import MEASURED, in_arrival_order, readings_of
from wire.files.sensor_csv import write_sensors

NAMES = ("shelf-001-002", "shelf-001-001", "ü")


def _maybe(places: int, low: float, high: float) -> st.SearchStrategy[float]:
    exact = st.floats(low, high).map(lambda value: round(value, places))
    return st.one_of(st.just(float("nan")), st.sampled_from([0.0, -0.0]), exact)


@st.composite
def rows(draw: st.DrawFn) -> Any:
    row = np.zeros(1, MEASURED)
    row["device"] = draw(st.integers(0, len(NAMES) - 1))
    row["measured_us"], row["received_us"] = (draw(st.integers(0, 4_000_000_000_000_000)) for _ in range(2))
    row["weight_g"], row["temperature_c"] = draw(_maybe(1, 0.0, 1e6)), draw(_maybe(2, -60.0, 90.0))
    row["door_open"] = draw(st.integers(-1, 1))
    row["battery_v"], row["seq"] = round(draw(st.floats(2.0, 4.0)), 3), draw(st.integers(0, 10**9))
    return row[0]


@given(st.lists(rows(), max_size=5))
@settings(max_examples=150, deadline=None)
def test_the_bytes_are_those_of_the_format(given_rows: list[Any]) -> None:
    measured = np.array(given_rows, MEASURED)
    ours, theirs = io.BytesIO(), io.StringIO()
    assert write_measured([measured[:3], measured[3:]], NAMES, ours) == len(measured)
    write_sensors(readings_of(measured, NAMES), theirs)
    assert ours.getvalue().decode() == theirs.getvalue()


@given(st.lists(rows(), max_size=8))
@settings(deadline=None)
def test_the_order_is_that_of_receipt_name_and_number(given_rows: list[Any]) -> None:
    measured = np.array(given_rows, MEASURED)
    keys = [(row["received_us"], NAMES[row["device"]], row["seq"]) for row in in_arrival_order(measured, NAMES)]
    assert keys == sorted(keys)
