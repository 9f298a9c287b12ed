"""Every list of the description is asked in one way: in pages, sorted, filtered, by what has changed since."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.app import create_app
from geofence.worker.settings import define_parameters
from tests.api.conftest import serving
from tests.api.victim import victim
from tests.api.yard import Yard

EVERY_LIST = {"limit", "cursor", "sort", "changed_since"}
ITEMS = {"items", "features"}

OTHERWISE = {
    "get_vehicle_track": "fixes by time: `since` is what has changed, and their order is that of the drive",
    "list_track_places": "the same",
    "list_places": "the whole fleet at once, a list a member, for maps",
    "list_my_trips": "a driver's day, kept whole on the phone",
    "list_risks": "a ranking of sums over a span, the worst first",
    "list_rule_scores": "sums over a span, a row a rule",
    "list_brand_sales": "sums over a span, as reports are",
    "list_brand_availability": "sums over a span, as reports are",
    "list_reports": "what there is to ask for; it comes with the version",
    "list_life_cycles": "what there is to ask for; it comes with the version",
    "list_parameters": "what there is to set; it comes with the version",
    "list_own_rule_facts": "what there is to write; it comes with the version",
    "list_rule_faults": "the newest of each rule that raised; empty where all is well",
}
"""Lists that are no lists of records, and why."""


def described() -> dict[str, Any]:
    return create_app("postgresql://nobody@127.0.0.1:1/none").openapi()


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def lists(document: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Address, operation and answer of each operation that lists: by its name, or because it answers with pages or an array."""
    found = {}
    for path, operations in document["paths"].items():
        operation = operations.get("get", {})
        content = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        answer = resolved(document, content["schema"])
        members = answer.get("properties", {}).keys()
        if operation["operationId"].startswith("list_") or answer.get("type") == "array" or members & {*ITEMS, "next_cursor"}:
            found[operation["operationId"]] = (path, operation, answer)
    return found


def test_every_list_takes_the_same_parameters_and_answers_alike() -> None:
    document = described()
    found = lists(document)
    assert len(found) > 55
    assert OTHERWISE.keys() <= found.keys(), "named although it is no list any more"
    for name, (path, operation, answer) in found.items():
        if name in OTHERWISE:
            continue
        asked = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        assert asked >= EVERY_LIST, f"{name} ({path}) cannot be asked for {sorted(EVERY_LIST - asked)}"
        told = answer["properties"].keys()
        assert told >= {"next_cursor", "as_of"}, f"{name} does not say {sorted({'next_cursor', 'as_of'} - told)}"
        assert told & ITEMS, f"{name} names its items otherwise"


def test_an_exception_is_none_that_keeps_the_rule() -> None:
    found = lists(described())
    for name in OTHERWISE:
        _, operation, _ = found[name]
        asked = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        assert not asked >= EVERY_LIST, f"{name} needs no exception"


def items_of(page: dict[str, Any]) -> list[Any]:
    return list(page.get("items", page.get("features", [])))


def read_by(client: httpx.Client, path: str, limit: int, **query: Any) -> list[Any]:
    """All items, a page after the other."""
    found, cursor = [], None
    while True:
        answer = client.get(path, params={"limit": limit, **query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, f"{path} {query} {answer.text}"
        page = answer.json()
        found += items_of(page)
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.server
@pytest.mark.timeout(600)
def test_every_list_is_read_in_pages_in_any_of_its_orders(database_url: str, yard: Yard) -> None:
    """Of an organisation with something of everything."""
    identifiers = victim(yard, database_url).identifiers
    with yard.pool.connection() as connection:
        define_parameters(connection)
    filled = set()
    with serving(database_url, organisation="victim") as address, httpx.Client(base_url=address, timeout=60) as client:
        for name, (pattern, _, _) in lists(described()).items():
            if name not in OTHERWISE and _reads_in_any_order(client, pattern.format_map(identifiers)):
                filled.add(name)
    assert len(filled) > 35, sorted(filled)


def _reads_in_any_order(client: httpx.Client, path: str) -> bool:
    """Whether there was something to read."""
    refused = client.get(path, params={"sort": "colour"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.sort"), path
    members = refused.json()["errors"][0]["detail"].partition("one of ")[2].partition(", with")[0].split(", ")
    every = client.get(path, params={"limit": 1000}).raise_for_status().json()
    assert every["next_cursor"] is None
    for member in members:
        up, down = (read_by(client, path, 1, sort=f"{sign}{member}") for sign in ("", "-"))
        assert up == down[::-1], f"{path} by {member}"
        assert sorted(map(str, up)) == sorted(map(str, items_of(every))), f"{path} by {member}"
    assert read_by(client, path, 1000, changed_since="2000-01-01T00:00:00Z")[: len(items_of(every))] or not items_of(every)
    assert read_by(client, path, 1000, changed_since=every["as_of"]) == [], f"{path} has not changed"
    return bool(items_of(every))
