"""What every resource of records does in the same way, shown on products."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.yard import Yard

pytestmark = pytest.mark.server
COLA = {
    "product_id": "COLA-330",
    "name": "Cola 330 ml",
    "price": 20.5,
    "tax_pct": 18,
    "units": [{"unit": "case", "pieces": 24}],
}


def add(client: httpx.Client, **values: Any) -> httpx.Response:
    return client.post("/products", json=COLA | values)


def listed(client: httpx.Client, query: str = "") -> Iterator[str]:
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/products?{query}" + (f"&cursor={cursor}" if cursor else "")).raise_for_status().json()
        yield from (item["product_id"] for item in page["items"])
        cursor = page["next_cursor"]


def test_a_record_is_added_read_changed_and_written_down(client: httpx.Client) -> None:
    added = add(client)
    assert added.status_code == 201
    product = added.json()
    assert (product["price"], product["units"], product["state"]) == (20.5, [{"unit": "case", "pieces": 24}], "active")
    assert (product["organisation"], product["next_states"], product["revision"]) == ("default", ["blocked", "discontinued"], 1)
    changed = client.patch("/products/COLA-330", json={"price": 21, "units": [{"unit": "pack", "pieces": 6}], "brand": "Acme"})
    assert (changed.json()["price"], changed.json()["units"]) == (21, [{"unit": "pack", "pieces": 6}])
    assert changed.json()["name"] == "Cola 330 ml"
    cleared = client.patch("/products/COLA-330", json={"brand": None})
    assert cleared.json()["brand"] is None
    assert client.get("/products/COLA-330").json() == cleared.json()
    entries = client.get("/audit?subject_kind=product").json()["items"]
    assert [entry["action"] for entry in entries] == ["product.change", "product.change", "product.add"]
    assert entries[1]["before"] == {"price": 20.5, "units": [{"unit": "case", "pieces": 24}], "brand": None}
    assert entries[1]["after"] == {"price": 21, "units": [{"unit": "pack", "pieces": 6}], "brand": "Acme"}


def test_what_is_wrong_says_what(client: httpx.Client) -> None:
    add(client)
    again = add(client)
    assert (again.status_code, again.json()["detail"]) == (409, "there is a product 'COLA-330' already")
    for values, field in (
        ({"product_id": "a/b"}, "body.product_id"),
        ({"product_id": " "}, "body.product_id"),
        ({"price": -1}, "body.price"),
        ({"price": 1.005}, "body.price"),
        ({"colour": "red"}, "body.colour"),
        ({"temperature_min_c": 8, "temperature_max_c": 2}, "body"),
        ({"units": [{"unit": "case", "pieces": 24}, {"unit": "case", "pieces": 12}]}, "body"),
    ):
        refused = add(client, **{"product_id": "X", **values})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    null = client.patch("/products/COLA-330", json={"name": None})
    assert (null.status_code, null.json()["errors"][0]) == (422, {"field": "name", "detail": "must not be null"})
    none = client.patch("/products/COLA-330", json={"units": None})
    assert (none.status_code, none.json()["errors"][0]) == (422, {"field": "units", "detail": "must not be null"})
    assert client.get("/products/none").status_code == 404
    assert client.patch("/products/none", json={"name": "x"}).status_code == 404


def test_a_wrong_transition_names_those_that_are_allowed(client: httpx.Client) -> None:
    add(client)
    assert client.post("/products/COLA-330/state", json={"state": "blocked", "reason": "recall"}).json()["state"] == "blocked"
    refused = client.post("/products/COLA-330/state", json={"state": "discontinued"})
    assert (refused.status_code, refused.json()["code"], refused.json()["allowed"]) == (409, "wrong_transition", ["active"])
    assert client.get("/audit").json()["items"][0]["after"] == {"state": "blocked", "because": "recall"}


def test_two_editors_do_not_overwrite_each_other_unawares(client: httpx.Client) -> None:
    tag = add(client).headers["etag"]
    assert client.get("/products/COLA-330").headers["etag"] == tag
    first = client.patch("/products/COLA-330", json={"price": 21}, headers={"if-match": tag})
    second = client.patch("/products/COLA-330", json={"price": 22}, headers={"if-match": tag})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "outdated")
    assert client.get("/products/COLA-330").json()["price"] == 21
    late = client.post("/products/COLA-330/state", json={"state": "blocked"}, headers={"if-match": tag})
    assert late.status_code == 412
    tag = first.headers["etag"]
    assert client.patch("/products/COLA-330", json={"price": 22}, headers={"if-match": tag}).status_code == 200


def test_lists_are_paged_in_any_order_without_gaps_or_repeats(client: httpx.Client) -> None:
    prices = {f"P-{number:02d}": (number * 7) % 5 for number in range(23)}
    for product_id, price in prices.items():
        add(client, product_id=product_id, price=price, brand="even" if price % 2 == 0 else "odd")
    assert list(listed(client, "limit=4")) == sorted(prices)
    for sort, descending in (("price", False), ("-price", True)):
        expected = sorted(prices, key=lambda name: (prices[name], name), reverse=descending)
        assert list(listed(client, f"limit=4&sort={sort}")) == expected
    assert list(listed(client, "limit=3&brand=even")) == sorted(name for name, price in prices.items() if price % 2 == 0)
    assert list(listed(client, "q=p-07")) == ["P-07"]
    assert list(listed(client, "q=%25")) == []
    assert list(listed(client, "state=blocked")) == []
    assert client.get("/products?sort=barcode").status_code == 422
    assert client.get("/products?cursor=eyJ9").status_code == 422


def test_whoever_asks_for_changes_since_the_last_answer_misses_none(client: httpx.Client, yard: Yard) -> None:
    """A change that began before the answer and is committed after it is the one that a naive clock loses."""
    add(client)
    slow = threading.Event()
    began, done = threading.Event(), threading.Event()

    def edit() -> None:
        with yard.owner.transaction():
            yard.owner.execute("UPDATE product SET brand = 'late'")
            began.set()
            slow.wait(10)
        done.set()

    editor = threading.Thread(target=edit)
    editor.start()
    assert began.wait(10)
    page = client.get("/products").json()
    assert page["items"][0]["brand"] is None
    slow.set()
    editor.join()
    assert done.is_set()
    changed = client.get("/products", params={"changed_since": page["as_of"]}).json()
    assert [item["brand"] for item in changed["items"]] == ["late"]
    assert client.get("/products", params={"changed_since": changed["as_of"]}).json()["items"] == []


def test_a_place_is_not_taken_away(client: httpx.Client) -> None:
    shop = {"outlet_id": "O-1", "name": "Shop", "longitude_deg": 77.5, "latitude_deg": 12.9}
    client.post("/outlets", json=shop).raise_for_status()
    refused = client.patch("/outlets/O-1", json={"longitude_deg": None})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert client.get("/outlets/O-1").json()["longitude_deg"] == 77.5
