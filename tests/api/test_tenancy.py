"""No tenant sees or changes another: every operation is tried, with a role that cannot bypass row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest

from api.resources.tables import Kind, Told
from tests.api.conftest import serving
from tests.api.persons import register, signed_in
from tests.api.victim import BODIES, NAMES_ONES_OWN, SHOWS_ONES_OWN, victim
from tests.api.yard import Yard

pytestmark = pytest.mark.server


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def test_no_operation_shows_or_changes_anything_of_another_tenant(client: httpx.Client, yard: Yard, database_url: str) -> None:
    target = victim(yard, database_url)
    register(yard, "mallory")
    headers = signed_in(client, "mallory")
    state = "SELECT (SELECT array_agg(t::text ORDER BY t::text) FROM {} AS t WHERE org_id <> %s)"
    tables = [
        row[0]
        for row in yard.owner.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
        )
    ]

    def theirs() -> list[Any]:
        return [yard.owner.execute(state.format(table).encode(), (yard.org_id,)).fetchone() for table in tables]

    before = theirs()
    for kind in (*get_args(Kind), *get_args(Told)):
        table = client.get(f"/exports/{kind}", headers=headers)
        assert table.status_code == 200, f"{kind}: {table.text}"
        assert not any(word in table.text for word in target.words), kind
    document = client.get("/openapi.json").json()
    walked = 0
    operations = [
        (path, method, one["operationId"]) for path, those in document["paths"].items() for method, one in those.items()
    ]
    # First what names something of theirs, then what reads, then what writes, last what gives our own the same name.
    order = {"get": 0, "delete": 1}

    def turn(operation: tuple[str, str, str]) -> tuple[bool, bool, int]:
        path, method, name = operation
        return name in NAMES_ONES_OWN, "{" not in path, order.get(method, 2)

    for path, method, name in sorted(operations, key=turn):
        if path == "/live":
            continue  # test_live proves it
        address = path.format(**target.identifiers)
        answer = client.request(method, address, headers=headers, **BODIES.get(name, {}))
        walked += 1
        if "{" in path and name not in NAMES_ONES_OWN | SHOWS_ONES_OWN:
            assert answer.status_code in {403, 404}, f"{method} {address}: {answer.status_code} {answer.text}"
        else:
            assert answer.status_code < 500, f"{method} {address}: {answer.text}"
            assert name in BODIES or not any(word in answer.text for word in target.words), f"{method} {address}"
    assert walked >= 220
    assert theirs() == before


def test_the_database_role_of_the_api_cannot_see_past_the_fence(yard: Yard) -> None:
    rows = yard.owner.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'beatwatch_api'").fetchone()
    assert rows == (False, False)
    unfenced = yard.owner.execute(
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
        " AND NOT c.relrowsecurity"
    ).fetchall()
    assert unfenced == []
    owned = yard.owner.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'beatwatch_api'").fetchone()
    assert owned == (0,)
