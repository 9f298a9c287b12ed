"""Every page of the console on a small phone, light and dark: to be read, reached and named."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import httpx
import pytest
from playwright.sync_api import Browser, Error, Page

from geofence.worker.settings import define_parameters
from tests.api.goods import NOW, delivery_to, dispatched_trip
from tests.api.persons import register
from tests.api.yard import Yard
from tests.browsing import CONTRASTS, new_context

pytestmark = [pytest.mark.server, pytest.mark.browser]
PAGES = (
    "/console/board",
    "/console/loads",
    "/console/loads/T-1",
    "/console/trips/T-1",
    "/console/alerts",
    "/console/approvals",
    "/console/reports",
    "/console/replay",
    "/console/zones",
    "/console/tables",
    "/console/setup",
    "/console/people",
    "/console/people/asha",
    "/console/notices",
    "/console/thresholds",
    "/console/thresholds/unscheduled_stop.least_s",
    "/console/exceptions",
    "/console/exceptions/new",
    "/console/exceptions/flat-tyre",
    "/console/webhooks",
    "/console/organisations",
    "/console/rules",
    "/console/rules/new",
    "/driver",
    "/sign-in",
    "/console/nowhere",
)
WIDTH_PX = 360
UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")]
  .filter((element) => element.checkVisibility())
  .filter((element) => !element.labels?.length && !element.getAttribute("aria-label") && !element.title)
  .filter((element) => !element.textContent.trim())
  .map((element) => element.outerHTML)"""

STOPS_OUT_OF_SIGHT = f"""() => [...document.querySelectorAll(".cells li")]
  .filter((cell) => cell.getBoundingClientRect().right > {WIDTH_PX}).map((cell) => cell.title)"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_read_on_a_small_phone(
    browser: Browser, address: str, client: httpx.Client, yard: Yard, theme: str
) -> None:
    _a_day_with_everything(client, yard)
    context = new_context(
        browser,
        viewport={"width": WIDTH_PX, "height": 740},
        is_mobile=True,
        color_scheme="dark" if theme == "dark" else "light",
    )
    wrong: list[object] = []
    for path in PAGES:
        page = context.new_page()
        page.on("pageerror", partial(_note, wrong, path))
        page.goto(f"{address}{path}", wait_until="networkidle")
        wrong += [(path, *fault) for fault in _faults(page)]
        page.close()
    context.close()
    assert wrong == []


def _note(wrong: list[object], path: str, error: Error) -> None:
    wrong.append((path, str(error)))


def _faults(page: Page) -> list[tuple[str, object]]:
    faults: list[tuple[str, object]] = []
    if page.evaluate("document.documentElement.scrollWidth") > WIDTH_PX:  # innerWidth grows with what does not fit
        faults.append(("wider than the screen", page.evaluate("document.documentElement.scrollWidth")))
    faults += [("faint", (text, round(contrast, 2))) for contrast, text in page.evaluate(CONTRASTS) if contrast < 4.5]
    faults += [("without a name", element) for element in page.evaluate(UNNAMED)]
    faults += [("out of sight", cell) for cell in page.evaluate(STOPS_OUT_OF_SIGHT)]
    if page.evaluate("document.querySelectorAll('h1').length") != 1 and "/driver" not in page.url:
        faults.append(("headings", page.evaluate("document.querySelectorAll('h1').length")))
    return faults


def _a_day_with_everything(client: httpx.Client, yard: Yard) -> None:
    van = dispatched_trip(client, yard, NOW - timedelta(hours=1))
    yard.drive(van, NOW - timedelta(hours=1), 20)
    yard.alert(yard.event(van, "missed_stop", NOW))
    body = {"at": NOW.isoformat(), "reason": "closed"}
    client.post(f"/deliveries/{delivery_to(client, 'S-1')['delivery_id']}/fail", json=body).raise_for_status()
    client.post("/trips/T-1/breakdowns", json={"at": NOW.isoformat(), "reason": "flat tyre"}).raise_for_status()
    wish = {"address": "asha@example.org", "quiet_from": "22:00", "quiet_until": "06:00"}
    client.put("/recipients/asha/email/*", json=wish).raise_for_status()
    register(yard, "asha")
    yard.owner.execute("UPDATE person SET name = %s WHERE login = 'asha'", ("W" * 200,))
    with yard.pool.connection() as connection:
        define_parameters(connection)
    client.post("/webhooks", json={"url": "https://erp.example.org/hook", "topics": ["order"]}).raise_for_status()
    approved = {"suppressor_id": "flat-tyre", "kind": "breakdown", "vehicle_id": "van-1", "valid_from": NOW.isoformat()}
    client.post("/suppressors", json=approved).raise_for_status()
