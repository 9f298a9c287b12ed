"""The driver's page on a phone and the checker's at the ramp, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from domain.people import Role
from tests.api.conftest import serving
from tests.api.goods import LOAD, NOW, delivery_to, dispatched_trip, driver, planned_trip
from tests.api.line import line_to, without_network
from tests.api.persons import PASSWORD, register
from tests.api.test_media import PNG
from tests.api.yard import Yard
from tests.browsing import CONTRASTS, new_context, new_page

pytestmark = [pytest.mark.server, pytest.mark.browser]
START = NOW - timedelta(hours=1)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = new_context(
        browser,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        geolocation={"longitude": 77.6, "latitude": 12.97, "accuracy": 8},
        permissions=["geolocation"],
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def open_page(page: Page, address: str) -> None:
    page.goto(f"{address}/driver")
    expect(page.locator("body")).to_have_attribute("data-ready", "true")


def test_a_driver_delivers_with_signature_and_photo(
    phone: Page, address: str, client: httpx.Client, yard: Yard, tmp_path: Path
) -> None:
    dispatched_trip(client, yard, START)
    photo = tmp_path / "shop.png"
    photo.write_bytes(_picture(phone))
    open_page(phone, address)
    stops = phone.locator(".stop")
    expect(stops).to_have_count(2)
    expect(stops.first).to_contain_text("Shop O-1")
    stops.first.get_by_role("button", name="I am there").tap()
    expect(stops.first).to_have_attribute("data-state", "arrived")
    stops.first.get_by_role("button", name="Deliver").tap()
    sheet = phone.locator("#sheet")
    sheet.get_by_label("Cola: pieces delivered").fill("20")
    sheet.get_by_label("Cola: why fewer").select_option("no room")
    sheet.get_by_label("Cash").fill("755.20")
    sheet.get_by_label("Photo").set_input_files(photo)
    sheet.get_by_label("Name of who signs").fill("Asha")
    _sign(phone)
    sheet.get_by_role("button", name="Delivered").tap()
    expect(stops.first).to_have_attribute("data-state", "partially_delivered")
    expect(phone.locator("#pending")).to_have_text("all sent")
    told = delivery_to(client, "S-1")
    assert (told["state"], told["cash"]) == ("partially_delivered", pytest.approx(755.2))
    assert [(line["delivered"], line["short_reason"]) for line in told["lines"]] == [(20, "no room"), (12, None)]
    assert sorted((proof["kind"], proof["signed_by"]) for proof in told["proofs"]) == [("photo", None), ("signature", "Asha")]
    assert told["proofs"][0]["longitude_deg"] == pytest.approx(77.6)
    for proof in told["proofs"]:
        assert client.get(f"/media/{proof['sha256']}").status_code == 200


def test_what_is_done_without_a_network_is_sent_when_there_is_one(
    phone: Page, address: str, client: httpx.Client, yard: Yard
) -> None:
    dispatched_trip(client, yard, START)
    with line_to(address) as line:
        open_page(phone, line.address)
        expect(phone.locator("body")).to_have_attribute("data-kept", "true")  # at the first visit
        second = phone.locator(".stop").nth(1)
        with without_network(phone.context, line):
            second.get_by_role("button", name="Deliver").tap()
            _sign(phone)
            phone.locator("#sheet").get_by_role("button", name="Delivered").tap()
            expect(second).to_have_attribute("data-state", "delivered")
            expect(second).to_contain_text("not sent yet")
            expect(phone.locator("#pending")).to_have_text("3 not sent")
            phone.reload()  # the page and what was done survive
            expect(second).to_have_attribute("data-state", "delivered")
            expect(phone.locator("#pending")).to_have_text("3 not sent")
            assert delivery_to(client, "S-2")["state"] == "pending"
        expect(phone.locator("#pending")).to_have_text("all sent")
        told = delivery_to(client, "S-2")
        assert (told["state"], [proof["kind"] for proof in told["proofs"]]) == ("delivered", ["signature"])


def test_what_the_server_refuses_is_shown_until_the_driver_knows(
    phone: Page, address: str, client: httpx.Client, yard: Yard
) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    body = {"at": NOW.isoformat(), "reason": "closed"}
    client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/fail", json=body).raise_for_status()
    phone.locator(".stop").first.get_by_role("button", name="I am there").tap()
    refused = phone.locator("#refused .notice")
    expect(refused).to_contain_text("is failed and cannot become arrived")
    refused.get_by_role("button").tap()
    expect(refused).to_have_count(0)


def test_a_driver_reports_that_the_van_stands(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    phone.get_by_role("button", name="The van stands").tap()
    phone.get_by_label("What happened?").fill("flat tyre")
    with phone.expect_response("**/breakdowns"):
        phone.locator("#sheet").get_by_role("button", name="Report").tap()
    [told] = client.get("/breakdowns").json()["items"]
    assert (told["reason"], told["state"], told["latitude_deg"]) == ("flat tyre", "reported", pytest.approx(12.97))


def test_a_driver_sees_only_his_own_trip(browser: Browser, database_url: str, yard: Yard, client: httpx.Client) -> None:
    register(yard, "ravi", Role.driver)
    register(yard, "other", Role.driver)
    driver(yard, "D-1", "ravi")
    dispatched_trip(client, yard, START)
    client.put("/trips/T-1/driver", json={"driver_id": "D-1"}).raise_for_status()
    with serving(database_url, sign_in=True) as address:
        for login, shown in (("ravi", 2), ("other", 0)):
            page = new_page(browser, viewport={"width": 390, "height": 844})
            page.goto(address)
            page.get_by_label("Login").fill(login)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/driver")
            expect(page.locator("body")).to_have_attribute("data-ready", "true")
            expect(page.locator(".stop")).to_have_count(shown)
            page.close()


def test_checker_and_driver_count_a_load_at_the_ramp(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    phone.goto(f"{address}/console/loads")
    phone.get_by_role("link", name="van-1 T-1").tap()
    phone.get_by_role("button", name="Begin to load").tap()
    checker, receiver = phone.locator('[data-counter="checker"]'), phone.locator('[data-counter="driver"]')
    checker.get_by_label("Cola expected 60").fill("58")
    checker.get_by_label("Why another number").first.fill("two broken")
    checker.get_by_role("button", name="Hand over").tap()
    for cola in ("60", "58"):
        receiver.get_by_label("Cola expected 60").fill(cola)
        receiver.get_by_label("Soap expected 12").fill("12")
        receiver.get_by_role("button", name="Receive").tap()
        if cola == "60":
            expect(phone.locator("b.off")).to_have_text("not agreed: cola")
    expect(phone.locator("main")).to_have_attribute("data-state", "load_confirmed")
    assert client.get("/trips/T-1/life").json()["state"] == "load_confirmed"


def test_a_driver_receives_the_load_on_the_phone(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    planned_trip(client, yard)
    client.post("/trips/T-1/load-out", json={}).raise_for_status()
    client.post("/trips/T-1/load-out/counts", json={"counted_as": "checker", "lines": LOAD}).raise_for_status()
    open_page(phone, address)
    phone.get_by_role("button", name="Count the load").tap()
    phone.get_by_label("Cola, 60 expected").fill("60")
    phone.get_by_label("Soap, 12 expected").fill("12")
    phone.get_by_role("button", name="Received").tap()
    expect(phone.locator("section")).to_have_attribute("data-state", "load_confirmed")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_drivers_page_can_be_read_and_tapped(
    browser: Browser, address: str, client: httpx.Client, yard: Yard, theme: str
) -> None:
    dispatched_trip(client, yard, START)
    page = new_page(browser, viewport={"width": 360, "height": 740}, color_scheme="dark" if theme == "dark" else "light")
    open_page(page, address)
    page.locator(".stop").first.get_by_role("button", name="Deliver").click()
    assert [(text, round(contrast, 2)) for contrast, text in page.evaluate(CONTRASTS) if contrast < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('#sheet button, #sheet input, .acts .button')].filter((e) => e.checkVisibility()"
        " && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"
    )
    assert small == []
    page.close()


def _sign(page: Page) -> None:
    pad = page.get_by_label("Sign here")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 20 + 25 * step, box["y"] + 40 + 30 * (step % 2))
    page.mouse.up()


def _picture(page: Page) -> bytes:
    """Some photo: a screenshot is as good as any."""
    page.set_content("<h1>Shop</h1>")
    shot = page.screenshot()
    assert shot.startswith(PNG[:8])
    return shot


def test_a_long_order_is_told_by_its_end(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    long = "SO/2026-27/BLR-SOUTH/000123456"
    yard.owner.execute("SET session_replication_role = replica")  # so that what refers to it need not follow
    for table in ("order_line", "sales_order", "stop_delivery"):
        yard.owner.execute(f"UPDATE {table} SET order_id = %s WHERE order_id = 'A'", (long,))
    yard.owner.execute("SET session_replication_role = DEFAULT")
    open_page(phone, address)
    told = phone.locator(f'.stop [title="{long}"]')
    expect(told).to_have_text("…00123456")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_that_does_not_say_where_it_is_is_told_what_that_means(
    browser: Browser, address: str, client: httpx.Client, yard: Yard
) -> None:
    dispatched_trip(client, yard, START)
    context = new_context(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.add_init_script("""
      const asked = navigator.permissions.query.bind(navigator.permissions);
      navigator.permissions.query = async (what) => what.name === "geolocation"
        ? Object.assign(new EventTarget(), { state: "denied" }) : asked(what);
    """)
    open_page(page, address)
    expect(page.locator("#no-place")).to_be_visible()
    stop = page.locator(".stop").first
    stop.get_by_role("button", name="Deliver").tap()
    page.locator("#sheet").get_by_role("button", name="Delivered").tap()
    expect(stop).to_have_attribute("data-state", "delivered")
    expect(page.locator("#pending")).to_have_text("all sent")
    assert delivery_to(client, "S-1")["state"] == "delivered"
    context.close()


def test_a_phone_that_says_where_it_is_is_told_nothing(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    expect(phone.locator("#no-place")).to_be_hidden()
