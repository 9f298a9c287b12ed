"""A van whose load, deliveries and returns do not add up in the evening, or whose money does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.deliveries import Order, OrderLine
from domain.events import Event, Severity
from domain.settlement import Mismatch, SettlementLimits, SettlementLine, find_mismatch
from domain.trips import Trip
from geofence.journal import event_id, rounded
from geofence.parameters import Parameter
from geofence.rows import to_us

NAME: Final = "settlement_mismatch"
PARAMETERS: Final = (
    Parameter(f"{NAME}.share", 0.005, "1", 0, 1, "A product whose variance is this share of the load is told,"),
    Parameter(f"{NAME}.value", 500, "money", 0, 1e9, "or one whose variance is worth so much,"),
    Parameter(f"{NAME}.cash", 100, "money", 0, 1e9, "or money that differs by more than this."),
    Parameter(f"{NAME}.high_share", 0.02, "1", 0, 1, "This share of the load is of high severity."),
    Parameter(f"{NAME}.high_value", 5000, "money", 0, 1e9, "So is this much money."),
)


def judge_settlement(
    trip: Trip, at: datetime, lines: Iterable[SettlementLine], cash_gap: float, values: Mapping[str, float]
) -> Event | None:
    """The event of a trip settled at a moment, if it does not add up. `values` has every parameter of the rule."""
    limits = SettlementLimits(values[f"{NAME}.share"], values[f"{NAME}.value"], values[f"{NAME}.cash"])
    mismatch = find_mismatch(lines, cash_gap, limits)
    if mismatch is None:
        return None
    name = event_id(NAME, trip.device_id, trip.trip_id, "", to_us(trip.planned_start))
    severity = _severity(mismatch, values)
    return Event(name, NAME, severity, trip.device_id, trip.trip_id, None, at, at, at, confidence=1.0, facts=_facts(mismatch))


def judge_orders(trips: Iterable[Trip], orders: Iterable[Order], values: Mapping[str, float]) -> list[Event]:
    """Events of trips whose orders all say what was loaded, delivered and counted in the evening.

    What came back as `returned` is what was counted. A trip is taken to be settled at its planned end.
    """
    by_trip: dict[str, list[OrderLine]] = defaultdict(list)
    for order in orders:
        if order.trip_id is not None:
            by_trip[order.trip_id].extend(order.lines)
    found = []
    for trip in trips:
        lines = by_trip.get(trip.trip_id, [])
        if lines and all(None not in (line.loaded, line.delivered, line.returned) for line in lines):
            found.append(judge_settlement(trip, trip.planned_end, _by_product(lines), 0.0, values))
    return [event for event in found if event is not None]


def _by_product(lines: Iterable[OrderLine]) -> list[SettlementLine]:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for line in lines:
        for place, amount in enumerate((line.loaded, line.delivered, line.returned)):
            sums[line.product][place] += amount or 0.0
    return [
        SettlementLine(product, loaded=loaded, counted=back, delivered=delivered)
        for product, (loaded, delivered, back) in sorted(sums.items())
    ]


def _severity(mismatch: Mismatch, values: Mapping[str, float]) -> Severity:
    much = max(mismatch.value, abs(mismatch.cash_gap)) >= values[f"{NAME}.high_value"]
    return Severity.high if much or mismatch.share >= values[f"{NAME}.high_share"] else Severity.medium


def _facts(mismatch: Mismatch) -> dict[str, Any]:
    lines = [{"product": line.product, "expected": line.expected, "counted": line.counted} for line in mismatch.lines]
    facts: dict[str, Any] = {"variance": mismatch.variance, "load": mismatch.load, "share": mismatch.share, "lines": lines}
    if mismatch.value:
        facts["value"] = mismatch.value
    if mismatch.cash_gap:
        facts["cash_gap"] = mismatch.cash_gap
    if mismatch.slips:
        facts["unit_slips"] = list(mismatch.slips)
    return rounded(facts)
