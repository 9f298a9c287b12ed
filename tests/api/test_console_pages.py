"""Pages of those who set things up: who is told, tables, and who sees which page at all."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from domain.people import Role
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register, signed_in
from tests.api.yard import Yard

pytestmark = pytest.mark.server
NOTICES = "/console/notices"


def send(client: httpx.Client, page: str, status: int = 200, /, **said: Any) -> str:
    answer = client.post(page, data=said, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return answer.text


def test_somebody_is_told_with_quiet_hours_and_no_more(client: httpx.Client) -> None:
    said = {"person": "asha", "channel": "email", "address": "asha@example.org", "rule": "", "least_severity": "high"}
    page = send(client, f"{NOTICES}/wishes", **said, quiet_from="22:00", quiet_until="06:00", time_zone="Asia/Kolkata")
    assert "22:00 to 06:00" in page
    [cell] = client.get("/recipients").json()["items"]
    assert (cell["rule"], cell["least_severity"], cell["quiet_from"]) == ("*", "high", "22:00:00")
    for wrong, field, why in (
        ({"quiet_from": "22:00"}, "quiet_until", "give both, or neither"),
        ({"quiet_from": "late", "quiet_until": "06:00"}, "quiet_from", "time"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "name one such as"),
    ):
        refused = send(client, f"{NOTICES}/wishes", 422, **said, **wrong)
        assert re.search(f'id="wrong-{field}"[^>]*>[^<]*{why}', refused)
        assert 'value="asha@example.org"' in refused
    refused = send(client, f"{NOTICES}/wishes", 422, **said | {"address": "asha at example"})
    assert re.search(r'id="wrong-address"[^>]*>is no mail address', refused)
    assert 'value="asha at example"' in refused
    address = re.findall(r'action="(/console/notices/wishes/[^"]+/delete)"', page)[0]
    assert "22:00 to 06:00" not in send(client, address)
    assert client.get("/recipients").json()["items"] == []


def test_a_night_on_the_rota_ends_the_day_after(client: httpx.Client) -> None:
    said = {"person": "ravi", "day": "2030-03-02", "time_zone": "Asia/Kolkata"}
    page = send(client, f"{NOTICES}/duties", **said, opens="22:00", closes="06:00")
    [duty] = client.get("/duties").json()["items"]
    assert (duty["since"], duty["until"]) == ("2030-03-02T16:30:00Z", "2030-03-03T00:30:00Z")
    refused = send(client, f"{NOTICES}/duties", 422, **said | {"day": "soon"}, opens="22:00", closes="06:00")
    assert re.search('id="wrong-opens"[^>]*>[^<]*is no moment', refused)
    since = re.findall(r'name="since" value="([^"]+)"', page)[0]
    send(client, f"{NOTICES}/duties/ravi/delete", since=since)
    assert client.get("/duties").json()["items"] == []


def test_everybody_is_offered_the_tables_that_are_theirs(database_url: str, yard: Yard, client: httpx.Client) -> None:
    offered = {}
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as signing:
        for role in (Role.distributor_manager, Role.field_representative, Role.manufacturer_analyst):
            register(yard, role.value, role)
            page = signing.get("/console/tables", headers=signed_in(signing, role.value)).text
            offered[role] = set(re.findall(r'<option value="([^"]+)"', page))
    assert {"people", "zones", "outlets"} <= offered[Role.distributor_manager]
    assert offered[Role.field_representative] == {"outlets", "orders"}
    assert offered[Role.manufacturer_analyst] == set()


def test_every_page_of_the_bar_opens(client: httpx.Client) -> None:
    bar = client.get("/console/board").text
    pages = re.findall(r'<a href="(/[^"]*)"', bar[bar.index("<nav") : bar.index("</nav>")])
    assert len(pages) >= 12
    for page in pages:
        answer = client.get(page, headers={"accept": "text/html"})
        assert (page, answer.status_code) == (page, 200)
        assert 'aria-current="page"' in answer.text or page == "/driver"  # which has a bar of its own


def test_everybody_begins_where_their_work_is_and_is_offered_no_more(
    database_url: str, yard: Yard, client: httpx.Client
) -> None:
    homes = {
        Role.distributor_manager: "/", Role.checker: "/console/loads", Role.driver: "/driver",
        Role.field_representative: "/console/tables", Role.manufacturer_analyst: "/",
    }  # fmt: skip
    with serving(database_url, sign_in=True) as address:
        for role, home in homes.items():
            register(yard, role.value, role)
            with httpx.Client(base_url=address, headers={"accept": "text/html"}, follow_redirects=True, timeout=60) as signing:
                answer = signing.post("/sign-in", data={"login": role.value, "password": PASSWORD})
                assert (role, answer.status_code, answer.url.path) == (role, 200, home)
                for page in re.findall(r'<a href="(/[^"]*)"', answer.text.partition("<nav")[2].partition("</nav>")[0]):
                    assert (role, page, signing.get(page).status_code) == (role, page, 200)
