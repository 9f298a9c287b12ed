import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.zones import Zone, ZoneKind
from tests.wire.strategies import latitudes, longitudes, maybe, moments, names, positive
from wire.files.zone_geojson import parse_zones, read_zones, write_zones

points = st.tuples(longitudes, latitudes).map(list)
rings = st.lists(points, min_size=4, max_size=6)
geometries = st.one_of(
    points.map(lambda point: {"type": "Point", "coordinates": point}),
    st.lists(points, min_size=2, max_size=4).map(lambda line: {"type": "LineString", "coordinates": line}),
    st.lists(rings, min_size=1, max_size=2).map(lambda polygon: {"type": "Polygon", "coordinates": polygon}),
)
zones = st.builds(
    Zone,
    zone_id=names,
    name=names,
    kind=st.sampled_from(ZoneKind),
    geometry=geometries,
    radius_m=positive,
    width_m=positive,
    speed_limit_mps=maybe(positive),
    valid_from=maybe(moments),
    valid_until=maybe(moments),
)


def feature(properties: Any, geometry: Any, **members: Any) -> bytes:
    return msgspec.json.encode({"type": "Feature", "properties": properties, "geometry": geometry, **members})


POINT = {"type": "Point", "coordinates": [77.5, 12.9]}
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}


@given(st.lists(zones, max_size=3))
def test_what_is_written_is_read(drawn: list[Zone]) -> None:
    file = io.StringIO()
    assert write_zones(drawn, file) == len(drawn)
    assert parse_zones(file.getvalue()) == drawn


def test_a_feature_without_names_is_a_territory_named_by_its_index() -> None:
    (zone,) = parse_zones(feature(None, SQUARE))
    assert zone == Zone("0", "0", ZoneKind.territory, SQUARE)


def test_a_geometry_alone_is_one_zone() -> None:
    assert parse_zones(msgspec.json.encode(SQUARE)) == [Zone("0", "0", ZoneKind.territory, SQUARE)]


@pytest.mark.parametrize("nowhere", [None, {"type": "Polygon", "coordinates": []}])
def test_a_feature_that_lies_nowhere_is_left_out_where_that_is_told(nowhere: object) -> None:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in (nowhere, SQUARE)]
    content = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    told: list[str] = []
    assert [zone.zone_id for zone in parse_zones(content, skipped=told.append)] == ["1"]
    assert told == ["features.0 has no geometry and is left out"]
    with pytest.raises(InvalidInputError, match=r"features\.0\.geometry"):
        parse_zones(content)


@pytest.mark.parametrize(("named", "name"), [(7, "7"), (7.0, "7"), (1.5, "1.5"), ("7.0", "7.0")])
def test_an_identifier_may_be_a_number(named: object, name: str) -> None:
    (zone,) = parse_zones(feature({}, SQUARE, id=named))
    assert zone.zone_id == name


def test_a_foreign_kind_is_refused_unless_foreign_files_are_expected() -> None:
    content = feature({"kind": "residential"}, SQUARE, id=7)
    with pytest.raises(InvalidInputError, match=r"properties\.kind"):
        parse_zones(content)
    (zone,) = parse_zones(content, foreign=True)
    assert (zone.zone_id, zone.kind) == ("7", ZoneKind.territory)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"[]", "document"),
        (b"{}", "features"),
        (b'{"type": "FeatureCollection", "features": [7]}', "features.0"),
        (feature({}, POINT), "properties.radius_m"),
        (feature({"radius_m": -5}, POINT), "properties.radius_m"),
        (feature({}, {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "properties.width_m"),
        (feature({}, None), "geometry"),
        (feature({}, {"type": "Circle", "coordinates": [0, 0]}), "geometry.type"),
        (feature({}, {"type": ["Point"], "coordinates": [0, 0]}), "geometry.type"),
        (feature({}, {"type": "Polygon", "coordinates": [[0, 0], [1, 1]]}), "geometry.coordinates"),
        (feature({}, {"type": "Polygon", "coordinates": []}), "geometry.coordinates"),
        (feature({}, {"type": "Point", "coordinates": ["a", "b"]}), "geometry.coordinates"),
        (feature({"valid_from": "2024-01-01"}, SQUARE), "properties.valid_from"),
    ],
)
def test_a_refusal_names_the_path(content: bytes, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_zones(content)
    assert refusal.value.field == field


def test_real_wards(shared_data: Path) -> None:
    wards = read_zones(shared_data / "polygons" / "bangalore_wards243.geojson")
    assert len(wards) == 243
    assert {ward.kind for ward in wards} == {ZoneKind.territory}
