"""A shelf's days: customers take, the van restocks, people touch things, and sometimes somebody steals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from domain.equipment import Movement, Shelf
from domain.truth import Incident
from simulators.scenario import SensorsPlan
from simulators.sensors.readings import Measured, measure
from simulators.spans import spans_of
from simulators.streams import stream

PRODUCTS = (("cola-500", 540.0), ("water-1500", 1530.0), ("biscuits-200", 214.0), ("soap-120", 127.0), ("noodles-70", 84.0))
OPENS_H, CLOSES_H = 7.0, 21.0
REPORT_S, DAY_S = 300, 86_400
STOCK_OUT_S, SWEEP_UNITS, SWEEP_S = 900, 6, 60
SHRINK_UNITS, SHRINK_SHARE = 2.0, 0.03
_HOURLY = np.array([0.2, 0.6, 1.0, 0.8, 0.7, 1.2, 1.1, 0.7, 0.6, 0.8, 1.4, 1.9, 1.6, 0.8])  # opening hours' share of sales


@dataclass
class _Day:
    """One shelf on one day, second by second: units there, and grams of what else lies on it or is lifted off."""

    units: NDArray[np.int64]
    other_g: NDArray[np.float64]
    laid_g: float = 0.0  # under the goods, for good
    received: list[tuple[int, int]] = field(default_factory=list)
    sold: list[tuple[int, int]] = field(default_factory=list)
    truth: list[tuple[str, float, float]] = field(default_factory=list)


def simulate_shelf(
    device_id: str, outlet_id: str, plan: SensorsPlan, start: datetime, days: int, deliveries: dict[int, float], seed: int
) -> tuple[Shelf, list[Measured], list[Incident]]:
    """A shelf over some days from `start`, a midnight; `deliveries`: second of the day at which its shop was served, by day."""
    rng = stream(seed, "shelf", device_id)
    product, unit_g = PRODUCTS[int(rng.integers(len(PRODUCTS)))]
    capacity, tare_g = int(rng.integers(24, 60)), float(np.round(rng.uniform(400, 2500)))
    known_tare_g = tare_g
    stock, rate, drift_g, first_seq = int(0.8 * capacity), float(rng.uniform(0.25, 0.9)), 0.0, 1
    readings: list[Measured] = []
    incidents: list[Incident] = []
    received: list[Movement] = []
    sold: list[Movement] = []
    for day in range(days):
        day_start = start + timedelta(days=day)
        one = _live(stock, capacity, rate, plan, deliveries.get(day), stream(seed, "shelf", device_id, day))
        _touch(one, unit_g, plan, stream(seed, "touch", device_id, day))
        drift_g += float(rng.normal(0, 3))
        _lay_under(one, unit_g, plan, stream(seed, "tare", device_id, day))
        second = _report_seconds(one, unit_g, rng)
        weight_g = (
            tare_g + one.units[second] * unit_g + one.other_g[second] + drift_g + rng.normal(0, 0.02 * unit_g, len(second))
        )
        readings.append(measure(day_start, second, rng, first_seq=first_seq, weight_g=np.maximum(weight_g, 0.0)))
        first_seq += len(second)
        for rule, from_s, until_s in one.truth:
            begin, end = (day_start + timedelta(seconds=round(moment)) for moment in (from_s, until_s))
            incidents.append(Incident(rule, device_id, None, None, begin, end))
        received += [Movement(day_start + timedelta(seconds=at), units) for at, units in one.received]
        sold += [Movement(day_start + timedelta(seconds=at), units) for at, units in one.sold]
        stock, tare_g = int(one.units[-1]), tare_g + one.laid_g
    shelf = Shelf(
        device_id, outlet_id, product, unit_g, known_tare_g, capacity, OPENS_H, CLOSES_H, tuple(received), tuple(sold)
    )
    return shelf, readings, incidents


def _live(
    stock: int, capacity: int, rate: float, plan: SensorsPlan, delivered_s: float | None, rng: np.random.Generator
) -> _Day:
    """Everything that happens on a day, in the order of its moments; nothing can be taken that is not there."""
    day = _Day(np.full(DAY_S, stock, np.int64), np.zeros(DAY_S))
    happenings: list[tuple[int, str, int]] = []
    for hour, share in enumerate(_HOURLY):
        moments = (OPENS_H + hour + rng.random(int(rng.poisson(rate * share)))) * 3600
        happenings += [(int(at), "sale", int(rng.geometric(0.7))) for at in moments]
    if delivered_s is not None:
        happenings.append((int(delivered_s + rng.uniform(600, 3000)), "restock", 0))
    if rng.random() < plan.sweep:
        happenings.append((_open_moment(rng), "sweep", int(rng.integers(8, 18))))
    if rng.random() < plan.shrink:
        happenings += [(_open_moment(rng), "theft", 1) for _ in range(int(rng.integers(4, 8)))]
    for at, what, units in sorted(happenings):
        _happen(day, at, what, units, capacity, rng)
    _judge(day, stock)
    return day


def _open_moment(rng: np.random.Generator) -> int:
    return int(rng.uniform(OPENS_H + 1, CLOSES_H - 1) * 3600)


def _happen(day: _Day, at: int, what: str, units: int, capacity: int, rng: np.random.Generator) -> None:
    there = int(day.units[at])
    if what == "restock":
        added = capacity - there
        day.units[at:] += added
        day.received.append((at, added))
        return
    taken = min(units, there)
    if what == "sweep":
        if taken < SWEEP_UNITS:
            return
        over_s = int(rng.integers(12, 50))
        for each in range(taken):
            day.units[at + each * over_s // taken :] -= 1
        day.truth.append(("shelf_sweep", at, at + over_s))
        return
    day.units[at:] -= taken
    if what == "sale" and taken:
        day.sold.append((at, taken))


def _touch(day: _Day, unit_g: float, plan: SensorsPlan, rng: np.random.Generator) -> None:
    """Hands on the shelf, facings set right, the whole sensor lifted for cleaning: weights that mean nothing."""
    for _ in range(int(rng.poisson(plan.hands))):
        at = _open_moment(rng)
        day.other_g[at : at + int(rng.integers(3, 15))] += float(rng.uniform(200, 2500))
    for _ in range(int(rng.poisson(plan.refacing))):
        at = _open_moment(rng)
        lifted = min(int(rng.integers(3, 9)), int(day.units[at : at + 150].min()))
        day.other_g[at : at + int(rng.integers(30, 150))] -= lifted * unit_g
    if rng.random() < plan.lifted:
        at = _open_moment(rng)
        day.other_g[at : at + int(rng.integers(60, 170))] = -1e9


def _lay_under(day: _Day, unit_g: float, plan: SensorsPlan, rng: np.random.Generator) -> None:
    """A sheet or a divider is laid under the goods, and stays: no number of pieces weighs as much."""
    if rng.random() < plan.tare_change:
        at = int(rng.uniform(CLOSES_H + 0.5, CLOSES_H + 1.5) * 3600)
        day.laid_g = float(rng.uniform(0.4, 0.5)) * unit_g
        day.other_g[at:] += day.laid_g


def _judge(day: _Day, opening: int) -> None:
    """Stock-outs in opening hours, and what the books do not explain in the evening."""
    opened = np.zeros(DAY_S, np.bool_)
    opened[int(OPENS_H * 3600) : int(CLOSES_H * 3600)] = True
    for begin, end in spans_of((day.units <= 0) & opened):
        if end - begin >= STOCK_OUT_S:
            day.truth.append(("shelf_stock_out", begin, end))
    came, sold = sum(units for _, units in day.received), sum(units for _, units in day.sold)
    unexplained = opening + came - sold - int(day.units[-1])
    if unexplained > max(SHRINK_UNITS, SHRINK_SHARE * (opening + came)):
        day.truth.append(("shelf_shrink", 0, DAY_S - 1))


def _report_seconds(day: _Day, unit_g: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Every five minutes, and two seconds after the weight has changed by half a unit."""
    load_g = day.units * unit_g + day.other_g
    changed = np.flatnonzero(np.abs(np.diff(load_g)) > 0.5 * unit_g) + 3
    regular = np.arange(int(rng.integers(REPORT_S)), DAY_S, REPORT_S)
    return np.unique(np.concatenate([regular, changed[changed < DAY_S]])).astype(np.int64)
