"""A live stream ends with the session or key that opened it, there and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from domain.people import Role
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register, signed_in
from tests.api.test_live import messages
from tests.api.yard import Yard

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)
Headers = dict[str, str]


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture
def root(client: httpx.Client, yard: Yard) -> Headers:
    register(yard, "root")
    register(yard, "asha", Role.logistics_manager)
    return signed_in(client, "root")


def sign_out(client: httpx.Client, asha: Headers, root: Headers) -> None:
    del root
    (session,) = client.get("/me/sessions", headers=asha).json()["items"]
    assert client.delete(f"/me/sessions/{session['session_id']}", headers=asha).status_code == 204


def disable(client: httpx.Client, asha: Headers, root: Headers) -> None:
    del asha
    assert client.patch("/people/asha", json={"state": "disabled"}, headers=root).status_code == 200


def change_role(client: httpx.Client, asha: Headers, root: Headers) -> None:
    del asha
    assert client.patch("/people/asha", json={"role": "driver"}, headers=root).status_code == 200


@pytest.mark.parametrize("end", [sign_out, disable, change_role])
def test_who_is_let_in_no_more_hears_no_more(
    client: httpx.Client, yard: Yard, root: Headers, end: Callable[[httpx.Client, Headers, Headers], None]
) -> None:
    asha = signed_in(client, "asha")
    with (
        client.stream("GET", "/live", headers=asha, timeout=60) as response,
        client.stream("GET", "/live", headers=root, timeout=60) as of_root,
    ):
        told, told_root = messages(response.iter_lines()), messages(of_root.iter_lines())
        assert (next(told)["event"], next(told_root)["event"]) == ("hello", "hello")
        end(client, asha, root)
        assert [message["event"] for message in told] == ["signed_out"]
        yard.van("van-1")
        yard.alert(yard.event(yard.device("tracker"), "overspeed", NOW))
        assert next(told_root)["event"] in {"events", "alerts"}
    assert client.get("/live", headers=asha).status_code == 401


def test_a_revoked_key_hears_no_more(client: httpx.Client, root: Headers) -> None:
    key = client.post("/api-keys", json={"name": "ERP", "scopes": ["observe"]}, headers=root).json()
    with client.stream("GET", "/live", headers={"authorization": f"Bearer {key['key']}"}, timeout=60) as response:
        told = messages(response.iter_lines())
        assert next(told)["event"] == "hello"
        assert client.delete(f"/api-keys/{key['key_id']}", headers=root).status_code == 204
        assert [message["event"] for message in told] == ["signed_out"]


def test_a_session_that_is_refreshed_goes_on(client: httpx.Client, yard: Yard, root: Headers) -> None:
    pair = client.post("/oauth2/token", data={"grant_type": "password", "username": "asha", "password": PASSWORD}).json()
    with client.stream("GET", "/live", headers={"authorization": f"Bearer {pair['access_token']}"}, timeout=60) as response:
        told = messages(response.iter_lines())
        assert next(told)["event"] == "hello"
        refresh = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        assert client.post("/oauth2/token", data=refresh).status_code == 200
        assert client.patch("/people/root", json={"name": "Root"}, headers=root).status_code == 200  # ends another's session
        yard.event(yard.device("tracker"), "overspeed", NOW)
        assert next(told)["event"] == "events"
