import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError, NotFoundError
from domain.observations import Position
from tests.wire.strategies import maybe, moments, names, numbers, records
from wire.files.track_csv import parse_tracks, read_tracks, write_tracks

HEADER = (
    "device_id,fix_time,longitude_deg,latitude_deg,speed_mps,course_deg,accuracy_m,hdop,satellites,fix_valid,"
    "ignition,door_open,cargo_kg,fuel_l,odometer_m,external_v,alarms,received_at"
)
positions = records(
    Position,
    device=names,
    fix_time=moments,
    received_at=maybe(moments),
    longitude_deg=maybe(numbers),
    latitude_deg=maybe(numbers),
    speed_mps=maybe(numbers),
    satellites=maybe(st.integers(-(2**63), 2**63 - 1)),
    fix_valid=maybe(st.booleans()),
    ignition=maybe(st.booleans()),
    odometer_m=maybe(numbers),
    alarms=st.lists(st.sampled_from(["sos", "tow", "power_cut"])).map(tuple),
)


def rows(text: str) -> list[Position]:
    return list(parse_tracks(io.StringIO(text, newline="")))


@given(st.lists(positions, max_size=5))
def test_what_is_written_is_read_and_written_the_same(fixes: list[Position]) -> None:
    first, second = io.StringIO(newline=""), io.StringIO(newline="")
    assert write_tracks(fixes, first) == len(fixes)
    again = rows(first.getvalue())
    assert again == fixes
    write_tracks(again, second)
    assert first.getvalue() == second.getvalue()
    assert first.getvalue().startswith(HEADER + "\n")


def test_blank_is_missing_and_never_zero() -> None:
    (fix,) = rows(f"{HEADER}\nvan-1,2024-03-01T12:00:00Z,,,,,,,,,,,,,,,,\n")
    assert fix == Position("van-1", datetime(2024, 3, 1, 12, tzinfo=UTC))


def test_columns_in_any_order_some_missing_some_unknown() -> None:
    (fix,) = rows("mode,latitude_deg,fix_time,longitude_deg,device_id,seq\nDriving,12.9,2024-03-01T17:30:00+0530,77.5,7,4\n")
    assert fix == Position("7", datetime(2024, 3, 1, 12, tzinfo=UTC), longitude_deg=77.5, latitude_deg=12.9, seq=4)


def test_unknown_columns_may_have_one_name_or_none() -> None:
    """As spreadsheets write empty columns at the end, and tables that were joined."""
    (fix,) = rows("note,device_id,note,fix_time,,\na,van-1,b,2024-03-01T12:00:00Z,,\n")
    assert fix == Position("van-1", datetime(2024, 3, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("fix_time", "2024-03-01T12:00:00"),
        ("fix_time", "yesterday"),
        ("fix_time", ""),
        ("device_id", ""),
        ("longitude_deg", "77,5"),
        ("longitude_deg", "nan"),
        ("latitude_deg", "inf"),
        ("speed_mps", "1_0"),
        ("satellites", "7.5"),
        ("satellites", "9" * 30),
        ("satellites", "9" * 5000),
        ("ignition", "maybe"),
        ("received_at", "2024-03-01"),
    ],
)
def test_a_bad_value_is_refused_by_row_and_column(column: str, cell: str) -> None:
    good = {"device_id": "van-1", "fix_time": "2024-03-01T12:00:00Z"}
    lines = [HEADER]
    lines += [",".join(f'"{row.get(name, "")}"' for name in HEADER.split(",")) for row in (good, good | {column: cell})]
    with pytest.raises(InvalidInputError) as refusal:
        rows("\n".join(lines))
    assert refusal.value.field == f"row 2, column {column}"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "header"),
        ("device_id,fix_time\nvan-1\n", "row 1"),
        ("device_id,fix_time\nvan-1,2024-03-01T12:00:00Z,x\n", "row 1"),
        ("device_id,device_id,fix_time\n", "header"),
        ("device_id,fix_time,seq,seq\n", "header"),
        ("device_id,longitude_deg\n", "header"),
        ('device_id,fix_time\n"van-1,2024-03-01T12:00:00Z\n', "row 1"),
        (f"device_id,fix_time\n{'v' * 200_000},2024-03-01T12:00:00Z\n", "row 1"),
    ],
)
def test_a_broken_table_is_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        rows(text)
    assert refusal.value.field == field


def test_a_line_of_blanks_is_a_blank_line() -> None:
    assert len(rows("device_id,fix_time\nvan-1,2024-03-01T12:00:00Z\n  \n\t\n\nvan-1,2024-03-01T12:00:01Z\n \n")) == 2


def test_a_header_of_another_kind_is_shown() -> None:
    with pytest.raises(InvalidInputError, match=r"has no column device_id, but device_id;fix_time$"):
        rows("device_id;fix_time\nvan-1;2024-03-01T12:00:00Z\n")


def test_rows_come_one_at_a_time() -> None:
    def endless() -> Iterator[str]:
        yield HEADER + "\n"
        while True:
            yield "van-1,2024-03-01T12:00:00Z" + "," * 16 + "\n"

    assert next(parse_tracks(endless())).device == "van-1"


def test_files_plain_zipped_and_marked(tmp_path: Path) -> None:
    text = "\ufeffdevice_id,fix_time\nvän,2024-03-01T12:00:00Z\n\n"
    (tmp_path / "plain.csv").write_text(text, encoding="utf-8")
    (tmp_path / "zipped.csv").write_bytes(gzip.compress(text.encode()))
    for name in ("plain.csv", "zipped.csv"):
        assert [fix.device for fix in read_tracks(tmp_path / name)] == ["vän"]


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read_tracks(tmp_path / "none.csv"))
    (tmp_path / "latin.csv").write_bytes(b"device_id,fix_time\nv\xe4n,2024-03-01T12:00:00Z\n")
    with pytest.raises(InvalidInputError, match=r"line 2.*UTF-8"):
        list(read_tracks(tmp_path / "latin.csv"))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"device_id,fix_time\nvan-1,2024-03-01T12:00:00Z\n")[:-9])
    with pytest.raises(InvalidInputError, match="unzipped"):
        list(read_tracks(tmp_path / "cut.csv.gz"))
    with pytest.raises(InvalidInputError):
        list(read_tracks(tmp_path))


def test_real_tracks(shared_data: Path) -> None:
    fixes = list(read_tracks(shared_data / "tracks" / "delivery_agents.csv.gz"))
    assert len(fixes) == 57_960
    assert len({fix.device for fix in fixes}) == 805
    assert fixes[1].fix_time == datetime(2024, 1, 1, 0, 0, 5, 7000, tzinfo=UTC)
    assert (fixes[1].longitude_deg, fixes[1].latitude_deg) == (77.5931818, 12.9720978)
