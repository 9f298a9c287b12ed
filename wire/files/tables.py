"""Tables that people made, CSV or XLSX, read row by row. Pure: bytes in, rows of text out; none is larger than it may be."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from domain.errors import InvalidInputError, TooLargeError

MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 200
LARGEST_UNPACKED: Final = 200 * 2**20
_ZIP: Final = b"PK\x03\x04"  # as every workbook begins
_GUARD: Final = "'"  # before what a spreadsheet would run

Row = tuple[int, dict[str, str]]


def read_table(content: bytes, form: str | None = None) -> Iterator[Row]:
    """Rows by their number in the file, from 2, the header being 1: column -> text; what is empty is left out.

    `form` is csv or xlsx; nothing: as its first bytes tell. Raises InvalidInputError for what is no table and TooLargeError for
    too many rows.
    """
    is_workbook = content.startswith(_ZIP) if form is None else form == "xlsx"
    rows = _xlsx_rows(content) if is_workbook else _csv_rows(content)
    header = [name.strip() for name in next(rows, [])]
    if not header or not all(header) or len(set(header)) < len(header) or len(header) > MOST_COLUMNS:
        raise InvalidInputError("row 1", "must name each column, and none twice")
    for number, cells in enumerate(rows, 2):
        if number > MOST_ROWS + 1:
            raise TooLargeError(f"a table has at most {MOST_ROWS} rows")
        if len(cells) > len(header) and any(cells[len(header) :]):
            raise InvalidInputError(f"row {number}", "has more cells than there are columns")
        row = {name: text for name, text in zip(header, cells, strict=False) if text != ""}
        if row:
            yield number, row


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError("content", f"is not UTF-8: {error}") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [_unguarded(cell.strip()) for cell in cells]
    except csv.Error as error:
        raise InvalidInputError("content", f"is not CSV: {error}") from error


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise TooLargeError("the workbook is too large when it is unpacked")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise InvalidInputError("content", f"is not a workbook: {error}") from error
    try:
        for cells in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1):
            texts = [_text(cell) for cell in cells]
            while texts and texts[-1] == "":
                texts.pop()
            yield texts
    finally:
        book.close()


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == _GUARD and text[1:2] in {"=", "+", "-", "@"} else text
