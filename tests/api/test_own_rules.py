"""Own rules over HTTP: written, refused, tried, switched on and off, with who and when; and the same in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from alerts.tailing import Rulebook, follow
from own_rules.following import Follower
from store.pool import Role
from store.session import open_session
from tests.api.yard import Yard
from tests.browsing import new_page

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = timedelta(minutes=1)
DOOR = {"name": "Door open long", "expression": "door_open", "for_s": 120, "cool_down_s": 0, "severity": "high"}

pytestmark = pytest.mark.server


def drive(yard: Yard, start: datetime, *states: int, vehicle_id: str = "van-1") -> None:
    van = yard.van(vehicle_id)
    yard.report(van, *({"fix_time": start + n * MINUTE, "seq": n, "door_open": state} for n, state in enumerate(states)))


def test_a_rule_is_written_tried_and_switched_on_and_its_events_become_alerts(
    client: httpx.Client, yard: Yard, database_url: str
) -> None:
    drive(yard, NOW - timedelta(hours=30), 0, 1, 1, 1, 1, 0, 1, 1, 1)
    drive(yard, NOW - timedelta(hours=2), 0, 0, 0, vehicle_id="van-2")
    written = client.put("/own-rules/door_long", json=DOOR)
    assert written.status_code == 200, written.text
    assert (written.json()["state"], written.json()["version"], written.json()["rule"]) == ("draft", 1, "own_door_long")
    refused = client.post("/own-rules/door_long/on")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    trial = client.post("/own-rules/door_long/try", json={"days": 7}).json()
    assert (trial["events"], trial["devices"], trial["devices_tried"], trial["device_days"]) == (
        2,
        2,
        2,
        2 + _crosses_midnight(),
    )
    assert trial["by_device"] == {"tracker-of-van-1": 2}
    assert trial["samples"][0]["facts"]["held_s"] == 120
    assert client.get("/alerts").json()["items"] == []
    on = client.post("/own-rules/door_long/on", json={"since": (NOW - 10 * MINUTE).isoformat()}).json()
    assert (on["state"], on["on_version"], on["on_by"]) == ("on", 1, "console")
    assert client.post("/own-rules/door_long/on").status_code == 409
    drive(yard, NOW - 8 * MINUTE, 1, 1, 1, 1, vehicle_id="van-3")
    _work(database_url)
    (alert,) = client.get("/alerts").json()["items"]
    assert (alert["rule"], alert["title"], alert["severity"], alert["vehicle_id"]) == (
        "own_door_long",
        "Door long",
        "high",
        "van-3",
    )
    assert alert["facts"]["expression"] == "door_open"
    client.post("/own-rules/door_long/off").raise_for_status()
    _work(database_url)
    assert client.get(f"/alerts/{alert['alert_id']}").json()["resolution"] == "ended"
    whole = client.get("/own-rules/door_long").json()
    assert [(span["version"], span["started_by"], span["ended_by"]) for span in whole["spans"]] == [(1, "console", "console")]
    actions = [row["action"] for row in client.get("/audit").json()["items"] if row["subject_kind"] == "own_rule"]
    assert actions == ["own_rule.off", "own_rule.on", "own_rule.try", "own_rule.save"]


def _crosses_midnight() -> int:
    spans = ((NOW - timedelta(hours=30), 8), (NOW - timedelta(hours=2), 2))
    return sum(start.date() != (start + minutes * MINUTE).date() for start, minutes in spans)


def _work(database_url: str) -> None:
    follower = Follower()
    session = open_session(database_url, Role.worker)
    try:
        for _ in range(3):
            with session.transaction() as connection:
                follower.step(connection, datetime.now(UTC))
        with session.transaction() as connection:
            follow(connection, Rulebook(), datetime.now(UTC))
    finally:
        session.close()


def test_a_new_version_has_to_be_tried_again_while_the_old_one_goes_on(client: httpx.Client) -> None:
    client.put("/own-rules/door", json=DOOR).raise_for_status()
    client.post("/own-rules/door/try").raise_for_status()
    client.post("/own-rules/door/on").raise_for_status()
    newer = client.put("/own-rules/door", json=DOOR | {"for_s": 300}).json()
    assert (newer["version"], newer["state"], newer["on_version"]) == (2, "draft", 1)
    assert client.post("/own-rules/door/on").status_code == 409
    client.post("/own-rules/door/try").raise_for_status()
    assert client.post("/own-rules/door/on").json()["on_version"] == 2
    versions = client.get("/own-rules/door").json()["versions"]
    assert [(one["version"], one["state"], one["for_s"]) for one in versions] == [(2, "on", 300), (1, "off", 120)]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"expression": "door_open &&"}, "bad_expression", "line 1, column 13"),
        ({"expression": "dor_open"}, "bad_expression", "no fact 'dor_open'"),
        ({"expression": "speed_mps > 3"}, "bad_expression", "with a point"),
        ({"expression": "speed_mps"}, "bad_expression", "true or false"),
        ({"expression": "x" * 2000}, "invalid_input", "1000"),
        ({"series": "sensor", "expression": "ignition"}, "bad_expression", "no fact 'ignition'"),
        ({"for_s": -1}, "invalid_input", "for_s"),
        ({"severity": "awful"}, "invalid_input", "severity"),
        ({"hours": [{"weekday": 7, "opens": "09:00", "closes": "17:00"}]}, "invalid_input", "weekday"),
        ({"name": "\x00"}, "invalid_input", "name"),
        ({"colour": "red"}, "invalid_input", "colour"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_and_nothing_kept(
    client: httpx.Client, change: dict[str, Any], code: str, says: str
) -> None:
    refused = client.put("/own-rules/door", json=DOOR | change)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert says in refused.text
    assert client.get("/own-rules").json()["items"] == []


def test_expressions_are_checked_without_keeping_anything(client: httpx.Client) -> None:
    good = client.post("/own-rules/check", json={"expression": "door_open && hour > 21.0"})
    assert good.json() == {"facts": ["door_open", "hour"]}
    bad = client.post("/own-rules/check", json={"expression": "door_open &&\n  spede"}).json()
    assert "line 2, column 3" in bad["detail"]
    assert {name["name"] for name in client.get("/own-rules/facts").json()["sensor"]} >= {"weight_g", "humidity_pct", "count"}
    assert client.get("/own-rules/nobody").status_code == 404
    assert client.post("/own-rules/nobody/try").status_code == 404
    assert client.post("/own-rules/nobody/off").status_code == 404
    assert client.put("/own-rules/No-Name", json=DOOR).status_code == 422


def test_hours_go_by_the_clock_of_the_organisation(client: httpx.Client, yard: Yard) -> None:
    start = (NOW - timedelta(days=1)).replace(hour=6, minute=0, second=0)  # 11:30 in Kolkata
    drive(yard, start, 1, 1, 1, 1)
    hours = [{"weekday": start.weekday(), "opens": "11:00", "closes": "12:00"}]
    client.put("/own-rules/noon", json=DOOR | {"hours": hours}).raise_for_status()
    assert client.post("/own-rules/noon/try", json={"days": 3}).json()["events"] == 0
    assert client.patch("/organisations/default", json={"time_zone": "Mars/Olympus"}).status_code == 422
    assert client.patch("/organisations/default", json={"time_zone": "Asia/Kolkata"}).json()["time_zone"] == "Asia/Kolkata"
    assert client.post("/own-rules/noon/try", json={"days": 3}).json()["events"] == 1


@pytest.mark.browser
def test_somebody_writes_tries_and_switches_on_a_rule_on_a_phone(
    browser: Browser, address: str, client: httpx.Client, yard: Yard
) -> None:
    drive(yard, NOW - timedelta(hours=30), 0, 1, 1, 1, 1, 0)
    page = new_page(browser, viewport={"width": 390, "height": 844})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{address}/console/rules")
    page.get_by_role("link", name="Write a rule").click()
    page.get_by_label("Name").fill("Door in town")
    page.get_by_label("It tells when this holds").fill("dor_open")
    page.get_by_label("For, minutes").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("no fact 'dor_open'")
    page.get_by_label("It tells when this holds").fill("door_open")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 1 is draft")).to_be_visible()
    expect(page.get_by_role("button", name="Switch on")).to_be_disabled()
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#trial")).to_contain_text("1 event on")
    frame = page.frame_locator("iframe")
    page.locator("iframe").scroll_into_view_if_needed()
    expect(frame.locator("path.leaflet-interactive").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Version 1 is on")).to_be_visible()
    assert [rule["state"] for rule in client.get("/own-rules").json()["items"]] == ["on"]
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Version 1 is off")).to_be_visible()
    assert complaints == []
    page.close()


def test_a_new_rule_never_replaces_another_of_like_name(client: httpx.Client) -> None:
    names = ("रात का दरवाज़ा", "तेज़ गति", "Night door", "night-door!")
    for name in names:
        said = {"name": name, "expression": "door_open"}
        client.post("/console/rules/save", data=said, follow_redirects=True).raise_for_status()
    assert sorted(rule["name"] for rule in client.get("/own-rules").json()["items"]) == sorted(names)


def test_a_rule_of_which_nothing_was_said_is_told_what_is_missing(client: httpx.Client) -> None:
    answer = client.post("/console/rules/save", data={"name": "", "expression": "", "subjects": "van-1, van-2"})
    assert answer.status_code == 422
    assert 'id="wrong-name" role="alert">is missing<' in answer.text
    assert 'id="wrong-expression"' in answer.text
    assert 'value="van-1, van-2"' in answer.text
