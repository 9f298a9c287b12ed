"""Signing in, what roles may do, what is written down, and that no tenant sees another: with a role that cannot bypass it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.passwords import digest, hash_password
from domain.people import Role
from store import people, planning
from store.organisations import add_organisation
from tests.api.conftest import serving
from tests.api.yard import DEPOT, Yard, trip_document
from wire.files.trip_json import parse_trips
from wire.files.zone_geojson import parse_zones

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def register(yard: Yard, login: str, role: Role = Role.platform_administrator, org_id: int | None = None) -> None:
    with yard.pool.connection() as connection:
        org = yard.org_id if org_id is None else org_id
        people.add_person(connection, org, login=login, name=login, role=role, password_hash=HASH)


def tokens(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/oauth2/token", data={"grant_type": "password", "username": login, "password": password})


def signed_in(client: httpx.Client, login: str) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens(client, login).json()['access_token']}"}


def test_nothing_is_shown_to_a_stranger(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"] in OPEN:
                continue
            answer = client.request(method, re.sub(r"\{\w+\}", "1", path), json={})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"


OPEN = {"get_token", "get_health", "get_readiness", "get_metrics"}


def test_a_login_and_password_open_a_session(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha", Role.logistics_manager)
    answer = tokens(client, "Asha ")
    assert answer.headers["cache-control"] == "no-store"
    me = client.get("/me", headers=signed_in(client, "asha")).json()
    assert me == {"login": "asha", "role": "logistics_manager", "permissions": ["handle_alerts", "observe", "plan", "sell"]}


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
    sessions = client.get("/me/sessions", headers=own).json()
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
    assert entries[1]["before"] == {"state": "open", "resolution": None, "reason": None}
    assert entries[1]["after"] == {"state": "acknowledged", "resolution": None, "reason": None}
    with pytest.raises(Exception, match="permission denied"), yard.pool.connection() as connection:
        connection.execute("DELETE FROM audit")


def test_the_console_is_behind_the_door(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    asked = client.get("/console/board?day=2026-01-01", headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?then=%2Fconsole%2Fboard%3Fday%3D2026-01-01")
    wrong = client.post("/sign-in", data={"login": "asha", "password": "not the password"})
    assert wrong.status_code == 401
    answer = client.post("/sign-in", data={"login": "asha", "password": PASSWORD, "then": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert client.get("/console/board").status_code == 200
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    foreign = client.post(f"/alerts/{number}/acknowledge", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert client.post(f"/alerts/{number}/acknowledge", headers={"origin": str(client.base_url)}).status_code == 200
    client.post("/sign-out")
    assert client.get("/vehicles").status_code == 401


@dataclass(frozen=True, slots=True)
class Victim:
    """What another tenant has, by the name its identifier has in addresses."""

    identifiers: dict[str, str]
    words: tuple[str, ...]


def victim(yard: Yard, database_url: str) -> Victim:
    with yard.pool.connection() as connection:
        org_id = add_organisation(connection, slug="victim", name="Victim", parent_id=None)
    register(yard, "victims-manager", org_id=org_id)
    theirs = Yard(database_url, "victim")
    try:
        van = theirs.van("victims-van")
        theirs.report(van, {"fix_time": NOW})
        with theirs.pool.connection() as connection:
            planning.save_zone(connection, org_id, parse_zones(json.dumps(zone_document("victims-zone", "depot")))[0])
            document = trip_document("victims-trip", "tracker-of-victims-van", NOW)
            planning.save_trip(connection, org_id, parse_trips(json.dumps(document))[0])
        with theirs.owner.transaction():
            theirs.owner.execute(
                "INSERT INTO payload_profile (org_id, format, scope, name, settings)"
                " VALUES (%s, 'teltonika', 'model', 'FMB920', '{}')",
                (org_id,),
            )
        event_id = theirs.event(van, "missed_stop", NOW, trip_id="victims-trip", stop_id="S-1")
        number = theirs.alert(event_id)
        theirs.visit(van, "victims-trip", "S-1", "missed", NOW)
    finally:
        theirs.close()
    identifiers = {
        "vehicle_id": "victims-van",
        "trip_id": "victims-trip",
        "zone_id": "victims-zone",
        "event_id": event_id,
        "alert_id": str(number),
        "device_key": "tracker-of-victims-van",
        "login": "victims-manager",
        "session_id": "00000000-0000-4000-8000-000000000000",
        "format": "teltonika",
        "scope": "model",
        "name": "FMB920",
    }
    return Victim(identifiers, ("victim", event_id))


def zone_document(zone_id: str, kind: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": zone_id,
        "properties": {"kind": kind, "radius_m": 50, "name": zone_id},
        "geometry": {"type": "Point", "coordinates": list(DEPOT)},
    }


NAMES_ONES_OWN = {"save_payload_profile"}  # a PUT makes one's own of that name and touches nobody else's
BODIES: dict[str, dict[str, Any]] = {
    "save_payload_profile": {"json": {}},
    "resolve_alert": {"json": {"resolution": "confirmed"}},
    "change_person": {"json": {"name": "Mallory"}},
    "add_person": {"json": {"login": "mallory2", "name": "M", "role": "driver", "password": PASSWORD}},
    "save_trips": {"json": trip_document("victims-trip", "tracker-of-victims-van", NOW)},
    "save_zones": {"json": zone_document("victims-zone", "red")},
    "get_token": {"data": {"grant_type": "password", "username": "mallory", "password": PASSWORD}},
}


def test_no_operation_shows_or_changes_anything_of_another_tenant(client: httpx.Client, yard: Yard, database_url: str) -> None:
    target = victim(yard, database_url)
    register(yard, "mallory")
    headers = signed_in(client, "mallory")
    state = "SELECT (SELECT array_agg(t::text ORDER BY t::text) FROM {} AS t WHERE org_id <> %s)"
    tables = (
        "vehicle",
        "trip",
        "stop",
        "zone",
        "event",
        "alert",
        "alert_entry",
        "person",
        "session",
        "audit",
        "visit",
        "payload_profile",
    )

    def theirs() -> list[Any]:
        return [yard.owner.execute(state.format(table).encode(), (yard.org_id,)).fetchone() for table in tables]

    before = theirs()
    document = client.get("/openapi.json").json()
    walked = 0
    operations = [
        (path, method, one["operationId"]) for path, those in document["paths"].items() for method, one in those.items()
    ]
    # First what names something of theirs, then what reads, then what writes: it may give our own the same name.
    order = {"get": 0, "delete": 1}
    for path, method, name in sorted(operations, key=lambda one: ("{" not in one[0], order.get(one[1], 2))):
        if path == "/live":
            continue  # test_live proves it
        address = path.format(**target.identifiers)
        answer = client.request(method, address, headers=headers, **BODIES.get(name, {}))
        walked += 1
        if "{" in path and name not in NAMES_ONES_OWN:
            assert answer.status_code in {403, 404}, f"{method} {address}: {answer.status_code} {answer.text}"
        else:
            assert answer.status_code < 500, f"{method} {address}: {answer.text}"
            assert name in BODIES or not any(word in answer.text for word in target.words), f"{method} {address}"
    assert walked >= 30
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
