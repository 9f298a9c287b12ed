"""The same seed gives the same bytes; another seed does not; and no purpose disturbs another."""

from __future__ import annotations

import os
import subprocess
import sys
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.disk import Disk, Sheaf
from simulators.folder import write_folder
from simulators.scenario import load
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


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers()))), st.integers(1, 7))
def test_a_sheaf_gives_back_what_it_took_in_order(bundles: list[list[tuple[int, int]]], most_held: int) -> None:
    with TemporaryDirectory() as folder:
        by_key, as_they_came = (Sheaf(Path(folder) / name, key, most_held) for name, key in (("a", itemgetter(0)), ("b", None)))
        for bundle in bundles:
            by_key.add(bundle)
            as_they_came.add(bundle)
        everything = [record for bundle in bundles for record in bundle]
        assert list(as_they_came) == everything
        assert list(by_key) == sorted(everything, key=itemgetter(0))
