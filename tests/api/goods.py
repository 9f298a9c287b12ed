"""Goods to test with: products, outlets, drivers and orders, written as master data is, and a trip to bring them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from tests.api.yard import DEPOT, Yard, trip_document

NOW = datetime.now(UTC).replace(microsecond=0)


def product(yard: Yard, product_id: str, *, price: float = 20.0, weight_g: int = 500, lead_time_days: int | None = 2) -> None:
    yard.owner.execute(
        "INSERT INTO product (org_id, product_id, name, unit_weight_g, price, tax_pct, lead_time_days)"
        " VALUES (%s, %s, %s, %s, %s, 18, %s)",
        (yard.org_id, product_id, product_id.title(), weight_g, Decimal(str(price)), lead_time_days),
    )


def outlet(yard: Yard, outlet_id: str, place: tuple[float, float] = DEPOT) -> None:
    yard.owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m, phone)"
        " VALUES (%s, %s, %s, %s, %s, 75, '+91 80 1234')",
        (yard.org_id, outlet_id, f"Shop {outlet_id}", round(place[0] * 1e7), round(place[1] * 1e7)),
    )


def driver(yard: Yard, driver_id: str, login: str | None = None) -> None:
    yard.owner.execute(
        "INSERT INTO driver (org_id, driver_id, name, person_id)"
        " VALUES (%s, %s, 'Ravi', (SELECT person_id FROM person WHERE login = %s))",
        (yard.org_id, driver_id, login),
    )


def order(yard: Yard, order_id: str, outlet_id: str, stop: tuple[str, str], *lines: tuple[str, int]) -> None:
    """An allocated order for a stop of a trip; lines are of a product and its pieces, at 20 each."""
    yard.owner.execute(
        "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, trip_id, stop_id, state, invoice_no)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'allocated', %s)",
        (yard.org_id, order_id, outlet_id, NOW.date(), *stop, f"INV-{order_id}"),
    )
    for number, (product_id, pieces) in enumerate(lines, 1):
        yard.owner.execute(
            "INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, allocated, price, tax_pct)"
            " VALUES (%s, %s, %s, %s, %s, %s, 20, 18)",
            (yard.org_id, order_id, number, product_id, pieces, pieces),
        )


def planned_trip(client: httpx.Client, yard: Yard, start: datetime = NOW, stops: int = 2, **headers: Any) -> int:
    """Trip T-1 of van-1 driven by D-1, with orders A (24 + 12) at S-1 and B (36) at S-2; the tracker's number."""
    van = yard.van("van-1", since=start - timedelta(days=30))
    for name in ("cola", "soap"):
        product(yard, name)
    for number in range(1, stops + 1):
        outlet(yard, f"O-{number}", (DEPOT[0] + 0.01 * number, DEPOT[1]))
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", start, stops), headers=headers).raise_for_status()
    order(yard, "A", "O-1", ("T-1", "S-1"), ("cola", 24), ("soap", 12))
    order(yard, "B", "O-2", ("T-1", "S-2"), ("cola", 36))
    return van


LOAD = [{"product_id": "cola", "pieces": 60}, {"product_id": "soap", "pieces": 12}]


def dispatched_trip(client: httpx.Client, yard: Yard, start: datetime = NOW, load: list[dict[str, Any]] | None = None) -> int:
    """The same, loaded and on the road; the tracker's number."""
    van = planned_trip(client, yard, start)
    client.post("/trips/T-1/load-out", json={"depot_id": "depot-north"}).raise_for_status()
    for counter in ("checker", "driver"):
        body = {"counted_as": counter, "lines": load or LOAD}
        client.post("/trips/T-1/load-out/counts", json=body).raise_for_status()
    client.post("/trips/T-1/dispatch", params={"without_driver": True}).raise_for_status()
    return van


def delivery_to(client: httpx.Client, stop_id: str, trip_id: str = "T-1") -> dict[str, Any]:
    """The delivery at a stop, in full."""
    items = client.get("/deliveries", params={"trip_id": trip_id}).json()["items"]
    found = next(item["delivery_id"] for item in items if item["stop_id"] == stop_id)
    answer: dict[str, Any] = client.get(f"/deliveries/{found}").json()
    return answer
