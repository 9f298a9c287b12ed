"""A trip by the console's pages alone, from the ramp to closure, as its people would click through it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from domain.people import Role
from tests.api.conftest import serving
from tests.api.goods import NOW, delivery_to, dispatched_trip, driver, planned_trip
from tests.api.persons import register, signed_in
from tests.api.yard import Yard

pytestmark = pytest.mark.server
TRIP = "/console/trips/T-1"


def send(client: httpx.Client, address: str, **said: Any) -> str:
    """Send a form as a browser would and follow to the page that comes back."""
    answer = client.post(address, data=said, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def state(page: str) -> str:
    found = re.search(r'data-trip="T-1" data-state="(\w+)"', page)
    assert found is not None
    return found[1]


def deliver(client: httpx.Client, stop_id: str, **lines: int) -> None:
    told = delivery_to(client, stop_id)
    said = [{"line_no": line["line_no"], "delivered": lines.get(line["product_id"], line["ordered"])} for line in told["lines"]]
    said = [{**line, "short_reason": "no room"} for line in said]
    body = {"at": NOW.isoformat(), "lines": said, "payment": {"cash": 100}}
    client.post(f"/deliveries/{told['delivery_id']}/complete", json=body).raise_for_status()
    proof = {"kind": "scan", "code": stop_id, "captured_at": NOW.isoformat()}
    client.post(f"/deliveries/{told['delivery_id']}/proofs", json=proof).raise_for_status()


def test_a_whole_trip_by_its_pages(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard, NOW - timedelta(hours=1))
    driver(yard, "D-1")
    load = "/console/loads/T-1"
    send(client, f"{load}/open", depot_id="depot")
    for counter in ("checker", "driver"):
        counted = {"product_id": ["cola", "soap"], "pieces": ["60", "12"], "reason": ["", ""]}
        page = send(client, f"{load}/counts", counted_as=counter, crates="3", **counted)
    assert "To the trip" in page
    page = send(client, f"{TRIP}/driver", driver_id="D-1")
    assert "driven by Ravi" in page
    assert state(send(client, f"{TRIP}/dispatch")) == "dispatched"
    deliver(client, "S-1", cola=20)
    deliver(client, "S-2")
    for step in ("returning", "unloading"):
        assert state(send(client, f"{TRIP}/state", state=step)) == step
    handed = {"product_id": ["cola", "soap"], "cash": "200", "upi": "0", "crates": "3"}
    page = send(client, f"{TRIP}/settlement", pieces=["3", "0"], **handed)
    assert state(page) == "settlement_pending"
    assert '<td class="number">-1</td>' in page  # four colas should have come back
    assert "say in the comment how that was resolved" in send(client, f"{TRIP}/settlement/decision", decision="approve")
    assert state(send(client, f"{TRIP}/settlement/decision", decision="reject")) == "unloading"
    send(client, f"{TRIP}/settlement", pieces=["4", "0"], **handed)
    page = send(client, f"{TRIP}/settlement/decision", decision="approve")
    assert state(page) == "settled"
    assert page.count('data-passed="true"') == 3
    send(client, f"{TRIP}/closure", comment="a good day")
    [asked] = client.get("/approvals", params={"state": "pending"}).json()["items"]
    page = client.get("/console/approvals").text
    assert 'href="/console/trips/T-1"' in page
    assert "checks" in page
    send(client, f"/console/approvals/{asked['approval_id']}", decision="approve", comment="seen")
    assert state(client.get(TRIP).text) == "closed"
    assert client.get("/trips/T-1/settlement").json()["crates_counted"] == 3


def test_a_breakdown_is_decided_on_and_repaired_by_the_pages(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, NOW - timedelta(hours=1))
    client.post("/trips/T-1/breakdowns", json={"at": NOW.isoformat(), "reason": "flat tyre"}).raise_for_status()
    assert "Decide on it" in client.get(TRIP).text
    [asked] = client.get("/approvals", params={"state": "pending"}).json()["items"]
    send(client, f"/console/approvals/{asked['approval_id']}", decision="approve")
    page = client.get(TRIP).text
    assert state(page) == "breakdown"
    act = re.findall(r'action="(/console/trips/T-1/breakdowns/[^"]+)"', page)[0]
    send(client, act, state="repair")
    assert state(send(client, act, state="closed", note="spare wheel")) == "in_progress"
    assert "Decide on it" not in client.get(TRIP).text


def test_what_is_refused_is_said_on_the_page(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    page = send(client, f"{TRIP}/dispatch")
    assert state(page) == "planned"
    assert 'role="alert"' in page
    assert "&#39;dispatched&#39;" in page or "dispatched" in page
    answer = client.post(f"{TRIP}/dispatch", headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 303
    missing = client.post("/console/trips/nowhere/dispatch", headers={"accept": "text/html"}, follow_redirects=True)
    assert missing.status_code == 404
    assert "<h1>Not Found</h1>" in missing.text


def test_forms_are_shown_to_those_who_may_send_them(database_url: str, yard: Yard, client: httpx.Client) -> None:
    dispatched_trip(client, yard, NOW - timedelta(hours=1))
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as signing:
        for role, sees in ((Role.logistics_manager, True), (Role.manufacturer_analyst, False)):
            register(yard, role.value, role)
            headers = signed_in(signing, role.value) | {"accept": "text/html"}
            assert ("Send code" in signing.get(TRIP, headers=headers).text) == sees
        refused = signing.post(f"{TRIP}/dispatch", headers=headers)
        assert refused.status_code == 403
        assert refused.headers["content-type"].startswith("text/html")
        gone = signing.post(f"{TRIP}/dispatch", headers={"accept": "text/html", "referer": f"{address}{TRIP}?x=1"})
        assert gone.headers["location"] == "/sign-in?then=%2Fconsole%2Ftrips%2FT-1%3Fx%3D1"


def test_reports_are_shown_with_what_their_figures_mean(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, NOW - timedelta(hours=1))
    page = client.get("/console/reports").text
    assert "Trips planned to start within the span." in page
    assert '<td class="number">2</td>' in page  # its stops
    file = re.findall(r'href="(/reports/trips\?[^"]+format=csv)"', page)[0].replace("&amp;", "&")
    assert client.get(file).text.splitlines()[1].startswith(f"{NOW - timedelta(hours=1):%Y-%m-%d},1,2,")
    assert "must be later" in client.get("/console/reports", params={"since": "2026-02-02", "until": "2026-01-01"}).text
    assert client.get("/console/reports", params={"name": "otif", "by": "outlet"}).status_code == 200


def refused(client: httpx.Client, address: str, status: int, **said: Any) -> str:
    answer = client.post(address, data=said, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


def test_counts_that_are_refused_stay_as_they_were_typed(client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard, NOW - timedelta(hours=1))
    send(client, "/console/loads/T-1/open", depot_id="depot")
    said = {"product_id": ["cola", "soap"], "pieces": ["59", "-1"], "reason": ['one "broken" <b>', ""], "crates": "many"}
    page = refused(client, "/console/loads/T-1/counts", 422, counted_as="checker", **said)
    assert 'id="wrong-lines.1.pieces" role="alert">has to be at least 0<' in page
    assert 'id="wrong-crates" role="alert">is no whole number<' in page
    for typed in ('value="59"', 'value="-1"', 'value="one "broken" <b>"', 'value="many"'):
        assert page.count(typed) == 1  # in the checker's form, not in the driver's
    short = {"product_id": ["cola", "soap"], "pieces": ["59"], "crates": "0"}
    assert "is no whole number" in refused(client, "/console/loads/T-1/counts", 422, counted_as="checker", **short)
    assert client.get("/trips/T-1/load-out").json()["checker"] is None


def test_a_settlement_that_is_refused_stays_as_it_was_typed(client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, NOW - timedelta(hours=1))
    deliver(client, "S-1")
    deliver(client, "S-2")
    for step in ("returning", "unloading"):
        send(client, f"{TRIP}/state", state=step)
    said = {
        "product_id": ["cola", "soap"],
        "pieces": ["7", "99999999999"],
        "cash": "1,50",
        "upi": "12.345",
        "crates": "few",
        "note": "wet",
    }
    page = refused(client, f"{TRIP}/settlement", 422, **said)
    for field in ("lines.1.pieces", "cash", "upi", "crates"):
        assert f'id="wrong-{field}"' in page
    for typed in ("7", "99999999999", "1,50", "12.345", "wet"):
        assert f'value="{typed}"' in page
    assert state(page) == "unloading"
    said |= {"product_id": ["cola", "gold"], "pieces": ["7", "1"], "cash": "1", "upi": "0", "crates": "0"}
    page = refused(client, f"{TRIP}/settlement", 422, **said)
    assert "never was on this van" in page
    assert 'value="7"' in page


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("/console/loads/T-1/open", {"depot_id": "\0"}),
        (f"{TRIP}/driver", {"driver_id": "\0"}),
        (f"{TRIP}/settlement/decision", {"decision": "approve", "comment": "\0"}),
        (f"{TRIP}/closure", {"comment": "\0"}),
        (f"{TRIP}/breakdowns/none", {"state": "transfer", "to_trip_id": "", "product_id": "cola", "pieces": "-1"}),
        ("/console/approvals/1", {"decision": "approve", "comment": "\0"}),
    ],
)
def test_what_a_form_cannot_take_is_told_above_it(client: httpx.Client, yard: Yard, page: str, said: dict[str, str]) -> None:
    planned_trip(client, yard)
    assert 'class="card refusal" role="alert"' in refused(client, page, 200, **said)
