"""Zone GeoJSON: the properties say what a place means; a `Point` has a `radius_m`, a line a `width_m`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from domain.zones import Zone, ZoneKind, schedule_members
from wire.files.joined import write_joined
from wire.files.node import Node, parse_document
from wire.files.reading import naming, read_bytes
from wire.files.schedule_json import maybe_schedule
from wire.instants import format_instant

_DEPTHS: Final = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


Told = Callable[[str], None]


def _nobody(_sentence: str) -> None:
    """Nobody wants to know."""


def parse_zones(
    content: bytes | str, *, foreign: bool = False, told: Told = _nobody, skipped: Told | None = None
) -> list[Zone]:
    """The zones of a FeatureCollection, of one Feature or of a geometry; `InvalidInputError` names the path of what is wrong.

    A zone is named by its feature's `id`, else by its index; without a `kind` it is a territory. `foreign` files, made for
    something else, may have any other `kind`, which is then no more than none: `told` is told so. A feature that lies nowhere
    is refused, or left out where `skipped` wants to be told.
    """
    zones = []
    for index, feature in enumerate(_features(parse_document(content))):
        if skipped is not None and _lies_nowhere(feature):
            skipped(f"{feature.path or 'feature'} has no geometry and is left out")
        else:
            zones.append(_zone(feature, index, told if foreign else None))
    return zones


def read_zones(path: Path, *, foreign: bool = False, told: Told = _nobody, skipped: Told | None = None) -> list[Zone]:
    """The zones of a file."""
    with naming(path):
        return parse_zones(read_bytes(path), foreign=foreign, told=told, skipped=skipped)


def write_zones(zones: Iterable[Zone], file: TextIO) -> int:
    """Write a FeatureCollection with one feature a line, the same bytes for the same zones; how many."""
    return write_zone_lines(map(zone_line, zones), file)


def write_zone_lines(lines: Iterable[bytes], file: TextIO) -> int:
    """Write a FeatureCollection of what `zone_line` gave; how many."""
    file.write('{"type":"FeatureCollection","features":[\n')
    count = write_joined(lines, file)
    file.write("\n]}\n")
    return count


def zone_line(zone: Zone) -> bytes:
    """The line of a zone, without comma and end."""
    return msgspec.json.encode(zone_feature(zone))


def zone_feature(zone: Zone) -> dict[str, Any]:
    """The GeoJSON feature of a zone; the inverse of `parse_zones`."""
    properties = {
        "kind": zone.kind.value,
        "name": zone.name,
        "radius_m": zone.radius_m,
        "width_m": zone.width_m,
        "speed_limit_mps": zone.speed_limit_mps,
        "valid_from": None if zone.valid_from is None else format_instant(zone.valid_from),
        "valid_until": None if zone.valid_until is None else format_instant(zone.valid_until),
        "schedule": None if zone.schedule is None else schedule_members(zone.schedule),
    }
    said = {key: value for key, value in properties.items() if value is not None}
    return {"type": "Feature", "id": zone.zone_id, "properties": said, "geometry": zone.geometry}


def _features(document: Node) -> Iterable[Node]:
    kind = document.at("type").value
    if kind == "Feature":
        return [document]
    if isinstance(kind, str) and kind in _DEPTHS:
        return [Node({"type": "Feature", "geometry": document.value})]
    if kind not in (None, "FeatureCollection"):
        raise document.at("type").refuse("must be FeatureCollection, Feature or a geometry")
    return document.at("features").items()


def _lies_nowhere(feature: Node) -> bool:
    """Whether it has no place, as RFC 7946 allows: geometry null, or one without coordinates."""
    geometry = feature.mapping().get("geometry")
    return geometry is None or (isinstance(geometry, dict) and geometry.get("coordinates") == [])


def _zone(feature: Node, index: int, told: Told | None) -> Zone:
    zone_id = feature.text("id") if feature.has("id") else str(index)
    properties = feature.at("properties")
    if properties.value is None:
        properties = Node({}, properties.path)
    geometry = feature.at("geometry")
    _check(geometry)
    zone = Zone(
        zone_id=zone_id,
        name=properties.maybe_text("name") or zone_id,
        kind=_kind(properties, zone_id, told),
        geometry=geometry.mapping(),
        radius_m=properties.maybe_number("radius_m", least=0),
        width_m=properties.maybe_number("width_m", least=0),
        speed_limit_mps=properties.maybe_number("speed_limit_mps", least=0),
        valid_from=properties.maybe_instant("valid_from"),
        valid_until=properties.maybe_instant("valid_until"),
        schedule=maybe_schedule(properties, "schedule"),
    )
    if zone.geometry["type"] == "Point" and zone.radius_m is None:
        raise properties.at("radius_m").refuse("is needed to make a circle of a Point")
    if zone.geometry["type"].endswith("LineString") and zone.width_m is None:
        raise properties.at("width_m").refuse("is needed to make a corridor of a line")
    return zone


def _kind(properties: Node, zone_id: str, told: Told | None) -> ZoneKind:
    value = properties.at("kind").value
    if value is None:
        return ZoneKind.territory
    if told is not None and value not in list(ZoneKind):
        told(f"zone {zone_id}: kind {value!r} is none of {', '.join(ZoneKind)}; it is taken for a territory")
        return ZoneKind.territory
    return properties.choice("kind", ZoneKind)


def _check(geometry: Node) -> None:
    """Refuse what is no geometry at all; crossing or unclosed rings are for the index to repair and name."""
    kind = geometry.at("type").value
    depth = _DEPTHS.get(kind) if isinstance(kind, str) else None
    if depth is None:
        raise geometry.at("type").refuse(f"must be one of {', '.join(_DEPTHS)}")
    if not _is_nested_positions(geometry.at("coordinates").value, depth):
        raise geometry.at("coordinates").refuse(f"are not those of a {kind} of finite [longitude, latitude] pairs")


def _is_nested_positions(value: Any, depth: int) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if depth:
        return all(_is_nested_positions(part, depth - 1) for part in value)
    return len(value) >= 2 and all(type(part) in {int, float} and isfinite(part) for part in value)
