from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.people import Role
from tests.api.conftest import serving
from tests.api.persons import register, signed_in
from tests.api.yard import Yard
from wire.topics import DEFAULT_PATTERNS

pytestmark = pytest.mark.server
NORTH = {"pattern": "v3/{app}@north/devices/{device}/up", "format": "ttn", "device": "{app}:{device}"}


def test_an_installation_begins_with_the_usual_patterns(client: httpx.Client) -> None:
    listed = client.get("/topic-patterns").json()["items"]
    usual = [(one.pattern, one.format, one.device, one.tenant) for one in DEFAULT_PATTERNS]
    assert sorted((one["pattern"], one["format"], one["device"], one["tenant"]) for one in listed) == sorted(usual, key=str)


def test_patterns_are_kept_replaced_and_removed(client: httpx.Client) -> None:
    saved = client.put("/topic-patterns/ttn-north", json=NORTH).json()
    assert {name: saved[name] for name in ("name", "tenant", *NORTH)} == {"name": "ttn-north", "tenant": None} | NORTH
    replaced = client.put("/topic-patterns/ttn-north", json=NORTH | {"tenant": "default"})
    assert (replaced.status_code, replaced.json()["tenant"]) == (200, "default")
    names = [one["name"] for one in client.get("/topic-patterns").json()["items"]]
    assert names.count("ttn-north") == 1
    assert client.delete("/topic-patterns/ttn-north").status_code == 204
    assert client.delete("/topic-patterns/ttn-north").status_code == 404
    changes = [change for change in client.get("/audit").json()["items"] if change["subject_kind"] == "topic_pattern"]
    assert [change["action"].rpartition(".")[2] for change in changes] == ["delete", "save", "save"]
    assert [bool(change["before"]) for change in changes] == [True, True, False]
    assert changes[1]["before"]["tenant"] is None
    assert changes[1]["after"]["tenant"] == "default"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a", NORTH | {"format": "morse"}, 422),
        ("a", NORTH | {"device": "{imei}"}, 422),
        ("a", NORTH | {"pattern": "v3/+/{app}/{device}"}, 422),
        ("a", NORTH | {"pattern": "v3/{app}/{device"}, 422),
        ("a", NORTH | {"pattern": "{app}{device}/up"}, 422),
        ("a", NORTH | {"pattern": "{app}/{device}/#"}, 422),  # covers bw/1/.../cmd, which we send
        ("a", NORTH | {"pattern": ""}, 422),
        ("a", NORTH | {"tenant": "nobody"}, 422),
        ("a", NORTH | {"retain": True}, 422),
        ("A B", NORTH, 422),
        ("a", {"pattern": "senml/{device}", "format": "senml"}, 409),  # the topics of another name
    ],
)
def test_what_is_no_pattern_is_refused(client: httpx.Client, name: str, content: dict[str, Any], status: int) -> None:
    before = client.get("/topic-patterns").json()["items"]
    answer = client.put(f"/topic-patterns/{name}", json=content)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert client.get("/topic-patterns").json()["items"] == before


def test_only_who_runs_the_installation_directs_its_topics(database_url: str, yard: Yard) -> None:
    register(yard, "manager", Role.distributor_manager)
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        headers = signed_in(client, "manager")
        assert client.get("/topic-patterns", headers=headers).status_code == 403
        assert client.put("/topic-patterns/a", json=NORTH, headers=headers).status_code == 403
        assert client.delete("/topic-patterns/senml", headers=headers).status_code == 403
