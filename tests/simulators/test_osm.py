"""Streets from OpenStreetMap: a hand-drawn town in every container, and a real one."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import numpy as np
import osmium
import pytest

from domain.errors import InvalidInputError
from simulators.scenario import load
from simulators.town.network import build
from simulators.town.osm import read_streets
from simulators.towns import draw_town
from simulators.world import generate

TOWN = """<?xml version="1.0"?><osm version="0.6">
<node id="1" version="1" lat="6.0" lon="-1.0"/>
<node id="2" version="1" lat="6.0" lon="-0.999"><tag k="highway" v="traffic_signals"/></node>
<node id="3" version="1" lat="6.001" lon="-0.999"/><node id="4" version="1" lat="6.001" lon="-1.0"/>
<node id="5" version="1" lat="6.1" lon="-1.1"/>
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="maxspeed" v="30"/></way>
<way id="2" version="1"><nd ref="4"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="oneway" v="-1"/></way>
<way id="3" version="1"><nd ref="4"/><nd ref="1"/><tag k="highway" v="secondary"/><tag k="maxspeed" v="20 mph"/></way>
<way id="4" version="1"><nd ref="1"/><nd ref="5"/><tag k="highway" v="footway"/></way>
<way id="5" version="1"><nd ref="1"/><nd ref="5"/><tag k="highway" v="service"/><tag k="access" v="private"/></way>
</osm>"""


def _as_pbf(source: Path, target: Path) -> None:
    with osmium.SimpleWriter(str(target)) as writer:
        for thing in osmium.FileProcessor(str(source)):
            writer.add(thing)


@pytest.mark.parametrize("container", ["osm", "osm.gz", "osm.pbf"])
def test_ways_become_streets(tmp_path: Path, container: str) -> None:
    plain, path = tmp_path / "plain.osm", tmp_path / f"town.{container}"
    plain.write_text(TOWN)
    if container == "osm.gz":
        path.write_bytes(gzip.compress(TOWN.encode()))
    elif container == "osm.pbf":
        _as_pbf(plain, path)
    else:
        path = plain
    streets, plane = read_streets(path)
    assert len(streets.x_m) == 4
    assert streets.ends.tolist() == [[0, 1], [1, 2], [2, 3], [3, 0]]
    assert streets.one_way.tolist() == [False, False, True, False]
    assert np.allclose(streets.speed_mps, [30 / 3.6, 30 / 3.6, 8.6, 8.94], atol=0.01)
    assert streets.lights.tolist() == [False, True, False, False]
    assert streets.length_m()[0] == pytest.approx(110.7, abs=0.3)
    network, _ = build(streets, plane)
    assert len(network.head) == 7
    assert network.nodes_of(network.path(2, 3), 2).tolist() == [2, 3]
    assert network.nodes_of(network.path(3, 2), 3).tolist() == [3, 0, 1, 2]


@pytest.mark.parametrize("content", ["", "not a map", '<?xml version="1.0"?><osm version="0.6"></osm>'])
def test_what_is_no_map_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "town.osm"
    path.write_text(content)
    with pytest.raises(InvalidInputError, match=r"town\.osm"):
        read_streets(path)
    with pytest.raises(InvalidInputError):
        read_streets(tmp_path / "absent.osm.pbf")


def test_a_real_town_is_driven_through(shared_data: Path) -> None:
    extract = shared_data / "osm" / "campo-grande.osm.gz"
    if not extract.exists():
        pytest.skip(f"{extract} is not there")
    base = load("missed_stops")
    town = msgspec.structs.replace(base.town, osm=str(extract), outlets=120)
    scenario = msgspec.structs.replace(base, town=town, vehicles=2, days=1, day_h=8.0, incidents=())
    network = draw_town(scenario, 5, 0).network
    assert len(network.x_m) > 5_000
    assert np.isfinite(network.tree(0)[0]).all()
    world = generate(scenario, 5)
    assert len(world.fixes) > 1000
    assert np.nanmax(world.fixes["speed_mps"]) < 30
