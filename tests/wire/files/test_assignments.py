"""Which tracker was on which vehicle: written and read, in both forms, and what is refused and where."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Assignment
from domain.errors import InvalidInputError
from tests.wire.strategies import maybe, moments, names
from wire.files.assignments import parse_assignments, read_assignments, write_assignments
from wire.instants import format_instant

HEADER = "device_id,vehicle_id,valid_from,valid_until\n"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@st.composite
def tables(draw: st.DrawFn) -> list[Assignment]:
    """Each device on vehicles one after the other, in any order of the rows."""
    told = []
    for device in draw(st.lists(names, max_size=3, unique=True)):
        cuts: list[datetime | None] = [*sorted(draw(st.sets(moments, max_size=4)))]
        cuts = [*draw(st.sampled_from(([], [None]))), *cuts, *draw(st.sampled_from(([], [None])))]
        for since, until in pairwise(cuts):
            if draw(st.booleans()):
                told.append(Assignment(device, draw(names), since, until))
    return draw(st.permutations(told))


def _as_json(one: Assignment) -> dict[str, Any]:
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in one._asdict().items()}


@given(tables())
def test_what_is_written_is_read(told: list[Assignment]) -> None:
    file = io.StringIO()
    assert write_assignments(told, file) == len(told)
    assert parse_assignments(file.getvalue()) == told
    assert parse_assignments(json.dumps([_as_json(one) for one in told])) == told


@given(st.lists(st.tuples(maybe(st.integers(0, 9)), maybe(st.integers(0, 9))), max_size=5))
def test_a_device_is_nowhere_twice_at_a_time(hours: list[tuple[int | None, int | None]]) -> None:
    """Refused are exactly the tables of one device in which some moment is in two spans, or a span has no moment."""
    spans = [(-1 if first is None else first, 99 if last is None else last) for first, last in hours]
    inside = [sum(low <= hour < high for low, high in spans) for hour in range(-1, 99)]
    is_refused = any(low >= high for low, high in spans) or max(inside) > 1
    moments = [tuple("" if hour is None else format_instant(NOON.replace(hour=hour)) for hour in span) for span in hours]
    text = HEADER + "".join(f"a,v{number},{first},{last}\n" for number, (first, last) in enumerate(moments))
    if is_refused:
        with pytest.raises(InvalidInputError):
            parse_assignments(text)
    else:
        assert len(parse_assignments(text)) == len(hours)


@pytest.mark.parametrize(
    ("rows", "field", "detail"),
    [
        ("a,v,2026-05-01T06:00:00,\n", "row 1, column valid_from", "has no time zone"),
        ("a,v,soon,\n", "row 1, column valid_from", "soon"),
        ("a,v,,\n,v,,\n", "row 2, column device_id", "is blank"),
        ("a,,,\n", "row 1, column vehicle_id", "is blank"),
        ("a,v,\n", "row 1", "has 3 cells"),
        ("b,w,,\na,v,2026-05-01T06:00:00Z,2026-05-01T06:00:00Z\n", "row 2, column valid_until", "is not after valid_from"),
        ("a,v,2026-05-01T06:00:00Z,2026-05-01T11:00:00+05:30\n", "row 1, column valid_until", "is not after valid_from"),
        (
            "a,v,2026-05-01T06:00:00Z,\nb,v,,\n\na,w,2026-05-01T08:00:00Z,2026-05-01T09:00:00Z\n",
            "row 4, column valid_from",
            "'a' is still on 'v' then (row 1)",
        ),
        ("a,v,,\na,v,,\n", "row 2, column valid_from", "'a' is still on 'v' then (row 1)"),
    ],
)
def test_a_refusal_names_row_and_column(rows: str, field: str, detail: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_assignments(HEADER + rows)
    assert refused.value.field == field
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    ("content", "field", "detail"),
    [
        ("device_id,vehicle_id,valid_from,valid_untill\n", "header", "has no column valid_until"),
        (HEADER.strip() + ",driver\n", "header", "has a column 'driver'"),
        ("device_id,vehicle_id,valid_from,valid_until,valid_until\n", "header", "twice"),
        ("", "header", "none at all"),
        (b"device_id,\xff\n", "line 1", "is not UTF-8 text"),
        ('[{"device_id": "a"}]', "0.vehicle_id", "must be text"),
        ('[{"device_id": "a", "vehicle_id": "v", "until": null}]', "0.until", "is not known"),
        ('{"device_id": "a", "vehicle_id": "v", "valid_from": "2026-05-01T06:00:00"}', "valid_from", "has no time zone"),
        (
            '[{"device_id": "a", "vehicle_id": "v"}, {"device_id": "a", "vehicle_id": "w"}]',
            "1.valid_from",
            "still on 'v' then (0)",
        ),
        ("[5]", "0", "must be an object"),
        ("[", "document", "is not JSON"),
    ],
)
def test_what_is_no_such_file_is_refused(content: str | bytes, field: str, detail: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_assignments(content)
    assert refused.value.field == field
    assert detail in refused.value.detail


def test_files_zipped_and_marked(tmp_path: Path) -> None:
    wanted = [Assignment("a", "v", NOON, None)]
    text = f"\ufeff{HEADER}a, v, 2026-05-01T17:30:00+05:30,\n".encode()
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    assert read_assignments(tmp_path / "a.csv") == read_assignments(tmp_path / "a.csv.gz") == wanted
    (tmp_path / "b.csv").write_text(f"{HEADER}a,v,x,\n")
    with pytest.raises(InvalidInputError, match=r"b\.csv, row 1, column valid_from"):
        read_assignments(tmp_path / "b.csv")
