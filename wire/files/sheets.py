"""Tables for people to open: CSV and XLSX. Pure: rows in, bytes out.

Text that a spreadsheet would run as a formula is kept from running: with an apostrophe before it in CSV, as plain text in XLSX.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A header and rows as UTF-8 with CRLF (RFC 4180); what is missing is empty, moments are ISO 8601."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    return text.getvalue().encode()


def to_xlsx(title: str, names: Sequence[str], rows: Iterable[Sequence[Any]], notes: Sequence[Sequence[str]] = ()) -> bytes:
    """A workbook with one sheet of header and rows, and, with `notes`, a second one that explains them."""
    book = Workbook(write_only=True)
    _fill(book.create_sheet(_sheet_name(title)), names, rows)
    if notes:
        _fill(book.create_sheet("Definitions"), notes[0], notes[1:])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _fill(sheet: WriteOnlyWorksheet, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, is_bold=True) for name in names])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: WriteOnlyWorksheet, value: Any, *, is_bold: bool = False) -> Cell:
    try:
        cell = WriteOnlyCell(sheet, _xlsx_value(value))
    except IllegalCharacterError:
        cell = WriteOnlyCell(sheet, "".join(letter for letter in str(value) if letter.isprintable()))
    if cell.data_type == "f":
        cell.data_type = "s"
    if is_bold:
        cell.font = Font(bold=True)
    return cell


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUN_BY_SPREADSHEETS) else value
    return value.isoformat() if isinstance(value, date) else value


def _xlsx_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()  # a sheet knows no time zones
    return value if value is None or isinstance(value, bool | int | float | str | date | Decimal) else str(value)


def _sheet_name(title: str) -> str:
    return "".join(letter for letter in title if letter not in r"[]:*?/\ ".strip())[:31]
