"""Signing in, what roles may do, and what is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.passwords import digest
from domain.people import Role
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register, signed_in, tokens
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def test_nothing_is_shown_to_a_stranger(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] in OPEN:
                continue
            answer = client.request(method, re.sub(r"\{\w+\}", "1", path), json={})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"


OPEN = {"get_token", "get_health", "get_readiness", "get_metrics", "get_retailer_view"}


def test_a_login_and_password_open_a_session(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha", Role.logistics_manager)
    answer = tokens(client, "Asha ")
    assert answer.headers["cache-control"] == "no-store"
    me = client.get("/me", headers=signed_in(client, "asha")).json()
    allowed = ["deliver", "handle_alerts", "load", "observe", "plan", "sell"]
    assert me == {"login": "asha", "role": "logistics_manager", "permissions": allowed}


def test_wrong_login_and_wrong_password_look_the_same(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    nobody, wrong = tokens(client, "nobody"), tokens(client, "asha", "not the password")
    assert (nobody.status_code, nobody.json()) == (wrong.status_code, wrong.json()) == (401, wrong.json())


def test_five_wrong_passwords_lock_even_the_right_one_out(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    for _ in range(5):
        assert tokens(client, "asha", "not the password").status_code == 401
    assert tokens(client, "asha").status_code == 401
    yard.owner.execute("UPDATE person SET locked_until = now() - interval '1 second'")
    assert tokens(client, "asha").status_code == 200


def test_a_refresh_token_is_good_once_and_a_copy_ends_the_session(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    first = tokens(client, "asha").json()

    def refresh(token: str) -> httpx.Response:
        return client.post("/oauth2/token", data={"grant_type": "refresh_token", "refresh_token": token})

    second = refresh(first["refresh_token"]).json()
    headers = {"authorization": f"Bearer {second['access_token']}"}
    assert client.get("/me", headers=headers).status_code == 200
    assert client.get("/me", headers={"authorization": f"Bearer {first['access_token']}"}).status_code == 401
    assert refresh(first["refresh_token"]).status_code == 401
    assert client.get("/me", headers=headers).status_code == 401
    assert refresh(second["refresh_token"]).status_code == 401


def test_tokens_end_and_are_not_stored(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    token = tokens(client, "asha").json()["access_token"]
    rows = yard.owner.execute("SELECT access_hash, session::text FROM session").fetchall()
    assert bytes(rows[0][0]) == digest(token)
    assert token not in rows[0][1]
    yard.owner.execute("UPDATE session SET access_until = now()")
    assert client.get("/me", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_session_can_be_ended_from_another(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    lost, own = signed_in(client, "asha"), signed_in(client, "asha")
    sessions = client.get("/me/sessions", headers=own).json()["items"]
    assert len(sessions) == 2
    assert client.delete(f"/me/sessions/{sessions[1]['session_id']}", headers=own).status_code == 204
    assert client.get("/me", headers=lost).status_code == 401
    assert client.get("/me", headers=own).status_code == 200


@pytest.mark.parametrize(
    ("role", "sees", "handles", "plans", "administers"),
    [
        (Role.platform_administrator, True, True, True, True),
        (Role.distributor_manager, True, True, True, True),
        (Role.logistics_manager, True, True, True, False),
        (Role.manufacturer_analyst, True, False, False, False),
        (Role.integrator, True, False, True, False),
        (Role.driver, False, False, False, False),
    ],
)
def test_a_role_may_do_what_it_is_for(
    client: httpx.Client, yard: Yard, role: Role, sees: bool, handles: bool, plans: bool, administers: bool
) -> None:
    register(yard, "asha", role)
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    headers = signed_in(client, "asha")

    def may(method: str, path: str, **content: Any) -> bool:
        answer = client.request(method, path, headers=headers, **content)
        assert answer.status_code in {200, 201, 403}, answer.text
        return answer.status_code != 403

    assert may("GET", "/vehicles") == sees
    assert may("POST", f"/alerts/{number}/acknowledge") == handles
    assert may("POST", "/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)) == plans
    assert may("GET", "/people") == administers
    assert may("GET", "/audit") == administers


def test_nobody_gives_more_than_they_have(client: httpx.Client, yard: Yard) -> None:
    register(yard, "manager", Role.distributor_manager)
    register(yard, "root", Role.platform_administrator)
    headers = signed_in(client, "manager")
    new = {"login": "ravi", "name": "Ravi", "role": "platform_administrator", "password": PASSWORD}
    assert client.post("/people", json=new, headers=headers).status_code == 403
    assert client.post("/people", json=new | {"role": "driver"}, headers=headers).status_code == 201
    assert client.patch("/people/ravi", json={"role": "platform_administrator"}, headers=headers).status_code == 403
    assert client.patch("/people/root", json={"password": "a new password"}, headers=headers).status_code == 403
    assert client.patch("/people/manager", json={"role": "driver"}, headers=headers).status_code == 409


def test_a_changed_person_has_to_sign_in_again(client: httpx.Client, yard: Yard) -> None:
    register(yard, "root")
    register(yard, "ravi", Role.checker)
    ravi = signed_in(client, "ravi")
    assert client.patch("/people/ravi", json={"state": "disabled"}, headers=signed_in(client, "root")).status_code == 200
    assert client.get("/me", headers=ravi).status_code == 401
    assert tokens(client, "ravi").status_code == 401


def test_what_is_changed_is_written_down_with_who_and_how_it_was(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    headers = signed_in(client, "asha")
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    client.post(f"/alerts/{number}/acknowledge", headers=headers)
    client.post(f"/alerts/{number}/acknowledge", headers=headers)  # refused: leaves no row
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW), headers=headers)
    entries = client.get("/audit", headers=headers).json()["items"]
    assert [entry["action"] for entry in entries] == ["trip.plan", "alert.acknowledge", "session.open"]
    assert {entry["actor"] for entry in entries} == {"asha"}
    assert entries[1]["before"]["state"] == "open"
    assert entries[1]["after"]["state"] == "acknowledged"
    with pytest.raises(Exception, match="permission denied"), yard.pool.connection() as connection:
        connection.execute("DELETE FROM audit")


def test_the_console_is_behind_the_door(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    asked = client.get("/console/board?day=2026-01-01", headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?then=%2Fconsole%2Fboard%3Fday%3D2026-01-01")
    there = {"hx-current-url": f"{client.base_url}/console/alerts?state=open"}  # a part of a page that refreshes itself
    again = client.get("/console/alerts?state=open", headers={"hx-request": "true", **there})
    assert (again.status_code, again.headers["hx-redirect"]) == (401, "/sign-in?then=%2Fconsole%2Falerts%3Fstate%3Dopen")
    assert "hx-redirect" not in client.get("/trips").headers
    wrong = client.post("/sign-in", data={"login": "asha", "password": "not the password"})
    assert wrong.status_code == 401
    answer = client.post("/sign-in", data={"login": "asha", "password": PASSWORD, "then": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert client.get("/console/board").status_code == 200
    assert 'action="/sign-out"' in client.get("/driver").text
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    foreign = client.post(f"/alerts/{number}/acknowledge", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert client.post(f"/alerts/{number}/acknowledge", headers={"origin": str(client.base_url)}).status_code == 200
    client.post("/sign-out")
    assert client.get("/vehicles").status_code == 401
