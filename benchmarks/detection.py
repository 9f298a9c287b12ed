"""How right the engine is: scenarios simulated, judged and scored in this process, for seeds given by the caller."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from beatwatch.commands.score import print_score
from beatwatch.judged_files import Files, handovers_of, judged
from benchmarks.detection_tables import tables
from domain.events import Event, Visit
from domain.truth import Incident
from geofence.parameters import Parameters, parse_parameters
from geofence.rows import ALARM_BITS, FLAGS, MISSING_E7, ROW, Rows, content_hash
from geofence.whole import Evidence, positions_wanted
from geofence.world import World
from simulators.fleet.fixes import ALARM_NAMES, NO_PLACE
from simulators.incidents import TEMPTS
from simulators.scenario import load, names
from simulators.simulation import Simulation, positions_of
from simulators.truth.matching import pair
from simulators.truth.scoring import FACTS, RIGHT, Score, score
from simulators.world import generate

SIZE_ONLY = {"national"}
Nearly = dict[str, Counter[str]]
"""Kind of near-incident -> how many `happened`, and the `alarms` on their vehicle-days."""


def rows_of(simulation: Simulation) -> Rows:
    """The fixes as the engine reads them from a track file: without the devices' own sequence numbers."""
    fixes = simulation.fixes
    rows = np.zeros(len(fixes), ROW)
    rows["device"], rows["fix_time_us"], rows["received_at_us"] = fixes["device"] + 1, fixes["fix_us"], fixes["received_us"]
    for name in ("longitude_e7", "latitude_e7"):
        rows[name] = np.where(fixes[name] == NO_PLACE, MISSING_E7, fixes[name])
    for name in (
        "speed_mps",
        "course_deg",
        "accuracy_m",
        "hdop",
        "satellites",
        "cargo_kg",
        "fuel_l",
        "external_v",
        "odometer_m",
    ):
        rows[name] = fixes[name]
    for name in ("fix_valid", "ignition", "door_open"):
        bit = FLAGS.index(name)
        rows["flags"] |= np.where(fixes[name] >= 0, 1 << bit, 0).astype(np.uint16)
        rows["flags"] |= np.where(fixes[name] == 1, 1 << (bit + 8), 0).astype(np.uint16)
    for index, name in enumerate(ALARM_NAMES):
        rows["alarms"] |= ((fixes["alarms"] >> index & 1) << ALARM_BITS.index(name)).astype(np.uint32)
    rows["seq"] = content_hash(rows)
    return rows


def files_of(simulation: Simulation, parameters: Parameters) -> Files:
    """What the simulation's files would say."""
    devices = dict(enumerate(simulation.devices, 1))
    world = World(simulation.zones, simulation.trips, devices, suppressors=simulation.approvals, orders=simulation.orders)
    numbers = {key: number for number, key in devices.items()}
    handovers = handovers_of(simulation.trips, numbers, simulation.assignments, parameters)
    rows = rows_of(simulation)
    return Files(world, rows, handovers, _evidence(simulation, rows, devices))


def concluded(simulation: Simulation, parameters: Parameters) -> list[Event | Visit]:
    """What the engine concludes of a simulation in the end."""
    judgement = judged(files_of(simulation, parameters), parameters)
    for fault in judgement.faults:
        print(f"rule {fault.rule} failed on {fault.device_id}: {fault.error}", file=sys.stderr)
    return judgement.in_order()


def _evidence(simulation: Simulation, rows: Rows, devices: dict[int, str]) -> Evidence:
    wanted = positions_wanted(rows, devices, simulation.equipment)
    numbers = [number - 1 for number, key in devices.items() if key in wanted]
    positions = list(positions_of(simulation.fixes[np.isin(simulation.fixes["device"], numbers)], simulation.devices))
    plans = simulation.zones, simulation.trips, simulation.orders
    # A track file has no numbers of the device's own.
    unnumbered = [position._replace(seq=None, boot_id=None) for position in positions]
    return Evidence(*plans, simulation.equipment, unnumbered, simulation.sensors)


def compared(simulation: Simulation, conclusions: list[Event | Visit]) -> tuple[list[Incident], list[Event]]:
    """The incidents that were not found, and the events about none."""
    incidents = [line for line in simulation.truth if isinstance(line, Incident)]
    events = [one for one in conclusions if isinstance(one, Event) and one.rule not in FACTS]
    pairs = pair(incidents, events)
    found = set(pairs.values())
    return (
        [incident for position, incident in enumerate(incidents) if position not in pairs and not incident.arguable],
        [event for index, event in enumerate(events) if index not in found],
    )


