"""What the driver's forms promise: nothing typed is lost, no refusal comes too late, and proof can come later."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from domain.people import Role
from tests.api.conftest import serving
from tests.api.goods import delivery_to, dispatched_trip, driver
from tests.api.persons import PASSWORD, register
from tests.api.test_driver_in_browser import START, open_page, phone
from tests.api.yard import Yard
from tests.browsing import new_page
from tests.waiting import PATIENCE_MS

pytestmark = [pytest.mark.server, pytest.mark.browser]
__all__ = ["phone"]
LATE_MS = 1_000
LATE = """() => {
  const real = window.fetch;
  window.fetch = (address, ...more) => (address === "/me/trips" ? new Promise(() => {}) : real(address, ...more));
}"""


def open_delivery(page: Page) -> None:
    page.locator(".stop").first.get_by_role("button", name="Deliver").tap()


def slow_to_sign_in(page: Page) -> list[str]:
    """The sign-in comes late from now on; what was asked of it is listed."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        page.wait_for_timeout(LATE_MS)
        route.continue_()

    page.route("**/sign-in?**", answer)
    return asked


def test_back_button_and_reload_lose_nothing_that_was_typed(
    phone: Page, address: str, client: httpx.Client, yard: Yard
) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    open_delivery(phone)
    phone.get_by_label("Cola: pieces delivered").fill("20")
    phone.get_by_label("Cola: why fewer").select_option("no money")
    phone.go_back()
    expect(phone.locator("#sheet")).to_be_hidden()
    assert phone.url == f"{address}/driver"
    phone.reload()
    open_delivery(phone)
    expect(phone.get_by_label("Cola: pieces delivered")).to_have_value("20")
    expect(phone.get_by_label("Cola: why fewer")).to_have_value("no money")
    phone.get_by_role("button", name="Delivered").dblclick()
    expect(phone.locator(".stop").first).to_have_attribute("data-state", "partially_delivered")
    expect(phone.locator("#pending")).to_have_text("all sent")
    assert delivery_to(client, "S-1")["lines"][0]["short_reason"] == "no money"
    expect(phone.locator("#refused .notice")).to_have_count(0)


