"""What people do about alerts, over HTTP, and whom the service tells when: with a clock that the test moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, expect

from alerts.digest import Digests
from alerts.tailing import Rulebook, follow
from alerts.timers import escalate, hand_over, wake
from store.pool import Role
from store.session import Session, open_session
from tests.api.yard import DEPOT, Yard
from tests.browsing import new_page

pytestmark = pytest.mark.server
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MOMENT = re.compile(r"\.\d{4}-?\d.*")  # at the end of some stages
KOLKATA = ZoneInfo("Asia/Kolkata")
START = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Service:
    """The alerts' service, a second of which passes when it is told to."""

    session: Session
    now: datetime = START

    def pass_time(self, span: timedelta = timedelta(0)) -> None:
        self.now += span
        rulebook = Rulebook()
        with self.session.transaction() as connection:
            while follow(connection, rulebook, self.now):
                pass
            escalate(connection, rulebook.paging, self.now)
            wake(connection, rulebook.paging, self.now)
            hand_over(connection, rulebook.paging, self.now)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    session = open_session(database_url, Role.worker)
    yield Service(session)
    session.close()


def tell(client: httpx.Client, person: str, **wish: Any) -> None:
    rule = wish.pop("rule", "*")
    client.put(f"/recipients/{person}/log/{rule}", json=wish).raise_for_status()


def told(client: httpx.Client, alert_id: int | None = None) -> list[tuple[str, str]]:
    """Stage and person of all messages, the oldest first."""
    asked = {"alert_id": alert_id} if alert_id else {}
    items = client.get("/messages", params=asked).json()["items"]
    return [(MOMENT.sub("", one["stage"]), one["person"]) for one in items[::-1]]


def happen(yard: Yard, service: Service, number: int = 1, rule: str = "missed_stop", **columns: Any) -> int:
    """An event of a van of its own, taken in; the number of its alert."""
    event_id = yard.event(yard.van(f"van-{number}"), rule, service.now - MINUTE, **columns)
    service.pass_time()
    row = yard.owner.execute("SELECT alert_id FROM alert_event WHERE event_id = %s", (event_id,)).fetchone()
    assert row is not None
    return int(row[0])


