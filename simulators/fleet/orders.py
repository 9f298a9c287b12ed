"""What each shop ordered, got and sent back, as the paperwork says; and whether the van's load adds up in the evening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from domain.deliveries import Order, OrderLine
from domain.truth import Incident
from simulators.fleet.driving import Played
from simulators.fleet.planning import CASE_KG, Round
from simulators.fleet.script import Script
from simulators.truth.visits import served

PRODUCTS = ("cola-24", "water-12", "biscuits-48", "soap-72", "noodles-40")
MISMATCH_SHARE = 0.005


def write_orders(planned: Round, played: Played, script: Script, rng: np.random.Generator) -> list[Order]:
    """One order a stop. A signed stop counts as delivered in full; one not reached comes back whole."""
    done = served(played)
    orders = []
    for stop in planned.trip.stops:
        ordered = round(stop.cases or 0.0)
        one = done.get(stop.stop_id)
        refused = one.halt.refused_cases if one is not None else 0
        carried = ordered if one is None else min(round(one.halt.unload_kg / CASE_KG), ordered - refused)
        delivered = carried if one is not None or stop.stop_id in script.signed_on else 0
        back = refused if one is not None else ordered - delivered
        lines = _lines(ordered, delivered, back, rng)
        orders.append(Order(f"order-{stop.stop_id}", planned.trip.trip_id, stop.stop_id, lines))
    return _short(orders, script.uncounted_cases)


def _lines(ordered: int, delivered: int, back: int, rng: np.random.Generator) -> tuple[OrderLine, ...]:
    """Two or three products; what is delivered and what comes back is shared out over them in their order."""
    count = int(rng.integers(2, 4))
    names = rng.choice(PRODUCTS, count, replace=False)
    parts = np.diff(np.sort(np.concatenate([[0, ordered], rng.integers(0, ordered + 1, count - 1)])))
    lines = []
    for name, part in zip(names.tolist(), parts.tolist(), strict=True):
        given = min(part, delivered)
        returned = min(part - given, back)
        delivered, back = delivered - given, back - returned
        lines.append(OrderLine(str(name), float(part), float(part), float(given), float(returned), CASE_KG))
    return tuple(line for line in lines if line.ordered)


def _short(orders: list[Order], missing: int) -> list[Order]:
    """Cases that came back but were not counted in the evening."""
    changed = []
    for order in orders:
        lines = []
        for line in order.lines:
            hidden = min(missing, int(line.returned or 0))
            missing -= hidden
            lines.append(replace(line, returned=(line.returned or 0) - hidden))
        changed.append(replace(order, lines=tuple(lines)))
    return changed


def settlement_mismatches(planned: Round, played: Played, orders: list[Order]) -> list[Incident]:
    """Loaded less delivered less returned, over the whole van, is more than half a percent of the load."""
    lines = [line for order in orders for line in order.lines]
    loaded = sum(line.loaded or 0 for line in lines)
    variance = loaded - sum((line.delivered or 0) + (line.returned or 0) for line in lines)
    if abs(variance) < MISMATCH_SHARE * loaded or variance == 0:
        return []
    home = planned.at(played.home_s)
    return [Incident("settlement_mismatch", planned.trip.device_id, planned.trip.trip_id, None, home, home)]
