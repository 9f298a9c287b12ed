"""What was to be delivered, and what was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A product of an order, in units; `None` means that nobody has said yet."""

    product: str
    ordered: float
    loaded: float | None = None
    delivered: float | None = None
    returned: float | None = None
    unit_kg: float | None = None  # gross weight of one unit, to compare with the cargo's


@dataclass(frozen=True, slots=True)
class Order:
    """What one outlet gets on one trip."""

    order_id: str
    trip_id: str | None
    stop_id: str | None
    lines: tuple[OrderLine, ...]
