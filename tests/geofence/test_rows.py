from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.observations import ALARMS, Position
from geofence.rows import ALARM_BITS, MISSING_E7, ROW, from_us, in_order, moment_text, pack_alarms, rows_from_positions, to_us

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_survive(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_written_as_python_writes_them(moment: datetime) -> None:
    assert moment_text(to_us(moment)) == moment.isoformat()


def test_every_named_alarm_has_a_bit() -> None:
    assert frozenset(ALARM_BITS) == ALARMS
    assert pack_alarms(["tow"]) == 1 << ALARM_BITS.index("tow")
    assert pack_alarms(["what the vendor said"]) == 1 << 31


def test_missing_values_stay_missing() -> None:
    row = rows_from_positions([Position("van", fix_time=START)], {"van": 7})[0]
    assert row["device"] == 7
    assert row["longitude_e7"] == MISSING_E7
    assert np.isnan(row["speed_mps"])
    assert row["satellites"] == -1
    assert row["flags"] == 0
    assert row["seq"] < 0


def test_repeated_readings_are_one_row_and_different_ones_of_one_second_are_two() -> None:
    one = Position("van", fix_time=START, longitude_deg=77.1, latitude_deg=12.9)
    again = one._replace(received_at=START + timedelta(seconds=9))
    other = one._replace(latitude_deg=12.90001)
    rows = in_order(rows_from_positions([one, other, again], {"van": 1}))
    assert len(rows) == 2


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.floats(0, 30)), max_size=12), st.randoms()
)
def test_order_depends_on_the_set_alone(content: list[tuple[int, int, int, float]], random: object) -> None:
    rows = np.zeros(len(content), ROW)
    for row, (device, second, seq, speed) in zip(rows, content, strict=True):
        row["device"], row["fix_time_us"], row["seq"], row["speed_mps"] = device, second * 1_000_000, seq, speed
    shuffled = np.concatenate([rows, rows])
    random.shuffle(order := list(range(len(shuffled))))  # type: ignore[attr-defined]
    assert in_order(shuffled[order]).tobytes() == in_order(rows).tobytes()
