"""`beatwatch zones`: places against zones."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beatwatch.commands.output import writing

if TYPE_CHECKING:
    from geofence.index import ZoneIndex
    from wire.files.point_csv import Point

_CHUNK = 1 << 16


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Zones and the places in them.", no_args_is_help=True)
    group.callback()(lambda: None)  # so that a single command still has a name
    group.command("match")(match)
    app.add_typer(group, name="zones")


def match(
    zones: Annotated[Path, typer.Argument(help="GeoJSON of zones: areas, Points with radius_m, lines with width_m.")],
    points: Annotated[Path, typer.Argument(help="CSV with longitude_deg and latitude_deg, plain or gzipped.")],
    output: Annotated[Path | None, typer.Option("-o", "--out", "--output", help="CSV to write; else standard output.")] = None,
) -> None:
    """Write `point,zone`, a row for each zone that covers a point, its boundary included; points count from 0."""
    from geofence.index import ZoneIndex
    from wire.files.point_csv import read_points
    from wire.files.reading import naming
    from wire.files.zone_geojson import read_zones

    with naming(zones):
        index = ZoneIndex(read_zones(zones, foreign=True, skipped=_warn))
    for zone_id, times in sorted(Counter(zone.zone_id for zone in index.zones if zone is not None).items()):
        if times > 1:
            _warn(f"{times} zones are named {zone_id}: the rows do not tell them apart")
    for repair in index.repairs:
        print(f"repaired: zone {repair.zone_id}: {repair.reason}", file=sys.stderr)
    places = read_points(points)
    with writing(output) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("point", "zone"))
        for rows in _matched(index, places):
            writer.writerows(rows)


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr)


def _matched(index: ZoneIndex, places: Iterator[Point]) -> Iterator[Iterator[tuple[int, str]]]:
    """Chunks of (point, zone) rows, with a progress bar where somebody looks."""
    import numpy as np
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    names = ["" if zone is None else zone.zone_id for zone in index.zones]
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} points"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        first = 0
        while chunk := list(islice(places, _CHUNK)):
            degrees = np.array(chunk, dtype=np.float64)
            found, numbers = index.covers(degrees[:, 0].copy(), degrees[:, 1].copy())
            yield zip((found + first).tolist(), (names[number] for number in numbers.tolist()), strict=True)
            first += len(chunk)
            progress.update(task, completed=first)
