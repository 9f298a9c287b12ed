"""How much quicker or slower the engine became: this checkout and another judge the same readings by turns, van by van.

`python -m benchmarks.turns ../before`: what a machine shared with others gives differs by a third from minute to minute, so
only what was measured beside each other is compared. The other checkout has a `.venv` of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.report import write_report
from simulators.folder import write_folder
from simulators.scenario import load
from simulators.world import generate

_HERE = Path(__file__).parents[1]
_SIDE = _HERE / "benchmarks" / "one_side.py"
Pieces = list[list[int]]
"""Nanoseconds of processor time, by turn and van."""


def main() -> None:
    """Simulate once, let both judge by turns, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="the other checkout")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--scenario", default="national")
    parser.add_argument("--vehicles", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_folder(generate(load(options.scenario), 1, options.vehicles, 1), Path(folder))
        sides = [_side(tree, Path(folder)) for tree in (options.before.resolve(), _HERE)]
        readings, _ = (int(_answer(side)) for side in sides)
        before, now = _by_turns(sides, options.turns)
    write_report("turns", _figures(before, now, readings), options.json)


def _side(tree: Path, folder: Path) -> subprocess.Popen[str]:
    command, paths = [str(tree / ".venv/bin/python"), str(_SIDE), str(folder)], {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.Popen(command, cwd=tree, env=paths, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _answer(side: subprocess.Popen[str]) -> str:
    assert side.stdout is not None
    return side.stdout.readline()


def _by_turns(sides: list[subprocess.Popen[str]], turns: int) -> tuple[Pieces, Pieces]:
    """Each side's turns; who goes first changes from turn to turn."""
    taken: tuple[Pieces, Pieces] = ([], [])
    for turn in range(turns):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            print(turn, file=sides[which].stdin, flush=True)
            taken[which].append(json.loads(_answer(sides[which])))
    for side in sides:
        side.communicate()
    return taken


def _figures(before: Pieces, now: Pieces, readings: int) -> dict[str, float]:
    was, is_now = np.array(before), np.array(now)
    least_was, least_now = was.min(axis=0).sum(), is_now.min(axis=0).sum()
    return {
        "readings": readings,
        "turns": len(was),
        "us_a_reading_before": least_was / readings / 1e3,
        "us_a_reading_now": least_now / readings / 1e3,
        "ratio_of_each_vans_least": least_was / least_now,
        "ratio_of_medians": float(np.median(was.sum(axis=1)) / np.median(is_now.sum(axis=1))),
        "median_of_turns_ratios": float(np.median(was.sum(axis=1) / is_now.sum(axis=1))),
    }


if __name__ == "__main__":
    main()
