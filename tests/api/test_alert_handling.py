from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.yard import Yard

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


def test_an_alert_is_handed_over_put_off_and_talked_about(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    assert client.post(f"/alerts/{number}/assign", json={"assignee": "asha"}).json()["assigned_to"] == "asha"
    until = NOW + timedelta(hours=1)
    snoozed = client.post(f"/alerts/{number}/snooze", json={"until": until.isoformat()}).json()
    assert datetime.fromisoformat(snoozed["snoozed_until"]) == until
    assert client.post(f"/alerts/{number}/comments", json={"text": "road closed"}).status_code == 201
    history = client.get(f"/alerts/{number}").json()["history"]
    assert [entry["action"] for entry in history] == ["assigned", "snoozed", "commented"]
    actions = [row["action"] for row in client.get("/audit").json()["items"] if row["subject_kind"] == "alert"]
    assert actions == ["alert.comment", "alert.snooze", "alert.assign"]
    assert client.post(f"/alerts/{number}/assign", json={"assignee": None}).json()["assigned_to"] is None


def test_what_cannot_be_done_to_an_alert_is_refused(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    past = (NOW - timedelta(hours=1)).isoformat()
    assert client.post(f"/alerts/{number}/snooze", json={"until": past}).status_code == 409
    assert client.post(f"/alerts/{number}/comments", json={"text": ""}).status_code == 422
    assert client.post("/alerts/999999/assign", json={"assignee": "asha"}).status_code == 404
    client.post(f"/alerts/{number}/resolve", json={"resolution": "confirmed"}).raise_for_status()
    assert client.post(f"/alerts/{number}/assign", json={"assignee": "asha"}).status_code == 409
    assert client.post(f"/alerts/{number}/comments", json={"text": "after all"}).status_code == 201


def test_everybody_has_a_matrix_and_a_rota(client: httpx.Client) -> None:
    wish = {"address": "asha@example.org", "least_severity": "high", "quiet_from": "22:00:00", "quiet_until": "06:00:00"}
    saved = client.put("/recipients/asha/email/*", json=wish)
    assert saved.status_code == 200, saved.text
    client.put("/recipients/asha/email/missed_stop", json={"least_severity": None}).raise_for_status()
    assert [(cell["rule"], cell["least_severity"]) for cell in client.get("/recipients").json()["items"]] == [
        ("*", "high"),
        ("missed_stop", None),
    ]
    assert client.put("/recipients/asha/email/*", json={"time_zone": "Mars/Olympus"}).status_code == 422
    assert client.put("/recipients/asha/email/*", json={"quiet_from": "22:00:00"}).status_code == 422
    assert client.put("/recipients/asha/pigeon/*", json={}).status_code == 422
    assert client.delete("/recipients/asha/email/missed_stop").status_code == 204
    assert client.delete("/recipients/asha/email/missed_stop").status_code == 404
    duty = {"person": "asha", "since": NOW.isoformat(), "until": (NOW + timedelta(hours=8)).isoformat()}
    assert client.post("/duties", json=duty).status_code == 201
    assert client.post("/duties", json=duty | {"until": NOW.isoformat()}).status_code == 422
    assert len(client.get("/duties").json()["items"]) == 1
    assert client.delete("/duties/asha", params={"since": NOW.isoformat()}).status_code == 204
    assert client.delete("/duties/asha", params={"since": NOW.isoformat()}).status_code == 404


def test_messages_are_listed_with_their_log_and_dead_ones_sent_again(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", NOW))
    message_id = _message(yard, number, "dead")
    _message(yard, number, "delivered")
    assert [item["state"] for item in client.get("/messages").json()["items"]] == ["delivered", "dead"]
    first = client.get("/messages", params={"limit": 1}).json()
    assert client.get("/messages", params={"cursor": first["next_cursor"]}).json()["items"][0]["message_id"] == message_id
    found = client.get(f"/messages/{message_id}").json()
    assert (found["text"], found["log"][0]["detail"]) == ("Missed stop", "HTTP 503")
    assert client.post(f"/messages/{message_id}/retry").json()["state"] == "pending"
    assert client.post(f"/messages/{message_id}/retry").status_code == 409
    assert client.get("/messages/999999").status_code == 404


def _message(yard: Yard, alert_id: int, state: str) -> int:
    row = yard.owner.execute(
        "INSERT INTO message (org_id, alert_id, stage, person, channel, address, body, state, attempts,"
        " next_attempt_at, created_at)"
        " VALUES (%s, %s, %s, 'asha', 'webhook', 'https://secret', '{\"text\": \"Missed stop\"}', %s, 1, now(), now())"
        " RETURNING message_id",
        (yard.org_id, alert_id, f"opened.{state}", state),
    ).fetchone()
    assert row is not None
    yard.owner.execute("INSERT INTO delivery VALUES (%s, 1, %s, now(), 'failed', 'HTTP 503')", (row[0], yard.org_id))
    return int(row[0])
