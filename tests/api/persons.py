"""People to test with, and how they sign in."""

from __future__ import annotations

import httpx

from api.passwords import hash_password
from domain.people import Role
from store import people
from tests.api.yard import Yard

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


def register(yard: Yard, login: str, role: Role = Role.platform_administrator, org_id: int | None = None) -> None:
    with yard.pool.connection() as connection:
        org = yard.org_id if org_id is None else org_id
        people.add_person(connection, org, login=login, name=login, role=role, password_hash=HASH)


def tokens(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/oauth2/token", data={"grant_type": "password", "username": login, "password": password})


def signed_in(client: httpx.Client, login: str) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens(client, login).json()['access_token']}"}
