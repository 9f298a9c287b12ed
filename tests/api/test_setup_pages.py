"""Pages of the set-up: people, thresholds, exceptions, webhooks, organisations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import store.pool
from beatwatch.upkeep import do_asked
from domain.approvals import ApprovalKind
from domain.people import Role
from geofence.worker.settings import define_parameters
from store import approvals
from store.approvals import NewApproval
from store.organisations import add_organisation
from store.session import open_session
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register, tokens
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
HTML = {"accept": "text/html"}
NAME = "unscheduled_stop.least_s"


def send(client: httpx.Client, page: str, status: int = 200, /, **said: Any) -> str:
    answer = client.post(page, data=said, headers=HTML, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def told_beside(page: str) -> dict[str, str]:
    """What a page refuses, by the field it stands beside."""
    found = re.findall(r'aria-describedby="wrong-(\w+)".*?id="wrong-\1"[^>]*>([^<]*)<', page, re.DOTALL)
    return dict(found)


# People


def test_somebody_comes_in_changes_and_is_shut_out(database_url: str, yard: Yard, client: httpx.Client) -> None:
    page = send(client, "/console/people", login="Ravi@Example.org", name="Ravi", role="driver")
    [made] = re.findall(r"The password is <code>([^<]+)</code>", page)
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as signing:
        assert tokens(signing, "ravi@example.org", made).status_code == 200
        page = send(client, "/console/people/ravi@example.org", name="Ravi Kumar", role="checker", state="active", driver_id="")
        assert "Ravi Kumar" in page
        assert "checker" in page
        assert tokens(signing, "ravi@example.org", made).status_code == 200
        page = client.get("/console/people/ravi@example.org").text
        sessions = re.findall(r'name="session_id" value="([^"]+)"', page)
        assert len(sessions) == 1  # the first ended with the change of role
        page = send(client, "/console/people/ravi@example.org/sessions/end", session_id=sessions[0])
        assert "not signed in anywhere" in page
        assert "no open session" in send(client, "/console/people/ravi@example.org/sessions/end")
        send(client, "/console/people/ravi@example.org", name="Ravi Kumar", role="checker", state="disabled", driver_id="")
        assert tokens(signing, "ravi@example.org", made).status_code == 401
    said = {row[0] for row in yard.owner.execute("SELECT action FROM audit").fetchall()}
    assert {"person.add", "person.change", "session.revoke"} <= said


def test_what_nobody_can_be_is_told_beside_its_field(client: httpx.Client, yard: Yard) -> None:
    register(yard, "asha")
    page = send(client, "/console/people", 422, login="asha", name="", role="driver", password="short")
    assert told_beside(page) == {"name": "is missing", "password": "needs at least 10 characters"}
    assert 'value="asha"' in page  # and stays as it was typed
    page = send(client, "/console/people", 422, login="as ha", name="A" * 300, role="king")
    assert told_beside(page) == {
        "login": "must hold no blanks and no capital letters",
        "name": "has more than 200 characters",
        "role": "is none of those to choose from",
    }
    page = send(client, "/console/people", 422, login="asha", name="Asha", role="driver", password=PASSWORD)
    assert told_beside(page) == {"login": "the login &#39;asha&#39; is taken"}


def test_a_driver_is_linked_to_whom_they_sign_in_as(client: httpx.Client, yard: Yard) -> None:
    register(yard, "ravi", Role.driver)
    for driver in ("D-1", "D-2"):
        client.post("/drivers", json={"driver_id": driver, "name": driver}).raise_for_status()
    for driver in ("D-1", "D-2", ""):
        send(client, "/console/people/ravi", name="ravi", role="driver", state="active", driver_id=driver)
        linked = {one["driver_id"] for one in client.get("/drivers").json()["items"] if one["login"] == "ravi"}
        assert linked == ({driver} if driver else set())


def test_a_manager_makes_nobody_more_than_a_manager(database_url: str, yard: Yard) -> None:
    register(yard, "meena", Role.distributor_manager)
    register(yard, "root")
    with yard.pool.connection() as connection:
        other = add_organisation(connection, slug="other", name="Other", parent_id=None)
    register(yard, "stranger", Role.distributor_manager, other)
    with serving(database_url, sign_in=True) as address:
        with httpx.Client(base_url=address, timeout=60, headers=HTML) as signing:
            signing.post("/sign-in", data={"login": "meena", "password": PASSWORD})
            page = signing.get("/console/people").text
            assert 'value="platform_administrator"' not in page
            refused = signing.post("/console/people", data={"login": "x", "name": "X", "role": "platform_administrator"})
            assert refused.status_code == 422
            assert "only a platform administrator" in refused.text
            ended = signing.post("/console/people/root/sessions/end", follow_redirects=True)
            assert "only a platform administrator" in ended.text
            for page in (
                "/console/people/stranger",
                "/console/people/stranger/sessions/end",
                "/console/people/stranger/password",
            ):
                answer = signing.get(page) if page.endswith("stranger") else signing.post(page)
                assert answer.status_code in {404, 303, 422}
                assert "Stranger" not in answer.text
            register(yard, "looker", Role.manufacturer_analyst)
        with httpx.Client(base_url=address, timeout=60, headers=HTML) as signing:
            signing.post("/sign-in", data={"login": "looker", "password": PASSWORD})
            answers = {
                page: signing.get(f"/console/{page}").status_code for page in ("people", "webhooks", "thresholds", "setup")
            }
            assert answers == {"people": 403, "webhooks": 403, "thresholds": 200, "setup": 200}
            assert signing.post(f"/console/thresholds/{NAME}", data={"value": "480"}).status_code == 403
            assert signing.get("/console/exceptions/new").status_code == 403


# Thresholds


@pytest.fixture
def known(yard: Yard) -> None:
    with yard.pool.connection() as connection:
        define_parameters(connection)


def test_a_threshold_is_set_for_a_route_and_set_no_longer(client: httpx.Client, known: None) -> None:
    assert "600 s (10 min)" in client.get(f"/console/thresholds/{NAME}").text
    page = send(client, f"/console/thresholds/{NAME}", value="480", scope="route", scope_key="N-7")
    assert "480 s (8 min)" in page
    assert "480 s (8 min)" in client.get("/console/thresholds", params={"only_set": True}).text
    [kept] = client.get(f"/parameters/{NAME}").json()["set"]
    assert (kept["scope"], kept["scope_key"], kept["value"]) == ("route", "N-7", 480)
    assert "set no longer" in send(client, f"/console/thresholds/{NAME}", value="", scope="route", scope_key="N-7")


def test_when_a_threshold_begins_goes_by_the_organisations_clock(client: httpx.Client, known: None) -> None:
    client.patch("/organisations/default", json={"time_zone": "Asia/Kolkata"}).raise_for_status()
    send(client, f"/console/thresholds/{NAME}", value="480", scope="organisation", scope_key="", since="2026-03-02T05:30")
    assert client.get(f"/parameters/{NAME}").json()["set"][0]["since"] == "2026-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"value": "1"}, "value"),
        ({"value": "much"}, "value"),
        ({"value": "480", "scope": "route", "scope_key": ""}, "scope_key"),
        ({"value": "480", "scope": "planet"}, "scope"),
        ({"value": "480", "since": "soon"}, "since"),
    ],
)
def test_what_no_threshold_can_be_is_told_beside_its_field(
    client: httpx.Client, known: None, said: dict[str, str], field: str
) -> None:
    page = send(client, f"/console/thresholds/{NAME}", 422, **said)
    assert set(told_beside(page)) == {field}
    assert client.get(f"/parameters/{NAME}").json()["set"] == []


def test_thresholds_are_found_by_words(client: httpx.Client, known: None) -> None:
    page = client.get("/console/thresholds", params={"words": "halt of this length told"}).text
    assert NAME in page
    assert "fix.top_speed_mps" not in page
    assert "No threshold is like that" in client.get("/console/thresholds", params={"words": "colour"}).text


def test_a_proposal_shows_before_and_after_and_is_agreed_to_there(client: httpx.Client, yard: Yard, known: None) -> None:
    difference = {NAME: {"before": 600, "after": 900}, "events": {"before": 40, "after": 22}}
    with yard.pool.connection() as connection:
        asked = NewApproval(
            kind=ApprovalKind.threshold,
            subject_id=NAME,
            comment="18 of 20 false alerts would not have been told",
            difference=difference,
            decide_by=datetime.now(UTC) + timedelta(days=7),
        )
        approvals.request(connection, yard.org_id, "beatwatch", asked)
    page = client.get("/console/thresholds").text
    assert "600 → 900" in page
    assert "before" in page
    [number] = re.findall(r'action="/console/approvals/(\d+)"', page)
    send(client, f"/console/approvals/{number}", decision="approve")
    assert client.get(f"/parameters/{NAME}").json()["value"] == 900
    assert "Nothing is proposed" in client.get("/console/thresholds").text


def test_learning_is_asked_for_once_and_answered(client: httpx.Client, yard: Yard, known: None, database_url: str) -> None:
    assert "taken up soon" in send(client, "/console/thresholds/learn")
    assert "already" in send(client, "/console/thresholds/learn")
    session = open_session(database_url, store.pool.Role.worker)
    assert do_asked(session, lambda: datetime.now(UTC)) == 1
    assert do_asked(session, lambda: datetime.now(UTC)) == 0
    session.close()
    assert "0 of 0 proposals asked for" in client.get("/console/thresholds").text


# Exceptions


def test_an_exception_is_made_changed_and_ended(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", datetime.now(UTC))).raise_for_status()
    client.patch("/organisations/default", json={"time_zone": "Asia/Kolkata"}).raise_for_status()
    said = {"kind": "breakdown", "vehicle_id": "van-1", "valid_from": "2026-03-02T09:00", "reason": "gearbox"}
    page = send(client, "/console/exceptions/save", **said)
    [one] = client.get("/suppressors").json()["items"]
    assert (one["kind"], one["vehicle_id"], one["valid_from"]) == ("breakdown", "van-1", "2026-03-02T03:30:00Z")
    assert 'value="2026-03-02T09:00"' in page
    said |= {"suppressor_id": one["suppressor_id"], "reason": "clutch"}
    send(client, "/console/exceptions/save", **said)
    assert "clutch" in client.get("/console/exceptions").text
    send(client, f"/console/exceptions/{one['suppressor_id']}/end")
    assert "Nothing holds back now" in client.get("/console/exceptions").text
    assert "clutch" in client.get("/console/exceptions", params={"at": "ever"}).text


@pytest.mark.parametrize(
    ("where", "metres", "kind", "geometry"),
    [
        ("12.9716, 77.5946", "80", "approved_place", {"type": "Point", "coordinates": [77.5946, 12.9716]}),
        ("12.97 77.59\n12.98 77.60", "60", "detour", {"type": "LineString", "coordinates": [[77.59, 12.97], [77.6, 12.98]]}),
    ],
)
def test_places_are_written_as_people_write_them(
    client: httpx.Client, where: str, metres: str, kind: str, geometry: dict[str, Any]
) -> None:
    page = send(client, "/console/exceptions/save", kind=kind, where=where, metres=metres, valid_from="2026-03-02T09:00")
    [one] = client.get("/suppressors").json()["items"]
    assert one["geometry"] == geometry
    assert (one["radius_m"] or one["width_m"]) == float(metres)
    [again] = re.findall(r'<textarea name="where"[^>]*>([^<]*)<', page)
    send(client, "/console/exceptions/save", suppressor_id=one["suppressor_id"], kind=kind, where=again, metres=metres,
         valid_from="2026-03-02T09:00")  # fmt: skip
    assert client.get("/suppressors").json()["items"][0]["geometry"] == geometry


def test_a_break_has_weekly_hours(client: httpx.Client) -> None:
    said = {"kind": "break", "hours": "Mon-Sat 13:00-14:00\nFri-Mon 22:00-6:00", "valid_from": "2026-03-02T09:00"}
    page = send(client, "/console/exceptions/save", **said)
    hours = client.get("/suppressors").json()["items"][0]["schedule"]["hours"]
    assert [one["weekday"] for one in hours if one["opens"] == "13:00:00"] == [0, 1, 2, 3, 4, 5]
    assert sorted(one["weekday"] for one in hours if one["opens"] == "22:00:00") == [0, 4, 5, 6]
    [again] = re.findall(r'<textarea name="hours"[^>]*>([^<]*)<', page)
    assert again.splitlines() == ["Mon-Sat 13:00-14:00", "Mon 22:00-06:00", "Fri-Sun 22:00-06:00"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "breakdown", "vehicle_id": "van-9"}, "vehicle_id"),
        ({"kind": "breakdown"}, "vehicle_id"),
        ({"kind": "detour"}, "trip_id"),
        ({"kind": "approved_place", "where": "somewhere"}, "where"),
        ({"kind": "approved_place", "where": "{"}, "where"),
        ({"kind": "approved_place", "where": "{}"}, "where"),
        ({"kind": "approved_place", "where": '{"geometry": [1]}'}, "where"),
        ({"kind": "approved_place", "where": '{"type": ["Point"]}'}, "where"),
        ({"kind": "approved_place", "where": '{"type": "Point", "coordinates": [77]}', "metres": "9"}, "where"),
        ({"kind": "approved_place", "where": '{"type": "Point", "coordinates": "here"}', "metres": "9"}, "where"),
        ({"kind": "approved_place", "where": '{"type": "Polygon", "coordinates": [77, 12]}'}, "where"),
        ({"kind": "approved_place", "where": '{"a":' + "[" * 15_000}, "where"),
        ({"kind": "approved_place"}, "where"),
        ({"kind": "approved_place", "where": "12.9 77.5", "metres": "-4"}, "metres"),
        ({"kind": "break", "hours": "noon"}, "hours"),
        ({"kind": "break", "hours": "Mon 25:00-26:00"}, "hours"),
        ({"kind": "break", "valid_from": ""}, "valid_from"),
        ({"kind": "break", "valid_until": "2026-03-01T09:00"}, "valid_until"),
        ({"kind": "holiday"}, "kind"),
    ],
)
def test_what_no_exception_can_be_is_told_beside_its_field(client: httpx.Client, said: dict[str, str], field: str) -> None:
    page = send(client, "/console/exceptions/save", 422, **{"valid_from": "2026-03-02T09:00", **said})
    assert set(told_beside(page)) == {field}
    assert client.get("/suppressors").json()["items"] == []


def test_a_break_of_a_whole_day_ends_at_24(client: httpx.Client) -> None:
    page = send(client, "/console/exceptions/save", kind="break", hours="Sun 0:00-24:00", valid_from="2026-03-02T09:00")
    [one] = client.get("/suppressors").json()["items"][0]["schedule"]["hours"]
    assert (one["weekday"], one["opens"], one["closes"]) == (6, "00:00:00", "00:00:00")
    assert "Sun 00:00-24:00</textarea>" in page


@pytest.mark.parametrize(
    ("metres", "told"),
    [
        ("x", "is no number"),
        ("nan", "may be at most 100,000"),
        ("-1", "has to be more than 0"),
        ("1e9", "may be at most 100,000"),
    ],
)
def test_what_is_wrong_with_a_figure_is_said_in_words(client: httpx.Client, metres: str, told: str) -> None:
    said = {"kind": "approved_place", "where": "12.9 77.5", "valid_from": "2026-03-02T09:00"}
    assert told_beside(send(client, "/console/exceptions/save", 422, metres=metres, **said)) == {"metres": told}


# Notices


@pytest.mark.parametrize(
    ("day", "zone"), [("0001-01-01", "Asia/Kolkata"), ("9999-12-31", "America/New_York"), ("9999-12-31", "UTC")]
)
def test_a_duty_that_could_not_be_read_again_is_refused(client: httpx.Client, day: str, zone: str) -> None:
    said = {"person": "asha", "day": day, "opens": "00:00", "closes": "00:00", "time_zone": zone}
    page = send(client, "/console/notices/duties", 422, **said)
    assert f'value="{day}"' in page
    assert client.get("/console/notices").status_code == 200
    assert client.get("/duties").json()["items"] == []


# Webhooks


def test_a_webhook_is_added_rests_is_told_and_removed(client: httpx.Client, yard: Yard) -> None:
    page = send(client, "/console/webhooks", url="https://erp.example.org/hook", topics=["order", "alert"])
    assert re.search(r"<code>bws_[\w-]{40,}</code>", page)
    [hook] = client.get("/webhooks").json()["items"]
    there = f"/console/webhooks/{hook['webhook_id']}"
    assert "bws_" not in client.get(there).text
    assert "paused" in send(client, f"{there}/state", state="paused")
    send(client, f"{there}/ping")
    row = yard.owner.execute("SELECT message_id FROM webhook_message").fetchone()
    assert row is not None
    assert "not yet" in client.get(there).text
    assert "Nothing of this state" in client.get(there, params={"state": "dead"}).text
    send(client, there, url="https://erp.example.org/other", topics="delivery")
    assert client.get("/webhooks").json()["items"][0]["topics"] == ["delivery"]
    assert re.search(r"<code>bws_[\w-]{40,}</code>", send(client, f"{there}/secret"))
    assert "No program is told anything yet" in send(client, f"{there}/delete")


def test_what_no_webhook_can_be_is_told_beside_its_field(client: httpx.Client) -> None:
    assert set(told_beside(send(client, "/console/webhooks", 422, url="http://127.0.0.1/x", topics="order"))) == {"url"}
    page = send(client, "/console/webhooks", 422, url="https://erp.example.org/x")
    assert 'id="wrong-topics"' in page
    assert "https://erp.example.org/x" in page
    assert client.get("/webhooks").json()["items"] == []


# Organisations


def test_an_organisation_gets_its_clock_and_one_below(client: httpx.Client) -> None:
    said = {"name": "Default", "kind": "distributor", "currency": "inr", "time_zone": "Asia/Kolkata"}
    assert "Asia/Kolkata" in send(client, "/console/organisations/default", **said)
    page = send(client, "/console/organisations/default", 422, **said | {"time_zone": "Mars/Olympus"})
    assert set(told_beside(page)) == {"time_zone"}
    new = {"slug": "north", "name": "North", "kind": "sub_distributor", "currency": "INR"}
    assert "North" in send(client, "/console/organisations", **new)
    assert set(told_beside(send(client, "/console/organisations", 422, **new))) == {"slug"}
    assert client.get("/organisations/north").json()["parent"] == "default"
