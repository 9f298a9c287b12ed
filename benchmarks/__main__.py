"""`python -m benchmarks`: every benchmark after the other, each into build/bench/NAME.json, and one table of all at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = ("zones", "engine", "ingest", "latency", "alerting", "storage", "queries", "map", "generation", "detection", "chaos")
FOLDER = Path("build/bench")


def main() -> int:
    """Run all; the exit status is 1 if one of them failed, and the others run all the same."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = Table("benchmark", "figure", "value", title="Beatwatch benchmarks")
    failed = [name for name in NAMES if not _run(name, table)]
    Console().print(table)
    for name in failed:
        print(f"error: benchmark {name} failed", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, table: Table) -> bool:
    file = FOLDER / f"{name}.json"
    file.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", "--json", str(file)], check=False)
    if file.exists():
        _add_rows(table, name, json.loads(file.read_text()))
    return done.returncode == 0


def _add_rows(table: Table, name: str, figures: dict[str, Any]) -> None:
    for figure, value in figures.items():
        if isinstance(value, (int, float)):
            table.add_row(name, figure, f"{value:,.3f}" if isinstance(value, float) else str(value))


if __name__ == "__main__":
    sys.exit(main())
