"""Orders JSON: a list of orders with what was ordered, loaded, delivered and returned of each product."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import msgspec

from domain.deliveries import Order, OrderLine
from wire.files.joined import write_listed
from wire.files.node import Node, parse_document
from wire.files.reading import naming, read_bytes


def parse_orders(content: bytes | str) -> list[Order]:
    """The orders of a JSON document; `InvalidInputError` names the path of what is wrong, such as `0.lines.2.ordered`."""
    document = parse_document(content)
    nodes = [document] if isinstance(document.value, dict) else document.items()
    return [_order(node) for node in nodes]


def read_orders(path: Path) -> list[Order]:
    """The orders of a file."""
    with naming(path):
        return parse_orders(read_bytes(path))


def write_orders(orders: Iterable[Order], file: TextIO) -> int:
    """Write a list with one order a line, the same bytes for the same orders; how many."""
    return write_listed(map(order_line, orders), file)


def order_line(order: Order) -> bytes:
    """The line of an order, without comma and end."""
    return msgspec.json.encode(_members(order))


def _order(node: Node) -> Order:
    return Order(
        order_id=node.text("order_id"),
        trip_id=node.maybe_text("trip_id"),
        stop_id=node.maybe_text("stop_id"),
        lines=tuple(_line(line) for line in node.at("lines").items()),
    )


def _line(node: Node) -> OrderLine:
    return OrderLine(
        product=node.text("product"),
        ordered=node.number("ordered", least=0),
        loaded=node.maybe_number("loaded", least=0),
        delivered=node.maybe_number("delivered", least=0),
        returned=node.maybe_number("returned", least=0),
        unit_kg=node.maybe_number("unit_kg", least=0),
    )


def _members(order: Order) -> dict[str, Any]:
    lines = [
        {
            "product": line.product,
            "ordered": line.ordered,
            "loaded": line.loaded,
            "delivered": line.delivered,
            "returned": line.returned,
            "unit_kg": line.unit_kg,
        }
        for line in order.lines
    ]
    return {"order_id": order.order_id, "trip_id": order.trip_id, "stop_id": order.stop_id, "lines": lines}
