"""How long stock will last, and what to order so that it lasts until the next delivery.

Demand for one product of one shop is intermittent: most days nothing is sold. It is estimated by the method of Teunter,
Syntetos and Babai (2011), "Intermittent demand: linking forecasting to inventory obsolescence", European Journal of
Operational Research 214(3): the probability that a day sells anything and the size of such a day, each smoothed by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PROBABILITY_WEIGHT: Final = 0.1
SIZE_WEIGHT: Final = 0.2
SERVICE_FACTOR: Final = 1.645
"""Of a normal distribution, 95 % lie below so many standard deviations above the mean."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Pieces a day, with the standard deviation of one day."""

    mean_per_day: float
    deviation_per_day: float


@dataclass(frozen=True, slots=True)
class StockState:
    """What an outlet has of a product in pieces, what is on its way, and how long an order takes."""

    on_hand: float
    on_order: int
    lead_time_days: float
    review_days: float  # until one can order again
    pack_pieces: int = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """How long it lasts, and what to order; 0 pieces: nothing yet."""

    days_of_cover: float | None  # none: nothing is sold
    stock_out_at: datetime | None
    reorder_point: float
    order_up_to: float
    pieces: int


def estimate_demand(daily: Sequence[float]) -> Demand:
    """Demand by the pieces of each day, oldest first. No day: nothing is known, which is taken for nothing sold."""
    sold = [pieces for pieces in daily if pieces > 0]
    if not sold:
        return Demand(0.0, 0.0)
    probability, size = len(sold) / len(daily), sum(sold) / len(sold)
    for pieces in daily:
        probability += PROBABILITY_WEIGHT * ((pieces > 0) - probability)
        if pieces > 0:
            size += SIZE_WEIGHT * (pieces - size)
    mean = probability * size
    spread = math.sqrt(sum((pieces - mean) ** 2 for pieces in daily) / len(daily))
    return Demand(mean, spread)


def propose(stock: StockState, demand: Demand, now: datetime) -> Proposal:
    """Order up to what lasts over lead time and review with 95 % certainty, once less than that of the lead time is there."""
    cover = stock.on_hand / demand.mean_per_day if demand.mean_per_day > 0 else None
    reorder_point = _need(demand, stock.lead_time_days)
    order_up_to = _need(demand, stock.lead_time_days + stock.review_days)
    position = max(0.0, stock.on_hand) + stock.on_order
    wanted = order_up_to - position if position <= reorder_point else 0.0
    packs = math.ceil(round(wanted / stock.pack_pieces, 9)) if wanted > 0 else 0
    return Proposal(
        days_of_cover=None if cover is None else max(0.0, cover),
        stock_out_at=None if cover is None else _after(now, max(0.0, cover)),
        reorder_point=reorder_point,
        order_up_to=order_up_to,
        pieces=packs * stock.pack_pieces,
    )


def _need(demand: Demand, days: float) -> float:
    return demand.mean_per_day * days + SERVICE_FACTOR * demand.deviation_per_day * math.sqrt(days)


def _after(now: datetime, days: float) -> datetime | None:
    return now + timedelta(days=days) if days < 3650 else None
