import io
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.observations import SensorReading
from tests.wire.strategies import maybe, moments, names, numbers, records
from wire.files.sensor_csv import parse_sensors, write_sensors

readings = records(
    SensorReading,
    device=names,
    measured_at=moments,
    received_at=maybe(moments),
    weight_g=maybe(numbers),
    temperature_c=maybe(numbers),
    humidity_pct=maybe(numbers),
    door_open=maybe(st.booleans()),
    count=maybe(st.integers(-(2**63), 2**63 - 1)),
    battery_v=maybe(numbers),
    seq=maybe(st.integers(0, 2**32)),
)


@given(st.lists(readings, max_size=5))
@example([SensorReading(" ", datetime(2026, 5, 4, tzinfo=UTC)), SensorReading(' a"b', datetime(2026, 5, 4, tzinfo=UTC))])
def test_what_is_written_is_read(measured: list[SensorReading]) -> None:
    file = io.StringIO(newline="")
    assert write_sensors(measured, file) == len(measured)
    assert list(parse_sensors(io.StringIO(file.getvalue(), newline=""))) == measured


def test_the_header_and_a_bad_value() -> None:
    file = io.StringIO()
    write_sensors([], file)
    header = "device_id,measured_at,weight_g,temperature_c,humidity_pct,door_open,count,battery_v,seq,received_at\n"
    assert file.getvalue() == header
    with pytest.raises(InvalidInputError) as refusal:
        list(parse_sensors([header, "shelf-1,2024-03-01T12:00:00Z,heavy,,,,,,,\n"]))
    assert refusal.value.field == "row 1, column weight_g"
