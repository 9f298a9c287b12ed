"""How far a benchmark is: a bar for people, on the error stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Steps:
    """So many steps, each named as it begins."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def next(self, what: str) -> None:
        """The step before is done; `what` begins."""
        self._bar.update(self._task, advance=1, description=what)


@contextmanager
def steps(count: int) -> Iterator[Steps]:
    """A bar of `count` steps, which stays when they are done."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield Steps(bar, bar.add_task("", total=count))
