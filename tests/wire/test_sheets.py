from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from wire.files.sheets import to_csv, to_xlsx

ROWS: list[list[Any]] = [
    ["=1+1", 2, None, Decimal("3.50"), date(2026, 3, 2), datetime(2026, 3, 2, 6, tzinfo=UTC), True],
    ["crème\x00", -1.5, "@x", None, None, None, False],
]
NAMES = ["a", "b", "c", "d", "e", "f", "g"]


def read_xlsx(content: bytes, sheet: int = 0) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]


def test_csv_says_everything_and_runs_nothing() -> None:
    text = to_csv(NAMES, ROWS).decode()
    assert text.splitlines()[1] == "'=1+1,2,,3.50,2026-03-02,2026-03-02T06:00:00+00:00,True"
    assert "'@x" in text


def test_a_workbook_holds_text_as_text_and_explains_itself() -> None:
    content = to_xlsx("Fill rate / week", NAMES, ROWS, [("figure", "definition"), ("a", "what it is")])
    table = read_xlsx(content)
    assert table[0] == NAMES
    assert table[1][0] == "=1+1"
    assert load_workbook(io.BytesIO(content)).worksheets[0]["A2"].data_type == "s"
    assert table[2][0] == "crème"
    assert read_xlsx(content, 1) == [["figure", "definition"], ["a", "what it is"]]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc"))), min_size=2, max_size=2), max_size=5))
def test_text_comes_back_as_it_was(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(to_csv(["a", "b"], rows).decode(), newline="")))[1:]
    assert [[value.removeprefix("'") if value[:2] in _SHIELDED else value for value in row] for row in read] == rows


_SHIELDED = {f"'{letter}" for letter in "=+-@"}
