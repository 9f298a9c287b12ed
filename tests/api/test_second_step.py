"""The second step of signing in, against an independent authenticator; and links for retailers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from api import second_step
from store import second_steps
from store.pool import organisation_transaction
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register, signed_in
from tests.api.test_catalogue_story import approved_outlet, confirmed_order, post
from tests.api.test_records import COLA
from tests.api.yard import Yard

pytestmark = pytest.mark.server


@pytest.fixture
def closed(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def sign_in(client: httpx.Client, code: str | None = None) -> int:
    data = {"grant_type": "password", "username": "asha", "password": PASSWORD} | ({"code": code} if code else {})
    return client.post("/oauth2/token", data=data).status_code


def test_a_second_step_is_asked_for_once_it_is_confirmed(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    headers = signed_in(closed, "asha")
    begun = closed.post("/me/second-step", headers=headers)
    assert (begun.status_code, begun.headers["cache-control"]) == (201, "no-store")
    enrolment: dict[str, Any] = begun.json()
    assert pyotp.parse_uri(enrolment["address"]).secret == enrolment["secret"]
    assert sign_in(closed) == 200  # not asked for yet
    app = pyotp.TOTP(enrolment["secret"])
    wrong = closed.post("/me/second-step/confirm", json={"code": "000000x"}, headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.code")
    first = app.now()
    assert closed.post("/me/second-step/confirm", json={"code": first}, headers=headers).status_code == 204
    assert closed.post("/me/second-step", headers=headers).status_code == 409
    assert sign_in(closed) == 401
    assert sign_in(closed, first) == 401  # used already
    later = app.at(datetime.now(UTC) + timedelta(seconds=30))
    assert sign_in(closed, later) == 200
    recovery = enrolment["recovery_codes"][0]
    assert sign_in(closed, recovery) == 200
    assert sign_in(closed, recovery) == 401
    ended = closed.post("/me/second-step/end", json={"code": enrolment["recovery_codes"][1]}, headers=headers)
    assert ended.status_code == 204
    assert sign_in(closed) == 200
    actions = [entry["action"] for entry in closed.get("/audit", headers=headers).json()["items"]]
    assert {"second_step.begin", "second_step.confirm", "second_step.end"} <= set(actions)


def test_guessing_codes_locks_out_like_guessing_passwords(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    headers = signed_in(closed, "asha")
    enrolment = closed.post("/me/second-step", headers=headers).json()
    app = pyotp.TOTP(enrolment["secret"])
    closed.post("/me/second-step/confirm", json={"code": app.now()}, headers=headers).raise_for_status()
    for _ in range(5):
        assert sign_in(closed, "000000") == 401
    assert sign_in(closed, app.at(datetime.now(UTC) + timedelta(seconds=30))) == 401


def test_codes_are_good_for_a_minute_or_so_and_never_backwards(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    row = yard.owner.execute("SELECT person_id FROM person").fetchone()
    assert row is not None
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238's test vectors
    moment = datetime.fromtimestamp(1111111109, UTC)
    with organisation_transaction(yard.pool, yard.org_id) as connection:
        connection.execute("SET ROLE beatwatch_api")
        second_steps.begin(connection, row[0], yard.org_id, secret, [])
        assert not second_step.accepts(connection, row[0], "081804", moment + timedelta(seconds=90))
        assert second_step.accepts(connection, row[0], "081804", moment)  # the last six digits of 07081804
        assert not second_step.accepts(connection, row[0], "081804", moment)
        earlier = pyotp.TOTP(secret).at(moment - timedelta(seconds=30))
        assert not second_step.accepts(connection, row[0], earlier, moment)
        connection.execute("RESET ROLE")


def test_a_retailer_sees_its_own_orders_by_a_link_that_ends(closed: httpx.Client, yard: Yard) -> None:
    register(yard, "root")
    closed.headers.update(signed_in(closed, "root"))
    post(closed, "/products", **COLA)
    for number in (1, 2):
        approved_outlet(closed, f"O-{number}", number)
        confirmed_order(closed, f"SO-{number}", f"O-{number}")
    link = post(closed, "/outlets/O-1/links", days=1)
    assert link["path"].rpartition("/")[2] not in closed.get("/outlets/O-1/links").text + closed.get("/audit").text
    del closed.headers["authorization"]
    seen = closed.get(link["path"]).json()
    assert (seen["outlet_id"], [order["order_id"] for order in seen["orders"]]) == ("O-1", ["SO-1"])
    assert seen["orders"][0]["lines"][0]["ordered"] == 48
    assert closed.get("/retailer/guess").status_code == 404
    assert closed.get("/orders").status_code == 401
    yard.owner.execute("UPDATE retailer_link SET expires_at = now()")
    assert closed.get(link["path"]).status_code == 404
    yard.owner.execute("UPDATE retailer_link SET expires_at = now() + interval '1 day'")
    assert closed.get(link["path"]).status_code == 200
    closed.delete(f"/retailer-links/{link['link_id']}", headers=signed_in(closed, "root")).raise_for_status()
    assert closed.get(link["path"]).status_code == 404