def test_it_escalates_again_and_again_until_somebody_takes_it_on(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha")
    tell(client, "ravi", level=1)
    tell(client, "boss", level=2)
    number = happen(yard, service, severity="critical")
    service.pass_time(4 * MINUTE)
    assert told(client) == [("opened", "asha")]
    service.pass_time(MINUTE)
    service.pass_time(5 * MINUTE)
    later = [("escalated.2", person) for person in ("asha", "boss", "ravi")]
    assert told(client)[1:] == [("escalated.1", "asha"), ("escalated.1", "ravi"), *later]
    assert client.get(f"/alerts/{number}").json()["escalation_level"] == 2
    assert client.post(f"/alerts/{number}/acknowledge", json={"note": "on it"}).json()["state"] == "acknowledged"
    service.pass_time(10 * HOUR)
    assert len(told(client)) == 6


def test_quiet_hours_hold_back_what_is_not_critical(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha", quiet_from="22:00:00", quiet_until="06:00:00", time_zone="Asia/Kolkata")
    service.now = datetime.combine(START.date(), time(23, 30), KOLKATA).astimezone(UTC)
    happen(yard, service, 1, severity="high")
    happen(yard, service, 2, severity="critical")
    held, urgent = client.get("/messages").json()["items"][::-1]
    morning = datetime.combine(service.now.astimezone(KOLKATA).date() + timedelta(days=1), time(6, 0), KOLKATA)
    assert datetime.fromisoformat(held["next_attempt_at"]) == morning
    assert datetime.fromisoformat(urgent["next_attempt_at"]) == service.now


def test_the_rota_and_the_territory_say_who_is_told(client: httpx.Client, yard: Yard, service: Service) -> None:
    circle = {"type": "Point", "coordinates": [DEPOT[0], DEPOT[1]]}
    zone = {
        "type": "Feature",
        "id": "south",
        "geometry": circle,
        "properties": {"kind": "territory", "name": "S", "radius_m": 900},
    }
    client.post("/zones", json=zone).raise_for_status()
    for person, wish in (("asha", {}), ("ravi", {}), ("neela", {"territory": "south"})):
        tell(client, person, **wish)
    for person, hours in (("asha", (-1, 1)), ("ravi", (1, 9))):
        since, until = (service.now + HOUR * offset for offset in hours)
        client.post(
            "/duties", json={"person": person, "since": since.isoformat(), "until": until.isoformat()}
        ).raise_for_status()
    far = {"longitude_deg": DEPOT[0] + 1, "latitude_deg": DEPOT[1]}
    here = {"longitude_deg": DEPOT[0], "latitude_deg": DEPOT[1]}
    assert told(client, happen(yard, service, 1, facts=far)) == [("opened", "asha")]
    assert told(client, happen(yard, service, 2, facts=here)) == [("opened", "asha"), ("opened", "neela")]
    service.now += 2 * HOUR
    assert told(client, happen(yard, service, 3, facts=far)) == [("opened", "ravi")]


def test_what_is_put_off_is_silent_until_it_reminds(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha")
    number = happen(yard, service, severity="high")
    until = service.now + 2 * HOUR
    client.post(f"/alerts/{number}/snooze", json={"until": until.isoformat()}).raise_for_status()
    service.pass_time(HOUR)
    assert told(client) == [("opened", "asha")]
    service.pass_time(HOUR + MINUTE)
    assert told(client) == [("opened", "asha"), ("woken", "asha")]
    assert client.get(f"/alerts/{number}").json()["snoozed_until"] is None


def test_who_is_to_look_after_it_is_told_on_channels_of_their_own(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha", least_severity="critical")
    tell(client, "ravi", least_severity="critical", level=3)
    tell(client, "neela", least_severity=None)
    number = happen(yard, service, severity="medium")
    assert told(client) == []
    assert client.post(f"/alerts/{number}/assign", json={"assignee": "ravi"}).json()["assigned_to"] == "ravi"
    service.pass_time()
    assert told(client) == [("assigned", "ravi")]
    (message,) = client.get("/messages").json()["items"]
    assert message["text"].startswith("For you: Missed stop (medium)")
    service.pass_time(MINUTE)
    client.post(f"/alerts/{number}/assign", json={"assignee": "neela"})  # who wants to hear of nothing
    client.post(f"/alerts/{number}/assign", json={"assignee": None})
    service.pass_time(MINUTE)
    client.post(f"/alerts/{number}/assign", json={"assignee": "console"})  # that is oneself
    service.pass_time(MINUTE)
    assert told(client) == [("assigned", "ravi")]
    client.post(f"/alerts/{number}/assign", json={"assignee": "ravi"})
    service.pass_time(MINUTE)
    assert told(client) == [("assigned", "ravi"), ("assigned", "ravi")]


def test_closed_with_a_reason_it_can_be_taken_back(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha")
    number = happen(yard, service, severity="high")
    assert client.post(f"/alerts/{number}/reopen").status_code == 409
    assert client.post(f"/alerts/{number}/comments", json={"text": "called the driver"}).status_code == 201
    closed = client.post(f"/alerts/{number}/resolve", json={"resolution": "false", "reason": "a wedding"}).json()
    assert (closed["state"], closed["resolution"], closed["reason"]) == ("resolved", "false", "a wedding")
    again = client.post(f"/alerts/{number}/reopen", json={"note": "wrong one"}).json()
    assert (again["state"], again["acknowledged_by"], again["resolution"], again["reopened_count"]) == (
        "acknowledged",
        "console",
        None,
        1,
    )
    actions = [entry["action"] for entry in client.get(f"/alerts/{number}").json()["history"]]
    assert actions == ["opened", "commented", "resolved.false", "reopened"]
    assert client.post("/alerts/999999/reopen").status_code == 404


def test_one_that_returns_opens_again_by_itself(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha")
    number = happen(yard, service, rule="route_deviation", severity="high")
    ended = "UPDATE event SET ended_at = started_at + interval '5 minutes', change_no = nextval('conclusion_change_no')"
    yard.owner.execute(f"{ended}, change_xid = pg_current_xact_id()".encode())
    service.pass_time(5 * MINUTE)
    assert client.get(f"/alerts/{number}").json()["resolution"] == "ended"
    row = yard.owner.execute("SELECT device_id FROM alert WHERE alert_id = %s", (number,)).fetchone()
    assert row is not None
    yard.event(row[0], "route_deviation", service.now)
    service.pass_time(5 * MINUTE)
    assert client.get(f"/alerts/{number}").json()["state"] == "open"
    assert told(client) == [("opened", "asha"), ("reopened.1", "asha")]


def test_a_storm_is_one_message_and_the_day_ends_with_a_digest(client: httpx.Client, yard: Yard, service: Service) -> None:
    tell(client, "asha", wants_digest=True, time_zone="Asia/Kolkata")
    service.now = datetime.combine(START.date(), time(11, 0), KOLKATA).astimezone(UTC)
    numbers = [happen(yard, service, number, "silent_device") for number in range(7)]
    assert told(client) == [("opened", "asha")] * 5 + [("storm.0", "asha")]
    assert client.get("/messages").json()["items"][0]["text"].startswith("6 alerts of silent device within 5 min")
    assert client.get(f"/alerts/{numbers[-1]}").json()["storm_id"] == numbers[0]
    client.post(f"/alerts/{numbers[0]}/resolve", json={"resolution": "confirmed"}).raise_for_status()
    digests = Digests()
    evening = datetime.combine(START.date(), time(18, 0), KOLKATA).astimezone(UTC)
    for at in (evening - MINUTE, evening, evening + HOUR):
        with service.session.transaction() as connection:
            digests.post_due(connection, at)
    newest = client.get("/messages").json()["items"][0]
    assert newest["stage"].startswith("digest.")
    assert "7 alerts, 6 still open" in newest["text"]
    assert sum(stage == "digest" for stage, _ in told(client)) == 1


@pytest.mark.browser
def test_all_of_it_can_be_done_on_a_phone(
    browser: Browser, address: str, client: httpx.Client, yard: Yard, service: Service
) -> None:
    number = happen(yard, service, severity="critical")
    service.pass_time(6 * MINUTE)
    page = new_page(browser, viewport={"width": 390, "height": 844})
    page.goto(f"{address}/console/alerts")
    expect(page.locator(f"#alert-{number}")).to_contain_text("escalated 1 time")
    page.get_by_role("link", name="Missed stop").click()
    page.get_by_label("Who looks after it").fill("ravi")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("#history")).to_contain_text("assigned by console · ravi")
    page.get_by_role("button", name="Put off").click()
    expect(page.locator(".alert-row")).to_contain_text("put off until")
    expect(page.locator("#history")).to_have_text(re.compile(r"snoozed by console · until [^+]*$"))
    page.get_by_label("Remark").fill("called the driver")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#history")).to_contain_text("called the driver")
    page.get_by_placeholder("Reason").fill("road closed")
    page.get_by_role("button", name="False").click()
    expect(page.locator(".alert-row")).to_contain_text("resolved: false")
    expect(page.locator("#history")).to_contain_text("road closed")
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".alert-row")).to_contain_text("acknowledged")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()
    assert client.get(f"/alerts/{number}").json()["state"] == "acknowledged"
