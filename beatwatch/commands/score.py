"""`beatwatch score`: conclusions against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("score")(score)


def score(
    truth: Annotated[Path, typer.Option(help="truth.jsonl as `simulate` writes it")],
    events: Annotated[Path, typer.Option(help="events and visits as `judge` writes them")],
    json_file: Annotated[Path | None, typer.Option("--json", help="the figures as a JSON file")] = None,
    vehicle_days: Annotated[float | None, typer.Option(help="instead of counting the trips of the truth")] = None,
) -> None:
    """Say per rule how often it is right, and how many false alarms a van gives a day."""
    import msgspec

    from simulators.truth.scoring import score as compare
    from wire.files.event_jsonl import read_events
    from wire.files.truth_jsonl import read_truth

    found = compare(read_truth(truth), read_events(events), vehicle_days)
    document = found.document()
    print_score(document)
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def print_score(document: dict[str, Any]) -> None:
    """The figures as tables for people."""
    from rich.console import Console
    from rich.table import Column, Table

    columns = ("tp", "fp", "fn", "precision", "recall", "median_detect_s", "p95_detect_s")
    rules = Table(Column("rule", no_wrap=True), *(name.replace("_", " ") for name in columns), title="Rules")
    for rule, figures in document["rules"].items():
        rules.add_row(rule, *("-" if figures[name] is None else f"{figures[name]:g}" for name in columns))
    visits = Table("truly", "judged", "stops", title="Visits")
    for true, judged in document["visits"].items():
        for state, count in judged.items():
            visits.add_row(true, state, str(count), style="" if state == true else "red")
    console = Console()
    console.print(rules, visits)
    console.print(f"false alarms per vehicle-day: {document['false_alarms_per_vehicle_day']}")
