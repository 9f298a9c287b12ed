"""What the orders of a stop weigh."""

from __future__ import annotations

import math
from collections.abc import Iterable

from domain.deliveries import Order, OrderLine
from geofence.planned import Goods


def goods_of(orders: Iterable[Order]) -> dict[tuple[str, str], Goods]:
    """(trip_id, stop_id) -> the weight of all its orders' lines. A stop with a product of unknown weight is left out."""
    lines: dict[tuple[str, str], list[OrderLine]] = {}
    for order in orders:
        if order.trip_id is not None and order.stop_id is not None:
            lines.setdefault((order.trip_id, order.stop_id), []).extend(order.lines)
    return {key: _goods(own) for key, own in lines.items() if all(line.unit_kg is not None for line in own)}


def _goods(lines: list[OrderLine]) -> Goods:
    due_kg = sum((line.loaded if line.loaded is not None else line.ordered) * (line.unit_kg or 0.0) for line in lines)
    known = all(line.delivered is not None for line in lines)
    delivered_kg = sum((line.delivered or 0.0) * (line.unit_kg or 0.0) for line in lines) if known else math.nan
    return Goods(due_kg, delivered_kg)