def test_what_is_to_pay_is_what_will_be_billed(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    yard.owner.execute("UPDATE order_line SET discount_value = 48 WHERE order_id = 'A' AND line_no = 1")
    open_page(phone, address)
    open_delivery(phone)
    phone.get_by_label("Cola: pieces delivered").fill("17")
    shown = phone.locator(".due").inner_text()
    phone.get_by_role("button", name="All in cash").tap()
    phone.get_by_role("button", name="Delivered").tap()
    expect(phone.locator(".stop").first).to_have_attribute("data-state", "partially_delivered")
    expect(phone.locator("#pending")).to_have_text("all sent")
    told = delivery_to(client, "S-1")
    assert told["invoice_value"] == pytest.approx(17 * 18 * 1.18 + 12 * 20 * 1.18)  # two off each cola
    assert shown.startswith(f"To pay {told['invoice_value']:.2f},")
    assert (told["cash"], told["credit"]) == (pytest.approx(told["invoice_value"]), 0)


def test_what_cannot_be_taken_is_said_while_the_form_is_open(
    phone: Page, address: str, client: httpx.Client, yard: Yard, tmp_path: Path
) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    open_delivery(phone)
    phone.get_by_text("Damaged or returned").first.tap()
    phone.get_by_label("Cola: damaged").fill("5")
    phone.get_by_role("button", name="Delivered").tap()
    cola = phone.get_by_label("Cola: pieces delivered")
    expect(cola).to_have_js_property("validationMessage", "Only 24 are on the van.")
    phone.get_by_label("Cola: damaged").fill("0")
    broken = tmp_path / "photo.jpg"
    broken.write_bytes(b"no picture")
    phone.get_by_label("Photo").set_input_files(broken)
    phone.get_by_role("button", name="Delivered").tap()
    expect(phone.locator("#sheet .refusal")).to_contain_text("cannot be read")
    for product in ("Cola", "Soap"):
        phone.get_by_label(f"{product}: pieces delivered").fill("0")
    phone.get_by_label("Photo").set_input_files([])
    phone.get_by_role("button", name="Delivered").tap()
    expect(phone.locator("#sheet .refusal")).to_contain_text("Nothing is handed over")
    assert delivery_to(client, "S-1")["state"] == "pending"


def test_proof_can_be_added_to_what_is_delivered(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    open_delivery(phone)
    phone.get_by_label("One-time password").fill("000000")  # nobody was given one
    phone.get_by_role("button", name="Delivered").tap()
    expect(phone.locator("#refused")).to_contain_text("Proof for Shop O-1")
    first = phone.locator(".stop").first
    expect(first).to_contain_text("Nothing proves it yet")
    first.get_by_role("button", name="Add proof").tap()
    phone.get_by_label("Scanned code").fill("8901234567890")
    phone.get_by_role("button", name="Add", exact=True).tap()
    expect(first).to_contain_text("Proved by scan")
    assert [(proof["kind"], proof["code"]) for proof in delivery_to(client, "S-1")["proofs"]] == [("scan", "8901234567890")]


def test_a_van_that_stands_is_not_reported_twice(phone: Page, address: str, client: httpx.Client, yard: Yard) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    phone.get_by_role("button", name="Set off").tap()
    expect(phone.locator("section")).to_have_attribute("data-state", "in_progress")
    phone.get_by_role("button", name="The van stands").tap()
    phone.get_by_label("What happened?").fill("flat tyre")
    phone.get_by_role("button", name="Report").tap()
    expect(phone.get_by_text("Reported: flat tyre")).to_be_visible()
    expect(phone.get_by_role("button", name="The van stands")).to_have_count(0)


def test_a_session_that_ends_does_not_take_the_open_form_away(
    browser: Browser, database_url: str, yard: Yard, client: httpx.Client
) -> None:
    register(yard, "ravi", Role.driver)
    driver(yard, "D-1", "ravi")
    dispatched_trip(client, yard, START)
    client.put("/trips/T-1/driver", json={"driver_id": "D-1"}).raise_for_status()
    with serving(database_url, sign_in=True) as address:
        page = new_page(browser, viewport={"width": 360, "height": 740})
        page.goto(address)
        page.get_by_label("Login").fill("ravi")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/driver")
        first = page.locator(".stop").first
        first.get_by_role("button", name="I am there").click()
        expect(first).to_have_attribute("data-state", "arrived")
        expect(page.locator("#pending")).to_have_text("all sent")
        first.get_by_role("button", name="Deliver").click()
        page.get_by_label("Cash").fill("700")
        page.context.clear_cookies()
        with page.expect_response(lambda answer: answer.status == 401):
            page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.get_by_label("Cash")).to_have_value("700")
        asked = slow_to_sign_in(page)
        page.get_by_role("button", name="Delivered").click()
        page.wait_for_url("**/sign-in?then=**", timeout=PATIENCE_MS)
        assert asked == [f"{address}/sign-in?then=%2Fdriver"]
        page.get_by_label("Login").fill("ravi")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/driver")
        expect(first).to_have_attribute("data-state", "delivered")
        expect(page.locator("#pending")).to_have_text("all sent")
        page.close()
    assert delivery_to(client, "S-1")["cash"] == 700


def test_what_was_sent_is_not_shown_as_undone_until_it_is_read_again(
    phone: Page, address: str, client: httpx.Client, yard: Yard
) -> None:
    dispatched_trip(client, yard, START)
    open_page(phone, address)
    phone.evaluate(LATE)
    first = phone.locator(".stop").first
    open_delivery(phone)
    phone.get_by_role("button", name="Delivered").tap()
    expect(first).to_have_attribute("data-state", "delivered")
    expect(phone.locator("#pending")).to_have_text("all sent")
    expect(first).to_have_attribute("data-state", "delivered")
    expect(first).not_to_contain_text("not sent yet")
