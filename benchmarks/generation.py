"""How long a simulation takes that is written to files: `beatwatch simulate`, from a cold process to the last byte."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import write_report


def main() -> int:
    """The figures, in a table and a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="mixed")
    parser.add_argument("--vehicles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.scenario, options.vehicles, options.seed, Path(folder))
    write_report("generation", figures, options.json)
    return 0


def measure(scenario: str, vehicles: int, seed: int, folder: Path) -> dict[str, Any]:
    """Seconds by the clock with a process a core, seconds of one process alone, and whether both wrote the same bytes."""
    _simulate(scenario, 1, seed, folder / "warm", 1)  # compiles what nobody has compiled yet
    one_s, one_processor_s = _simulate(scenario, vehicles, seed, folder / "one", 1)
    all_s, _ = _simulate(scenario, vehicles, seed, folder / "all", len(os.sched_getaffinity(0)))
    same = all(file.read_bytes() == (folder / "one" / file.name).read_bytes() for file in (folder / "all").iterdir())
    return {
        "scenario": scenario,
        "vehicle_days": vehicles,
        "generated_s": round(all_s, 1),
        "one_process_s": round(one_s, 1),
        "one_process_processor_s": round(one_processor_s, 1),
        "bytes": sum(file.stat().st_size for file in (folder / "one").iterdir()),
        "same_bytes": same,
    }


def _simulate(scenario: str, vehicles: int, seed: int, folder: Path, jobs: int) -> tuple[float, float]:
    """Seconds by the clock, and of processor time as far as the process itself used it."""
    command = [sys.executable, "-m", "beatwatch", "simulate", "--scenario", scenario, "--seed", str(seed), "--days", "1"]
    command += ["--vehicles", str(vehicles), "--jobs", str(jobs), "--out", str(folder)]
    began_s, used = time.monotonic(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    now = os.times()
    processor_s = now.children_user + now.children_system - used.children_user - used.children_system
    return time.monotonic() - began_s, processor_s


if __name__ == "__main__":
    sys.exit(main())
