"""Vans that get another tracker on the way: what happened stays as it was, and `judge` knows it from the assignments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from beatwatch.__main__ import main
from domain.events import Event, Severity, Visit
from domain.truth import TrueVisit
from simulators.folder import write_folder
from simulators.scenario import IncidentPlan, SensorsPlan, load
from simulators.simulation import Simulation
from simulators.world import generate
from wire.files.assignments import read_assignments
from wire.files.event_jsonl import read_events

Concluded = tuple[list[Event], dict[tuple[str, str], str]]
Judge = Callable[..., Concluded]


@pytest.fixture(scope="module")
def swapped() -> Simulation:
    return generate(load("tracker_swaps"), 5911, vehicles=4)


@pytest.fixture(scope="module")
def unswapped() -> Simulation:
    return generate(msgspec.structs.replace(load("tracker_swaps"), incidents=()), 5911, vehicles=4)


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The command: a folder and options -> alarms, and what became of each stop."""

    def run(folder: Path, *options: str | Path) -> Concluded:
        out = tmp_path / "events.jsonl"
        monkeypatch.setattr("sys.argv", ["beatwatch", "judge", "--data", str(folder), "-o", str(out), *map(str, options)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        concluded = list(read_events(out))
        alarms = [one for one in concluded if isinstance(one, Event) and one.severity is not Severity.info]
        return alarms, {(one.trip_id, one.stop_id): one.state.value for one in concluded if isinstance(one, Visit)}

    return run


def _spares(simulation: Simulation) -> set[str]:
    return {one.device_id for one in simulation.assignments if one.device_id.endswith("-spare")}


def test_the_truth_is_that_of_a_day_without_and_only_the_rows_are_others(swapped: Simulation, unswapped: Simulation) -> None:
    assert len(_spares(swapped)) >= 2
    assert (swapped.truth, swapped.trips, swapped.orders) == (unswapped.truth, unswapped.trips, unswapped.orders)
    assert {one.state.value for one in swapped.truth if isinstance(one, TrueVisit)} == {"serviced"}
    assert unswapped.assignments == ()
    for number, name in enumerate(swapped.devices):
        rows = swapped.fixes[swapped.fixes["device"] == number]
        assert len(rows)
        spans = [one for one in swapped.assignments if one.device_id == name]
        for one in spans:
            since = -1 if one.valid_from is None else one.valid_from.timestamp() * 1e6
            until = 2**62 if one.valid_until is None else one.valid_until.timestamp() * 1e6
            rows = rows[(rows["fix_us"] < since) | (rows["fix_us"] >= until)]
        assert not spans or not len(rows)  # a tracker speaks while it is on the van


def test_judge_goes_on_with_the_trip_by_the_assignments(
    swapped: Simulation, unswapped: Simulation, tmp_path: Path, judge: Judge
) -> None:
    folder, other = tmp_path / "swapped", tmp_path / "unswapped"
    write_folder(swapped, folder)
    write_folder(unswapped, other)
    alarms, visits = judge(folder)
    assert (alarms, visits) == judge(other)
    assert (alarms, set(visits.values())) == ([], {"serviced"})
    assert judge(folder, "--arrival-order") == (alarms, visits)

    as_json = tmp_path / "assignments.json"
    told = [one._asdict() for one in reversed(read_assignments(folder / "assignments.csv"))]
    as_json.write_bytes(msgspec.json.encode(told))
    (folder / "assignments.csv").unlink()
    assert judge(folder, "--assignments", as_json) == (alarms, visits)
    ignorant, unknown = judge(folder)
    assert {one.device_id for one in ignorant} <= {name.removesuffix("-spare") for name in _spares(swapped)}
    assert set(unknown.values()) > {"serviced"}


def test_a_folder_of_before_does_not_keep_its_assignments(swapped: Simulation, unswapped: Simulation, tmp_path: Path) -> None:
    write_folder(swapped, tmp_path)
    assert read_assignments(tmp_path / "assignments.csv") == list(swapped.assignments)
    write_folder(unswapped, tmp_path)
    assert not (tmp_path / "assignments.csv").exists()


def test_a_van_may_have_its_spare_on_every_day_and_assets_are_numbered_after_it() -> None:
    scenario = msgspec.structs.replace(load("tracker_swaps"), sensors=SensorsPlan(shelves=2, assets=1))
    lent = generate(msgspec.structs.replace(scenario, incidents=(IncidentPlan("tracker_swapped", rate=1.0),)), 5912, 2, 2)
    plain = generate(msgspec.structs.replace(scenario, incidents=()), 5912, 2, 2)
    assert lent.devices == (*plain.devices[:2], "van-0001-spare", "van-0002-spare", *plain.devices[2:])
    assert max(Counter(one.vehicle_id for one in lent.assignments).values()) == 1 + 2 * 2  # the own one before, between, after
    for name in plain.devices[2:]:
        ours, theirs = (one.fixes[one.fixes["device"] == one.devices.index(name)].copy() for one in (lent, plain))
        ours["device"] = theirs["device"]
        assert ours.tobytes() == theirs.tobytes()
