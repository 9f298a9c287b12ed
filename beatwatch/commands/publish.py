"""`beatwatch publish`: plays recorded tracks to the broker as real devices would send them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import InvalidInputError


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("publish")(publish)


def publish(
    tracks: Annotated[Path, typer.Argument(help="track CSV, plain or gzipped")],
    as_format: Annotated[str, typer.Option("--as", help="payload format, such as owntracks or beatwatch-json")],
    speed: Annotated[
        str, typer.Option(help="times real time, or max: as fast as the broker takes it, in the file's order")
    ] = "max",
    qos: Annotated[int, typer.Option(min=0, max=1, help="1: every message is acknowledged by the broker")] = 1,
    trackers: Annotated[
        int | None, typer.Option(min=1, help="this many devices: the file's first, or copies of them named DEVICE-2 and on")
    ] = None,
    tenant: Annotated[str, typer.Option(help="slug of the organisation whose topics are used")] = "default",
) -> None:
    """Play TRACKS to the broker, each device on its own topic; exit 1 if a message was not acknowledged."""
    from beatwatch.services.servers import running_broker
    from beatwatch.settings import read_settings
    from simulators.playback import Player, paced, play, with_trackers
    from wire.files.track_csv import read_tracks
    from wire.registry import encoder

    chosen = encoder(as_format)
    pace = _speed(speed)
    settings = read_settings()
    mqtt_url = running_broker(settings)
    total = sum(1 for _ in with_trackers(read_tracks(tracks), trackers))  # so that the file is known to be sound first
    with Player(mqtt_url, qos, ca_file=settings.mqtt_ca_file or None) as player, _Bar(total) as bar:
        rows = paced(with_trackers(read_tracks(tracks), trackers), pace)
        played = play(rows, chosen, tenant, player, bar.update)
    print(f"published {played.published}, acknowledged {played.acknowledged}")
    if played.acknowledged < total:
        raise typer.Exit(1)


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise InvalidInputError("--speed", f"{text!r} is neither a positive number nor max")
    return value


class _Bar:
    """A progress bar on standard error."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("acknowledged"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("messages", total=total)
        self._shown = 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, acknowledged: int) -> None:
        """Show it, not at every message."""
        if acknowledged - self._shown >= 100 or acknowledged == self._progress.tasks[0].total:
            self._shown = acknowledged
            self._progress.update(self._task, completed=acknowledged)
