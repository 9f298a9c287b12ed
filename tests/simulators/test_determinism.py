"""The same seed gives the same bytes; another seed does not; and no purpose disturbs another."""

from __future__ import annotations

import os
import subprocess
import sys
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BeatwatchError
from simulators import runs
from simulators.disk import Disk, Sheaf
from simulators.folder import write_folder
from simulators.scenario import SensorsPlan, load
from simulators.sensors.readings import MEASURED
from simulators.simulation import Simulation
from simulators.streams import stream
from simulators.world import generate
from wire.files.track_csv import read_tracks
from wire.files.trip_json import read_trips
from wire.files.truth_jsonl import read_truth
from wire.files.zone_geojson import read_zones

FILES = ["equipment.json", "orders.json", "sensors.csv", "tracks.csv", "trips.json", "truth.jsonl", "zones.geojson"]


def _simulate(folder: Path, seed: int, hash_seed: str) -> dict[str, bytes]:
    subprocess.run(
        [sys.executable, "-m", "beatwatch", "simulate", "--seed", str(seed), "--out", str(folder)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.DEVNULL,
    )
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_same_seed_gives_same_bytes_in_other_processes_with_other_hashes(tmp_path: Path) -> None:
    first = _simulate(tmp_path / "a", 5, "1")
    assert list(first) == FILES
    assert first == _simulate(tmp_path / "b", 5, "2")
    assert first["tracks.csv"] != _simulate(tmp_path / "c", 6, "1")["tracks.csv"]


def test_each_purpose_has_a_stream_of_its_own() -> None:
    assert stream(3, "a", 1).random() != stream(3, "a", 2).random()
    assert stream(3, "a").random() == stream(3, "a").random()
    assert stream(3, "a", "b").random() != stream(3, "ab").random()


def test_an_incident_on_one_van_leaves_the_others_untouched(morning: Simulation) -> None:
    quiet = generate(msgspec.structs.replace(load("morning_run"), incidents=()), seed=11)
    assert not [line for line in quiet.truth if hasattr(line, "rule")]
    for index in range(2, len(quiet.devices)):
        ours, theirs = (one.fixes[one.fixes["device"] == index] for one in (morning, quiet))
        assert ours.tobytes() == theirs.tobytes()
    changed = [one.fixes[one.fixes["device"] == 0] for one in (morning, quiet)]
    assert not np.array_equal(changed[0]["fix_us"], changed[1]["fix_us"])


def test_a_folder_is_read_back_as_it_was(tmp_path: Path, morning: Simulation) -> None:
    write_folder(morning, tmp_path)
    assert tuple(read_trips(tmp_path / "trips.json")) == morning.trips
    assert tuple(read_truth(tmp_path / "truth.jsonl")) == morning.truth
    assert tuple(read_zones(tmp_path / "zones.geojson")) == morning.zones
    read = [fix._replace(boot_id=None, seq=None, buffered=None) for fix in read_tracks(tmp_path / "tracks.csv")]
    assert read == [fix._replace(boot_id=None, seq=None, buffered=None) for fix in morning.positions()]


def test_what_is_made_on_disk_gives_the_bytes_of_memory(tmp_path: Path) -> None:
    whole = generate(load("morning_run"), seed=4)
    write_folder(whole, tmp_path / "memory")
    disk = Disk(tmp_path / "making", run_rows=300, most_held=160)
    parted = generate(load("morning_run"), seed=4, disk=disk)
    assert (parted.trips, parted.truth, len(parted.fixes)) == ((), (), 0)
    assert write_folder(parted, tmp_path / "disk", disk) == len(whole.fixes) > 2000
    disk.remove()
    assert not (tmp_path / "making").exists()
    for name in FILES:
        assert (tmp_path / "disk" / name).read_bytes() == (tmp_path / "memory" / name).read_bytes()


def test_several_processes_give_the_bytes_of_one(tmp_path: Path) -> None:
    scenario = msgspec.structs.replace(load("sensors"), vehicles_per_town=1, sensors=SensorsPlan(shelves=2, assets=1))
    for jobs in (1, 2):
        disk = Disk(tmp_path / "making")
        made = generate(scenario, seed=4, vehicles=5, days=1, disk=disk, jobs=jobs)
        write_folder(made, tmp_path / str(jobs), disk)
        disk.remove()
    write_folder(generate(scenario, seed=4, vehicles=5, days=1), tmp_path / "memory")
    assert len({van.split(",")[0] for van in (tmp_path / "1" / "tracks.csv").read_text().splitlines()}) == 1 + 5 + 5
    for name in FILES:
        assert (tmp_path / "2" / name).read_bytes() == (tmp_path / "1" / name).read_bytes()
        assert (tmp_path / "memory" / name).read_bytes() == (tmp_path / "1" / name).read_bytes()


def test_what_is_wrong_in_a_town_is_said_by_its_process(tmp_path: Path) -> None:
    scenario = msgspec.structs.replace(load("morning_run"), vehicles_per_town=1)
    nowhere = msgspec.structs.replace(scenario, town=msgspec.structs.replace(scenario.town, osm=str(tmp_path / "no.osm.gz")))
    with pytest.raises(BeatwatchError, match=r"no\.osm\.gz"):
        generate(nowhere, seed=1, disk=Disk(tmp_path / "making"), jobs=2)


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=3)))), st.integers(1, 7))
def test_a_sheaf_gives_back_what_it_took_in_order(bundles: list[list[tuple[int, bytes]]], most_held: int) -> None:
    with TemporaryDirectory() as folder:
        sorted_, as_they_came = (Sheaf(Path(folder) / str(key), by_key=key, most_held=most_held) for key in (True, False))
        for bundle in bundles:
            sorted_.add(bundle)
            as_they_came.add(bundle)
        everything = [line for bundle in bundles for line in bundle]
        assert list(as_they_came) == [text for _, text in everything]
        assert list(sorted_) == [text for _, text in sorted(everything, key=itemgetter(0))]


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 30))
def test_runs_give_back_what_they_took_in_order_of_receipt(received: list[int], run_rows: int) -> None:
    rows = np.zeros(len(received), MEASURED)
    rows["received_us"], rows["seq"] = received, np.arange(len(received))
    with TemporaryDirectory() as folder, patch.multiple(runs, _WINDOW_ROWS=6, _SAMPLE_ROWS=2, _BLOCK_ROWS=3):
        kept = runs.Runs(Path(folder) / "rows", MEASURED, run_rows)
        for first in range(0, len(rows), 4):
            kept.add(rows[first : first + 4])
        parts = list(kept.merged(lambda part: part[np.lexsort((part["seq"], part["received_us"]))]))
    given_back = [(row["received_us"], row["seq"]) for part in parts for row in part]
    assert given_back == sorted(zip(received, range(len(received)), strict=True))
