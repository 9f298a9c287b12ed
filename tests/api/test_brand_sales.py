"""A contract opens to the manufacturer what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.people import Role
from store.organisations import add_organisation
from tests.api.conftest import serving
from tests.api.persons import register, signed_in
from tests.api.yard import Yard

pytestmark = pytest.mark.server
DAY = date(2026, 3, 10)
SPAN = {"since": "2026-01-01", "until": "2026-12-31"}


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture
def parties(yard: Yard, database_url: str) -> Iterator[Yard]:
    """A distributor that sold two brands on three days, and two manufacturers who see nothing of it by the tree."""
    with yard.pool.connection() as connection:
        north = add_organisation(connection, slug="north", name="North", parent_id=None)
        makers = {slug: add_organisation(connection, slug=slug, name=slug, parent_id=None) for slug in ("acme", "bolt")}
    for slug, org_id in makers.items():
        register(yard, f"{slug}-analyst", Role.manufacturer_analyst, org_id)
    distributor = Yard(database_url, "north")
    owner = distributor.owner
    for product_id, brand in (("cola", "Acme"), ("soap", "Bolt")):
        owner.execute("INSERT INTO product (org_id, product_id, name, brand) VALUES (%s, %s, %s, %s)",
                      (north, product_id, product_id.title(), brand))  # fmt: skip
    owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7) VALUES (%s, 'O', 'O', 1, 1)", (north,)
    )
    for number in range(3):
        owner.execute("INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, state)"
            " VALUES (%s, %s, 'O', %s, 'delivered')",
                      (north, f"SO-{number}", DAY + timedelta(days=10 * number)))  # fmt: skip
        for line_no, product_id in enumerate(("cola", "soap"), 1):
            owner.execute("INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, delivered, price)"
                          " VALUES (%s, %s, %s, %s, 10, 8, 5)", (north, f"SO-{number}", line_no, product_id))  # fmt: skip
    owner.execute(
        "INSERT INTO brand_contract (org_id, contract_id, manufacturer_id, brands, valid_from, valid_until, state)"
        " SELECT %s, 'C-1', org_id, '{Acme}', %s, %s, 'active' FROM organisation WHERE slug = 'acme'",
        (north, DAY, DAY + timedelta(days=15)),
    )
    yield distributor
    distributor.close()


def sales(client: httpx.Client, login: str) -> httpx.Response:
    return client.get("/brand-contracts/C-1/sales", params=SPAN, headers=signed_in(client, login))


def test_the_analyst_sees_the_brands_and_days_of_the_contract_alone(client: httpx.Client, parties: Yard) -> None:
    rows: list[dict[str, Any]] = sales(client, "acme-analyst").json()
    assert [(row["product_id"], row["day"]) for row in rows] == [("cola", "2026-03-10"), ("cola", "2026-03-20")]
    assert rows[0] | {"organisation": "north", "brand": "Acme", "ordered": 10, "delivered": 8, "value": 40} == rows[0]
    headers = signed_in(client, "acme-analyst")
    for path in ("/orders", "/outlets", "/products", "/organisations", "/vehicles"):
        assert "north" not in client.get(path, headers=headers).text, path
    for path in ("/orders/SO-0", "/outlets/O", "/products/cola", "/organisations/north"):
        assert client.get(path, headers=headers).status_code == 404, path
    assert client.get("/orders", headers=headers | {"Beatwatch-Organisation": "north"}).status_code == 403


def test_nobody_else_sees_anything(client: httpx.Client, parties: Yard) -> None:
    assert sales(client, "bolt-analyst").status_code == 404


@pytest.mark.parametrize("state", ["proposed", "declined", "ended"])
def test_only_an_active_contract_opens_anything(client: httpx.Client, parties: Yard, state: str) -> None:
    parties.owner.execute("UPDATE brand_contract SET state = %s", (state,))
    assert sales(client, "acme-analyst").json() == []


def test_without_brands_it_is_those_of_the_manufacturers_own_products(client: httpx.Client, parties: Yard) -> None:
    parties.owner.execute("UPDATE brand_contract SET brands = '{}'")
    assert sales(client, "acme-analyst").json() == []
    parties.owner.execute(
        "INSERT INTO product (org_id, product_id, name, brand)"
        " SELECT org_id, 'x', 'X', 'Bolt' FROM organisation WHERE slug = 'acme'"
    )
    assert {row["product_id"] for row in sales(client, "acme-analyst").json()} == {"soap"}


def test_a_span_has_to_be_one(client: httpx.Client, parties: Yard) -> None:
    headers = signed_in(client, "acme-analyst")
    wrong = client.get("/brand-contracts/C-1/sales", params={"since": "2026-02-01", "until": "2026-01-01"}, headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query.until")


def test_the_contract_opens_how_its_brands_stand_and_names_no_outlet(client: httpx.Client, parties: Yard) -> None:
    owner, north = parties.owner, parties.org_id
    owner.execute("UPDATE outlet SET state = 'approved' WHERE org_id = %s", (north,))
    for place_kind, product_id, pieces, day in (
        ("depot", "cola", 90, 0), ("van", "cola", 6, 1), ("outlet", "cola", 8, 1), ("depot", "soap", 70, 0),
        ("depot", "cola", 500, 16),  # after the contract
    ):  # fmt: skip
        owner.execute(
            "INSERT INTO stock_movement (org_id, moved_at, place_kind, place_id, product_id, pieces, cause, ref, actor)"
            " VALUES (%s, %s, %s, 'P', %s, %s, 'opening', %s, 'x')",
            (north, DAY + timedelta(days=day), place_kind, product_id, pieces, f"{place_kind}-{day}"),
        )
    for number, product_id in enumerate(("cola", "soap"), 1):
        device_id = parties.device(f"shelf-{number}")
        owner.execute(
            "INSERT INTO shelf_sensor (org_id, device_id, outlet_id, product_id, unit_weight_g, tare_g)"
            " VALUES (%s, %s, 'O', %s, 500, 0)",
            (north, device_id, product_id),
        )
        noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
        parties.event(device_id, "shelf_stock_out", noon, ended_at=noon + timedelta(hours=3))
        parties.event(
            device_id, "shelf_stock_out", noon - timedelta(hours=14), ended_at=noon - timedelta(hours=11)
        )  # from before
        parties.event(
            device_id, "shelf_stock_out", noon - timedelta(days=3), ended_at=noon - timedelta(days=2)
        )  # before it all
    answer = client.get("/brand-contracts/C-1/availability", params=SPAN, headers=signed_in(client, "acme-analyst"))
    (row,) = answer.json()
    expected = {"product_id": "cola", "outlets": 1, "outlets_reached": 1, "depot_pieces": 90, "van_pieces": 6, "shelves": 1}
    assert row | expected | {"stock_outs": 2, "empty_h": 4.0} == row
    assert (
        client.get("/brand-contracts/C-1/availability", params=SPAN, headers=signed_in(client, "bolt-analyst")).status_code
        == 404
    )
    owner.execute("UPDATE brand_contract SET state = 'ended'")
    ended = client.get("/brand-contracts/C-1/availability", params=SPAN, headers=signed_in(client, "acme-analyst"))
    assert ended.json() == []
