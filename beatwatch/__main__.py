"""The command line: `beatwatch COMMAND`. Each command or group of commands is one file of `beatwatch.commands`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import typer

from beatwatch.commands import (
    backtest,
    deadletter,
    decode,
    demo,
    device,
    judge,
    learn,
    load,
    migrate,
    org,
    publish,
    quarantine,
    score,
    seed,
    sensor,
    services,
    simulate,
    up,
    user,
    zones,
)
from domain.errors import BeatwatchError, InvalidInputError

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    backtest.register,
    demo.register,
    up.register,
    services.register,
    migrate.register,
    decode.register,
    judge.register,
    learn.register,
    publish.register,
    load.register,
    org.register,
    user.register,
    device.register,
    sensor.register,
    deadletter.register,
    quarantine.register,
    score.register,
    seed.register,
    simulate.register,
    zones.register,
)


def build_app() -> typer.Typer:
    """The whole command line. Modules of commands import what is heavy only when they run."""
    app = typer.Typer(
        name="beatwatch",
        help="IoT telemetry and vehicle tracking for FMCG secondary distribution.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # so that a single command still has a name
    for register in COMMANDS:
        register(app)
    return app


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit status 1."""
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # our own error says it once; services log all the same
    try:
        build_app()()
    except BeatwatchError as error:
        print(f"error: {error.code}: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:  # no file that somebody named: a fault of ours, to be seen whole
            raise
        print(f"error: {InvalidInputError.code}: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
