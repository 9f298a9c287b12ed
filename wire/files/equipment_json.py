"""Equipment JSON: `{"shelves", "coolers", "assets"}`, what the business knows of its sensors."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import msgspec

from domain.equipment import Asset, Cooler, Equipment, Movement, Shelf, Transfer
from wire.files.node import Node, parse_document
from wire.files.reading import naming, read_bytes


def parse_equipment(content: bytes | str) -> Equipment:
    """A JSON document -> equipment; `InvalidInputError` names the path of what is wrong, such as `shelves.0.unit_g`."""
    document = parse_document(content)
    return Equipment(
        tuple(_shelf(node) for node in _list(document, "shelves")),
        tuple(_cooler(node) for node in _list(document, "coolers")),
        tuple(_asset(node) for node in _list(document, "assets")),
    )


def read_equipment(path: Path) -> Equipment:
    """The equipment of a file."""
    with naming(path):
        return parse_equipment(read_bytes(path))


def write_equipment(equipment: Equipment, file: TextIO) -> None:
    """Write the document, the same bytes for the same equipment."""
    file.write(msgspec.json.format(msgspec.json.encode(equipment), indent=1).decode() + "\n")


def _list(node: Node, key: str) -> list[Node]:
    return list(node.at(key).items()) if node.has(key) else []


def _shelf(node: Node) -> Shelf:
    unit_g = node.number("unit_g", least=0)
    if unit_g == 0:
        raise node.at("unit_g").refuse("must be more than 0")
    capacity = node.maybe_number("capacity", least=0)
    return Shelf(
        device_id=node.text("device_id"),
        outlet_id=node.text("outlet_id"),
        product=node.text("product"),
        unit_g=unit_g,
        tare_g=node.maybe_number("tare_g", least=0) or 0.0,
        capacity=None if capacity is None else round(capacity),
        opens_h=_hour(node, "opens_h", 0.0),
        closes_h=_hour(node, "closes_h", 24.0),
        received=_movements(node, "received"),
        sold=_movements(node, "sold") if node.has("sold") else None,
        utc_offset_min=round(node.maybe_number("utc_offset_min") or 0),
        lead_time_h=node.maybe_number("lead_time_h", least=0),
        books_until=node.maybe_instant("books_until"),
        valid_from=node.maybe_instant("valid_from"),
        valid_until=node.maybe_instant("valid_until"),
    )


def _hour(node: Node, key: str, default: float) -> float:
    hour = node.maybe_number(key, least=0)
    if hour is not None and hour > 24:
        raise node.at(key).refuse("must be from 0 to 24")
    return default if hour is None else hour


def _movements(node: Node, key: str) -> tuple[Movement, ...]:
    return tuple(Movement(one.instant("at"), round(one.number("units", least=0))) for one in _list(node, key))


def _cooler(node: Node) -> Cooler:
    least_c, most_c = node.number("least_c"), node.number("most_c")
    if least_c > most_c:
        raise node.at("most_c").refuse("must not be below least_c")
    return Cooler(
        device_id=node.text("device_id"),
        mounted_on=node.text("mounted_on"),
        least_c=least_c,
        most_c=most_c,
        defrosts_h=tuple(_plain(one) for one in _list(node, "defrosts_h")),
        defrost_min=node.maybe_number("defrost_min", least=0) or 0.0,
        valid_from=node.maybe_instant("valid_from"),
        valid_until=node.maybe_instant("valid_until"),
    )


def _plain(node: Node) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 <= node.value < 24:
        raise node.refuse("must be an hour from 0 to 24")
    return float(node.value)


def _asset(node: Node) -> Asset:
    return Asset(
        device_id=node.text("device_id"),
        outlet_id=node.text("outlet_id"),
        longitude_deg=_degrees(node, "longitude_deg", 180),
        latitude_deg=_degrees(node, "latitude_deg", 90),
        transfers=tuple(
            Transfer(one.instant("at"), _degrees(one, "longitude_deg", 180), _degrees(one, "latitude_deg", 90))
            for one in _list(node, "transfers")
        ),
        valid_from=node.maybe_instant("valid_from"),
        valid_until=node.maybe_instant("valid_until"),
    )


def _degrees(node: Node, key: str, most: float) -> float:
    value = node.number(key)
    if abs(value) > most:
        raise node.at(key).refuse(f"must be from {-most:g} to {most:g}")
    return value