def near_incidents(simulation: Simulation, false: list[Event]) -> Nearly:
    """Of each kind that only looks like an incident: how many there were, and how many false alarms of the rules that it tempts
    there were on these vehicle-days, whether or not it was their cause."""
    days = Counter((event.rule, event.device_id, event.started_at.date()) for event in false)
    nearly: Nearly = {}
    for kind, device_id, day in simulation.nearly:
        tally = nearly.setdefault(kind, Counter(happened=0, alarms=0))
        tally["happened"] += 1
        tally["alarms"] += sum(days[rule, device_id, day] for rule in TEMPTS[kind])
    return nearly


def errors(simulation: Simulation, conclusions: list[Event | Visit]) -> Iterator[str]:
    """A line for every incident not found, every event about none, and every visit judged otherwise."""
    missed, false = compared(simulation, conclusions)
    for incident in missed:
        where = f"{incident.device_id} {incident.stop_id or ''}"
        yield f"not found  {incident.rule} {where} {incident.started_at} {incident.ended_at}"
    for event in false:
        facts = msgspec.json.encode(event.facts).decode()
        yield f"false      {event.rule} {event.device_id} {event.stop_id or ''} {event.started_at} {event.ended_at} {facts}"
    said = {(one.trip_id, one.stop_id): one for one in conclusions if isinstance(one, Visit)}
    for line in simulation.truth:
        if not isinstance(line, Incident):
            visit = said.get((line.trip_id, line.stop_id))
            if visit is None or visit.state.value not in RIGHT.get(line.state.value, {line.state.value}):
                judged_as = f"{visit.state.value} {visit.arrived_at} {visit.departed_at}" if visit else "nothing"
                yield f"visit      {line.stop_id} {line.state.value} {line.arrived_at} {line.departed_at} judged {judged_as}"


def measure(name: str, seed: int, options: argparse.Namespace) -> tuple[Score, Nearly, list[str]]:
    """One scenario of one seed: its score, its near-incidents, and a line for every error."""
    parameters = Parameters() if options.params is None else parse_parameters(options.params.read_text())
    simulation = generate(load(name), seed, options.vehicles, options.days)
    conclusions = concluded(simulation, parameters)
    found = [f"{name} {seed} {line}" for line in errors(simulation, conclusions)] if options.errors else []
    nearly = near_incidents(simulation, compared(simulation, conclusions)[1])
    return score(simulation.truth, conclusions, simulation.vehicle_days), nearly, found


def main() -> None:
    """Run the scenarios over the seeds, several at a time, and write the figures."""
    options = _options()
    total, nearly, scenarios = Score(), Nearly(), dict[str, dict[str, Any]]()
    until_s = time.monotonic() + options.seconds
    waiting = [(name, seed) for seed in _seeds(options.seeds) for name in options.scenarios]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool,
        Progress(*columns, console=Console(stderr=True)) as bar,
    ):
        task = bar.add_task("scenarios", total=len(waiting))
        running: dict[Future[tuple[Score, Nearly, list[str]]], tuple[str, int]] = {}
        while running or (waiting and time.monotonic() < until_s):
            while waiting and len(running) < options.jobs and time.monotonic() < until_s:
                name, seed = waiting.pop(0)
                running[pool.submit(measure, name, seed, options)] = name, seed
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                name, seed = running.pop(done)
                one, near, found = done.result()
                scenarios.setdefault(name, {})[str(seed)] = one.document()
                total.add(one)
                for kind, tally in near.items():
                    nearly.setdefault(kind, Counter()).update(tally)
                print(*found, sep="\n", end="\n" if found else "", flush=True)
                bar.advance(task)
    document = {**_machine(), "scenarios": scenarios, **total.document(), "near_incidents": nearly}
    print_score(total.document())
    if options.markdown is not None:
        options.markdown.write_text(tables(document))
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    every = [name for name in names() if name not in SIZE_ONLY]
    parser.add_argument("--scenarios", nargs="+", default=every, help="names or TOML files")
    parser.add_argument("--seeds", default="9001-9003", help="such as 1,2,7-9")
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no further scenario after so long")
    parser.add_argument("--vehicles", type=int)
    parser.add_argument("--days", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many scenarios at a time")
    parser.add_argument("--params", type=Path, help="parameters that differ from the defaults, TOML")
    parser.add_argument("--errors", action="store_true", help="list what was judged wrongly")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path, help="the tables of docs/detection-quality.md")
    return parser.parse_args()


def _seeds(text: str) -> list[int]:
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def _machine() -> dict[str, Any]:
    versions = {name: version(name) for name in ("numpy", "numba", "beatwatch")}
    return {"cores": os.cpu_count(), "python": platform.python_version(), "versions": versions}


if __name__ == "__main__":
    main()
