"""What is wrong is said so that somebody understands it who does not read patterns."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.people import Role
from tests.api.persons import register
from tests.api.yard import Yard

pytestmark = pytest.mark.server
PRODUCT = {"product_id": "P", "name": "P", "price": 1}


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({**PRODUCT, "product_id": "a/b"}, "body.product_id", "must hold more than blanks, and no slash or control character"),
        ({**PRODUCT, "product_id": " "}, "body.product_id", "must hold more than blanks, and no slash or control character"),
        ({**PRODUCT, "prise": 2}, "body.prise", "Extra inputs are not permitted"),
        ({**PRODUCT, "price": "many"}, "body.price", "Input should be a valid decimal"),
    ],
)
def test_a_wrong_member_is_named_with_what_it_must_be(
    client: httpx.Client, body: dict[str, Any], field: str, detail: str
) -> None:
    answer = client.post("/products", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["detail"]) == (field, detail)


def test_who_signs_in_is_one_driver(client: httpx.Client, yard: Yard) -> None:
    register(yard, "ravi", Role.driver)
    client.post("/drivers", json={"driver_id": "D-1", "name": "Ravi", "login": "ravi"}).raise_for_status()
    client.patch("/drivers/D-1", json={"login": "ravi"}).raise_for_status()
    refused = client.post("/drivers", json={"driver_id": "D-2", "name": "Anil", "login": "ravi"})
    assert (refused.status_code, refused.json()["detail"]) == (422, "login: 'ravi' is driver 'D-1' already")
    client.post("/drivers/D-1/state", json={"state": "left"}).raise_for_status()
    client.post("/drivers", json={"driver_id": "D-2", "name": "Ravi", "login": "ravi"}).raise_for_status()


SPAN = {"name": "x", "valid_from": "2026-12-01", "valid_until": "2026-11-01"}


@pytest.mark.parametrize(
    ("path", "body", "field", "detail"),
    [
        ("/price-lists", {"price_list_id": "L", **SPAN}, "valid_until", "must not be before valid_from"),
        (
            "/promotions",
            {"promotion_id": "L", "kind": "percentage", "terms": {"percent": 10}, **SPAN},
            "valid_until",
            "must not be before valid_from",
        ),
        (
            "/price-lists",
            {"price_list_id": "L", "name": "x", "valid_from": "2026-12-01", "lines": [{"product_id": "ghost", "price": 3}]},
            "product_id",
            "there is no such product",
        ),
    ],
)
def test_what_the_database_refuses_is_told_by_its_member(
    client: httpx.Client, path: str, body: dict[str, Any], field: str, detail: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"field": field, "detail": detail}])


def test_what_is_no_json_is_told_with_the_reason(client: httpx.Client) -> None:
    answer = client.post("/products", content=b'{"product_id": }', headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "body.15: JSON decode error: Expecting value")


def test_a_plus_that_became_a_blank_is_told(client: httpx.Client) -> None:
    refused = client.get("/orders?changed_since=2026-03-02T08:00:00+05:30")
    assert (refused.status_code, "%2B" in refused.json()["detail"]) == (422, True)
    assert client.get("/orders?changed_since=2026-03-02T08:00:00%2B05:30").status_code == 200
    assert "%2B" not in client.get("/orders?changed_since=soon").json()["detail"]


def test_a_state_that_is_none_finds_nothing_and_says_so(client: httpx.Client) -> None:
    refused = client.get("/orders", params={"state": ["confirmed", "conformed"]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "query.state"
    assert "'conformed' is none: must be one of draft, confirmed, allocated" in refused.json()["detail"]
    assert client.get("/trips", params={"state": "flying"}).status_code == 422
    assert client.get("/orders", params={"state": ["confirmed", "draft"]}).json()["items"] == []
