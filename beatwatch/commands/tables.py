"""Rows for people as a table, and for programs as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_WIDEST = 1_000  # columns where nobody looks at a screen: a line of a pipe is not broken


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print `rows`: a table of `columns`, or a JSON array of all their members."""
    if as_json:
        print(json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows]))
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(*(Column(name.replace("_", " "), overflow="fold") for name in columns))
    for row in rows:
        table.add_row(*(_text(row[name]) for name in columns))
    console = Console() if sys.stdout.isatty() else Console(width=_WIDEST)
    console.print(table)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
