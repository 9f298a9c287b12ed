"""How programs come in, what they may repeat, and for which organisation one acts."""

from __future__ import annotations

import concurrent.futures
import hashlib
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from domain.people import Role
from store.organisations import add_organisation
from tests.api.conftest import serving
from tests.api.persons import register, signed_in
from tests.api.test_records import COLA
from tests.api.yard import Yard

pytestmark = pytest.mark.server


@pytest.fixture
def closed(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def make_key(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post(
        "/api-keys", json={"name": "ERP", "scopes": ["observe", "plan"]} | body, headers=signed_in(client, "root")
    )


def test_a_key_is_shown_once_and_does_no_more_than_its_scopes(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "root")
    made = make_key(closed, scopes=["observe"])
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    key = made.json()["key"]
    headers = {"authorization": f"Bearer {key}"}
    assert closed.get("/me", headers=headers).json() == {
        "login": "key:ERP",
        "role": "integrator",
        "permissions": ["observe"],
    }
    assert closed.get("/products", headers=headers).status_code == 200
    assert closed.post("/products", json=COLA, headers=headers).status_code == 403
    (listed,) = closed.get("/api-keys", headers=signed_in(closed, "root")).json()["items"]
    assert key not in str(listed)
    assert key.startswith(listed["begins_with"])
    assert listed["last_used_at"] is not None
    rows = yard.owner.execute("SELECT key_hash, api_key::text FROM api_key").fetchall()
    assert bytes(rows[0][0]) == hashlib.sha256(key.encode()).digest()
    assert key not in rows[0][1]
    assert key not in str(closed.get("/audit", headers=signed_in(closed, "root")).json())


def test_a_key_ends_when_it_is_revoked_or_expires(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "root")
    revoked, expired = make_key(closed).json(), make_key(closed, expires_at="2090-01-01T00:00:00Z").json()
    assert make_key(closed, expires_at="2020-01-01T00:00:00Z").status_code == 422
    assert make_key(closed, scopes=["administer"]).status_code == 422
    root = signed_in(closed, "root")
    assert closed.delete(f"/api-keys/{revoked['key_id']}", headers=root).status_code == 204
    assert closed.delete(f"/api-keys/{revoked['key_id']}", headers=root).status_code == 404
    yard.owner.execute("UPDATE api_key SET expires_at = now() WHERE key_id = %s", (expired["key_id"],))
    for key in (revoked, expired):
        assert closed.get("/me", headers={"authorization": f"Bearer {key['key']}"}).status_code == 401


def test_what_a_key_changes_is_written_down_under_its_name(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "root")
    key = make_key(closed).json()["key"]
    closed.post("/products", json=COLA, headers={"authorization": f"Bearer {key}"}).raise_for_status()
    newest = closed.get("/audit", headers=signed_in(closed, "root")).json()["items"]
    assert ("key:ERP", "product.add") in {(entry["actor"], entry["action"]) for entry in newest}


def test_one_acts_for_an_organisation_below_and_for_no_other(closed: httpx.Client, yard: Yard) -> None:
    with yard.pool.connection() as connection:
        add_organisation(connection, slug="below", name="Below", parent_id=yard.org_id)
        add_organisation(connection, slug="foreign", name="Foreign", parent_id=None)
    register(yard, "root")
    below = signed_in(closed, "root") | {"beatwatch-organisation": "below"}
    assert closed.post("/products", json=COLA, headers=below).json()["organisation"] == "below"
    closed.post("/products", json=COLA | {"product_id": "OWN"}, headers=signed_in(closed, "root"))
    assert [one["product_id"] for one in closed.get("/products", headers=below).json()["items"]] == ["COLA-330"]
    all_of_them = closed.get("/products", headers=signed_in(closed, "root")).json()["items"]
    assert [one["product_id"] for one in all_of_them] == ["COLA-330", "OWN"]
    for slug in ("foreign", "nobody"):
        refused = closed.get("/products", headers=signed_in(closed, "root") | {"beatwatch-organisation": slug})
        assert (refused.status_code, refused.json()["detail"]) == (403, f"no organisation {slug!r} is yours or below yours")


def once(client: httpx.Client, key: str, **values: Any) -> httpx.Response:
    return client.post("/products", json=COLA | values, headers={"idempotency-key": key})


def test_a_repeated_post_is_done_once_and_answered_as_the_first_time(client: httpx.Client) -> None:
    first, second = once(client, "k-1"), once(client, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (first.headers["etag"], first.headers["content-type"]) == (second.headers["etag"], second.headers["content-type"])
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    other = once(client, "k-1", name="Other")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert once(client, "k-2").status_code == 409  # there is one already, and this is another request
    assert len([one for one in client.get("/audit").json()["items"] if one["action"] == "product.add"]) == 1
    assert once(client, "x" * 201).status_code == 422


def test_what_was_refused_may_be_tried_again_with_the_same_key(client: httpx.Client) -> None:
    order = {
        "order_id": "SO-1",
        "outlet_id": "O-1",
        "due_on": "2026-03-02",
        "lines": [{"product_id": "COLA-330", "quantity": 1}],
    }
    assert client.post("/orders", json=order, headers={"idempotency-key": "k"}).status_code == 422
    once(client, "p")
    client.post("/outlets", json={"outlet_id": "O-1", "name": "x", "longitude_deg": 1, "latitude_deg": 2})
    for state in ("pending_approval", "approved"):
        client.post("/outlets/O-1/state", json={"state": state})
    assert client.post("/orders", json=order, headers={"idempotency-key": "k"}).status_code == 201


def test_of_many_at_once_one_is_done(client: httpx.Client, yard: Yard) -> None:
    barrier = threading.Barrier(6)

    def ask(_number: int) -> int:
        barrier.wait(10)
        return once(client, "k").status_code

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(ask, range(6)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert yard.owner.execute("SELECT count(*) FROM product").fetchone() == (1,)
    assert once(client, "k").status_code == 201


def test_a_crash_between_doing_and_answering_does_not_do_it_twice(client: httpx.Client, yard: Yard) -> None:
    once(client, "k")
    yard.owner.execute(
        "UPDATE idempotency SET status = NULL, body = NULL, headers = NULL, begun_at = now() - interval '1 hour'"
    )
    again = once(client, "k")
    assert (again.status_code, "not kept" in again.json()["detail"]) == (409, True)


def test_a_crash_before_anything_was_done_frees_the_key_after_a_while(client: httpx.Client, yard: Yard) -> None:
    once(client, "k")
    yard.owner.execute("UPDATE idempotency SET is_done = false, status = NULL, body = NULL")
    yard.owner.execute("DELETE FROM product_unit")
    yard.owner.execute("DELETE FROM product")
    assert "under way" in once(client, "k").json()["detail"]
    yard.owner.execute("UPDATE idempotency SET begun_at = now() - interval '2 minutes'")
    assert once(client, "k").status_code == 201


def test_old_keys_are_forgotten(client: httpx.Client, yard: Yard) -> None:
    once(client, "k")
    yard.owner.execute("UPDATE idempotency SET begun_at = now() - interval '25 hours'")
    assert once(client, "k").status_code == 409  # done anew: there is one already


def test_answers_with_secrets_are_not_kept(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "root", Role.platform_administrator)
    headers = signed_in(closed, "root") | {"idempotency-key": "k"}
    body = {"name": "ERP", "scopes": ["observe"]}
    key = closed.post("/api-keys", json=body, headers=headers).json()["key"]
    again = closed.post("/api-keys", json=body, headers=headers)
    assert again.status_code == 409
    assert key not in str(yard.owner.execute("SELECT * FROM idempotency").fetchall())
    assert closed.post("/api-keys", json=body, headers={"idempotency-key": "k"}).status_code == 401
