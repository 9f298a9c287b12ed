"""`beatwatch demo`: the whole system with simulated vans, from one command."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("demo")(demo)


def demo(
    duration: Annotated[
        float | None, typer.Option(min=1, help="seconds to run once everything is up; until Ctrl-C if left out")
    ] = None,
    scenario: Annotated[str, typer.Option(help="name of a scenario, see `beatwatch simulate --list`")] = "morning_run",
    seed: Annotated[int, typer.Option(help="another seed is another town")] = 1,
    speed: Annotated[float, typer.Option(min=1, help="the first round runs this many times as fast as life")] = 60.0,
    port: Annotated[int, typer.Option(help="port of console and API; 0 picks a free one")] = 0,
) -> None:
    """Start everything, play simulated vans, and end with one JSON line that says whether anything was lost."""
    from beatwatch.demo.run import DemoOptions, run_demo

    raise typer.Exit(run_demo(DemoOptions(duration, scenario, seed, speed, port)))
