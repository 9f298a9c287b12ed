from __future__ import annotations

import httpx
import pytest

pytestmark = pytest.mark.server
DOOR = {"inputs": {"1": {"field": "door_open", "inverted": True}}}


def test_profiles_are_kept_listed_replaced_and_removed(client: httpx.Client) -> None:
    path = "/payload-profiles/teltonika/model/FMB920"
    saved = client.put(path, json=DOOR).json()
    assert (saved["format"], saved["scope"], saved["name"], saved["settings"]) == ("teltonika", "model", "FMB920", DOOR)
    client.put("/payload-profiles/ais140/device/tracker-7", json={"checksum_policy": "strict"}).raise_for_status()
    client.put(path, json={"inputs": {}}).raise_for_status()
    listed = client.get("/payload-profiles").json()["items"]
    assert [(one["format"], one["name"], one["settings"]) for one in listed] == [
        ("ais140", "tracker-7", {"checksum_policy": "strict"}),
        ("teltonika", "FMB920", {"inputs": {}}),
    ]
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    assert len(client.get("/payload-profiles").json()["items"]) == 1
    changes = [change for change in client.get("/audit").json()["items"] if change["subject_kind"] == "payload_profile"]
    assert [change["action"].rpartition(".")[2] for change in changes] == ["delete", "save", "save", "save"]
    assert "strict" not in str(changes)


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("teltonika/model/FMB920", {"inputs": {"1": {"field": "hatch"}}}),
        ("teltonika/model/FMB920", []),
        ("teltonika/fleet/FMB920", DOOR),
        ("morse/model/key", {}),
        ("beatwatch-json/model/tracker", {}),
        ("owntracks/device/phone", {"secret": "a\0b"}),
    ],
)
def test_what_is_no_profile_is_refused(client: httpx.Client, path: str, settings: object) -> None:
    answer = client.put(f"/payload-profiles/{path}", json=settings)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
