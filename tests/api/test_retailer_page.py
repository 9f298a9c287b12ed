"""What a retailer sees by its link, in a browser and as a program."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.api.goods import NOW, delivery_to, dispatched_trip, order, outlet
from tests.api.test_every_page_in_browser import WIDTH_PX
from tests.api.yard import Yard
from tests.browsing import new_page

pytestmark = pytest.mark.server
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MEAN = "<script>document.title='hit'</script>\"'" + "W" * 90 + " محل الخير 🛒"


@pytest.fixture
def link(client: httpx.Client, yard: Yard) -> str:
    """The link of O-1, of whose two orders A is on a van and OLD was cancelled."""
    dispatched_trip(client, yard, NOW - timedelta(hours=1))
    order(yard, "OLD", "O-1", ("T-1", "S-1"), ("soap", 5))
    yard.owner.execute("UPDATE sales_order SET state = 'cancelled', trip_id = NULL, stop_id = NULL WHERE order_id = 'OLD'")
    client.patch("/organisations/default", json={"time_zone": "Asia/Kolkata", "name": "North Goods"}).raise_for_status()
    path: str = client.post("/outlets/O-1/links", json={"days": 3}).json()["path"]
    return path


def read(client: httpx.Client, link: str) -> str:
    answer = client.get(link, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"].lower().startswith("accept")
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def test_a_browser_gets_a_page_and_a_program_json(client: httpx.Client, link: str) -> None:
    page = read(client, link)
    assert "Shop O-1" in page
    assert "Your orders from North Goods" in page
    assert "on its way" in page
    assert page.index("To come") < page.index("Order A") < page.index("Before") < page.index("Order OLD")
    assert "Order B" not in page  # another outlet's
    assert "Times are those of Asia/Kolkata" in page
    seen = client.get(link).json()
    assert (seen["distributor"], {one["order_id"] for one in seen["orders"]}) == ("North Goods", {"A", "OLD"})


def test_the_page_says_what_came_and_what_did_not(client: httpx.Client, link: str) -> None:
    lines = [{"line_no": 1, "delivered": 20, "damaged": 1, "short_reason": "no room"}, {"line_no": 2, "delivered": 12}]
    done = f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/complete"
    client.post(done, json={"at": NOW.isoformat(), "lines": lines}).raise_for_status()
    page = read(client, link)
    assert "delivered in part" in page
    assert re.search(r"Cola 4 short 1 damaged 24 20 ", page)


def test_a_link_that_ended_says_so_and_leads_nowhere(client: httpx.Client, link: str, yard: Yard) -> None:
    yard.owner.execute("UPDATE retailer_link SET expires_at = now()")
    answer = client.get(link, headers=HTML)
    assert answer.status_code == 404
    assert "This link holds no longer" in answer.text
    assert 'href="/' not in re.sub(r"<link [^>]*>", "", answer.text)
    assert client.get(link).json()["code"] == "not_found"


def test_an_outlet_without_orders_is_told_so(client: httpx.Client, yard: Yard) -> None:
    outlet(yard, "O-9")
    link = client.post("/outlets/O-9/links", json={"days": 1}).json()["path"]
    assert "Nothing is on order" in read(client, link)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_are_text_and_fit_on_a_small_phone(browser: Browser, address: str, link: str, yard: Yard, theme: str) -> None:
    for table in ("outlet", "product", "organisation"):
        yard.owner.execute(f"UPDATE {table} SET name = %s", (MEAN,))
    page = new_page(
        browser,
        viewport={"width": WIDTH_PX, "height": 740},
        is_mobile=True,
        color_scheme="dark" if theme == "dark" else "light",
    )
    page.goto(f"{address}{link}")
    expect(page.get_by_role("heading", level=1)).to_have_text(MEAN)
    expect(page.locator('[data-order="A"] tbody tr')).to_have_count(2)
    assert page.title() == f"{MEAN} · Beatwatch"
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH_PX
    page.close()
