"""Draws a distributor. Pure: the same town, seed and day give the same one.

Sizes are those of a real one: some 850 shops, each called at by its van on two weekdays, and 25 to 60 drops a van a day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from beatwatch.seeding.names import FAMILIES, GIVEN, PRODUCTS, SHOPS, STREETS

Record = Mapping[str, Any]
WEEKDAYS: Final = (1, 2, 3, 4, 5, 6)
TAX_PCT: Final = Decimal("5.00")
_CLASSES: Final = (("A", 0.1, 5), ("B", 0.3, 3), ("C", 0.6, 2))  # share of the shops, lines of an order
_CREDIT: Final = {"A": 100_000, "B": 40_000, "C": 10_000}


@dataclass(frozen=True, slots=True)
class Shop:
    """A place in the town that a van can serve; the bearing is that from the depot, in degrees."""

    outlet_id: str
    longitude_deg: float
    latitude_deg: float
    radius_m: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class Distributor:
    """The records of its master data and of the orders of one day."""

    products: tuple[Record, ...]
    price_lists: tuple[Record, ...]
    outlets: tuple[Record, ...]
    vehicles: tuple[Record, ...]
    drivers: tuple[Record, ...]
    beats: tuple[Record, ...]
    orders: tuple[Record, ...]


def draw_distributor(shops: Sequence[Shop], vans: int, day: date, seed: int) -> Distributor:
    """A distributor with `vans` vans that serves these shops, and the orders that are due on `day`."""
    rng = np.random.default_rng([seed, len(shops), vans])
    products = tuple(_product(row) for row in PRODUCTS)
    outlets = tuple(_outlet(shop, rng) for shop in shops)
    beats = tuple(_beats(shops, vans))
    return Distributor(
        products=products,
        price_lists=(_price_list(products, day),),
        outlets=outlets,
        vehicles=tuple(_vehicle(number) for number in range(1, vans + 1)),
        drivers=tuple(_driver(number, rng) for number in range(1, vans + 1)),
        beats=beats,
        orders=tuple(_orders(beats, {outlet["outlet_id"]: outlet for outlet in outlets}, products, day, rng)),
    )


def order_of(
    order_id: str,
    outlet: Record,
    products: Sequence[Record],
    due_on: date,
    rng: np.random.Generator,
    *,
    load_kg: float | None = None,
) -> Record:
    """What a shop of that class orders: a few products by the case, or by the piece so that they weigh `load_kg`."""
    lines_wanted = next(lines for name, _, lines in _CLASSES if name == outlet["class"])
    chosen = rng.choice(len(products), size=int(rng.integers(1, lines_wanted + 2)), replace=False)
    lines = [_line(products[index], int(rng.integers(1, 4))) for index in sorted(chosen.tolist())]
    if load_kg is not None:
        lines = _weighing(lines, {product["product_id"]: product["unit_weight_g"] for product in products}, load_kg)
    net = sum((line["ordered"] * line["price"] for line in lines), Decimal(0))
    return {
        "order_id": order_id,
        "outlet_id": outlet["outlet_id"],
        "due_on": due_on,
        "state": "confirmed",
        "net_value": net,
        "tax_value": (net * TAX_PCT / 100).quantize(Decimal("0.01")),
        "lines": lines,
    }


def _weighing(lines: list[dict[str, Any]], grams: Mapping[str, int], load_kg: float) -> list[dict[str, Any]]:
    """The same products in such numbers that they weigh as much, to the piece."""
    share = 1_000 * load_kg / sum(line["ordered"] * grams[line["product_id"]] for line in lines)
    return [{**line, "ordered": max(1, round(share * line["ordered"]))} for line in lines]


def _line(product: Record, cases: int) -> dict[str, Any]:
    pieces = cases * product["units"][0]["pieces"]
    return {"product_id": product["product_id"], "ordered": pieces, "price": product["price"], "tax_pct": TAX_PCT}


def _product(row: tuple[Any, ...]) -> Record:
    identifier, name, brand, grams, price, pieces, band = row
    coldest, warmest = band or (None, None)
    return {
        "product_id": identifier,
        "name": name,
        "brand": brand,
        "unit_weight_g": grams,
        "price": Decimal(price),
        "tax_pct": TAX_PCT,
        "temperature_min_c": coldest,
        "temperature_max_c": warmest,
        "lead_time_days": 2,
        "units": [{"unit": "case", "pieces": pieces}],
    }


def _price_list(products: Sequence[Record], day: date) -> Record:
    lines = [{"product_id": product["product_id"], "least_pieces": 1, "price": product["price"]} for product in products]
    named = {"price_list_id": "standard", "name": "Standard", "tier": "standard", "state": "active"}
    return {**named, "valid_from": day.replace(month=1, day=1), "lines": lines}


def _outlet(shop: Shop, rng: np.random.Generator) -> Record:
    kind = str(rng.choice([name for name, _, _ in _CLASSES], p=[share for _, share, _ in _CLASSES]))
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    return {
        "outlet_id": shop.outlet_id,
        "name": f"{family} {SHOPS[int(rng.integers(len(SHOPS)))]}",
        "longitude_deg": shop.longitude_deg,
        "latitude_deg": shop.latitude_deg,
        "radius_m": shop.radius_m,
        "class": kind,
        "contact_name": f"{GIVEN[int(rng.integers(len(GIVEN)))]} {family}",
        "address": f"{int(rng.integers(1, 200))} {STREETS[int(rng.integers(len(STREETS)))]}",
        "credit_limit": Decimal(_CREDIT[kind]),
        "state": "approved",
    }


def _vehicle(number: int) -> Record:
    return {
        "vehicle_id": f"V{number:03d}",
        "registration": f"BW {number:04d}",
        "name": f"Van {number}",
        "kind": "van",
        "capacity_kg": 1500.0,
    }


def _driver(number: int, rng: np.random.Generator) -> Record:
    name = f"{GIVEN[int(rng.integers(len(GIVEN)))]} {FAMILIES[int(rng.integers(len(FAMILIES)))]}"
    return {"driver_id": f"D{number:03d}", "name": name, "licence_no": f"L{10_000 + number}"}


def _beats(shops: Sequence[Shop], vans: int) -> list[Record]:
    """Each van has its own sector around the depot, and calls at each shop of it on two weekdays, three days apart."""
    ranked = sorted(shops, key=lambda shop: (shop.bearing_deg, shop.outlet_id))
    size = math.ceil(len(ranked) / vans)
    beats = []
    for van in range(vans):
        sector = ranked[van * size : (van + 1) * size]
        for weekday in WEEKDAYS:
            part = sector[(weekday - 1) % 3 :: 3]
            if part:
                beats.append(_beat(van + 1, weekday, part))
    return beats


def _beat(van: int, weekday: int, shops: Sequence[Shop]) -> Record:
    return {
        "beat_id": f"B{van:03d}-{weekday}",
        "name": f"Van {van}, {('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat')[weekday - 1]}",
        "weekdays": [weekday],
        "vehicle_id": f"V{van:03d}",
        "driver_id": f"D{van:03d}",
        "outlets": [{"outlet_id": shop.outlet_id, "planned_service_s": 300.0} for shop in shops],
    }


def _orders(
    beats: Sequence[Record], outlets: Mapping[str, Record], products: Sequence[Record], day: date, rng: np.random.Generator
) -> list[Record]:
    due_on = day if day.isoweekday() in WEEKDAYS else day + timedelta(days=1)  # nobody drives on Sundays
    called = [one["outlet_id"] for beat in beats if due_on.isoweekday() in beat["weekdays"] for one in beat["outlets"]]
    return [order_of(f"O-{due_on:%y%m%d}-{name}", outlets[name], products, due_on, rng) for name in called]
