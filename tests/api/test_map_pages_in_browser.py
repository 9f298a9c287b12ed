"""Drawing zones, playing a past day and bringing a table in, in a real browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.api.test_in_browser import NOW, Watched, watched
from tests.api.yard import DEPOT, Yard
from tests.browsing import new_page

pytestmark = [pytest.mark.server, pytest.mark.browser]
__all__ = ["watched"]


def open_page(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    expect(watched.page.locator("body")).to_have_attribute("data-ready", "true")


def test_a_zone_is_drawn_moved_and_let_go(watched: Watched, address: str, client: httpx.Client) -> None:
    depot = {"type": "Point", "coordinates": list(DEPOT)}
    properties = {"kind": "depot", "name": "Depot", "radius_m": 150}
    client.post(
        "/zones", json={"type": "Feature", "id": "depot", "properties": properties, "geometry": depot}
    ).raise_for_status()
    page = watched.page
    open_page(watched, f"{address}/console/zones")
    page.get_by_role("button", name="Polygon").click()
    expect(page.locator("#save")).to_be_disabled()
    page.get_by_label("Identifier").fill("red-1")
    page.get_by_label("Kind").select_option("red")
    for x, y in ((700, 300), (900, 300), (900, 450), (700, 450)):
        page.mouse.click(x, y)
    expect(page.locator(".handle")).to_have_count(4)
    page.get_by_role("button", name="Undo point").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator('[data-zone="red-1"]')).to_be_visible()
    before = client.get("/zones/red-1").json()
    assert (before["properties"]["kind"], len(before["geometry"]["coordinates"][0])) == ("red", 4)

    page.locator('[data-zone="red-1"]').click()
    expect(page.locator('[data-zone="red-1"]')).to_have_attribute("aria-pressed", "true")
    page.locator(".handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Keep").click()
    corners = before["geometry"]["coordinates"][0]
    expect(page.locator('[data-zone="red-1"]')).to_have_attribute("aria-pressed", "false")
    after = client.get("/zones/red-1").json()["geometry"]["coordinates"][0]
    assert after[0][0] > corners[0][0]
    assert after[1] == corners[1]

    page.once("dialog", lambda dialog: dialog.accept())
    page.locator('[data-zone="red-1"]').click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator('[data-zone="red-1"]')).to_have_count(0)
    assert client.get("/zones/red-1").status_code == 404
    watched.assert_well_behaved()


def test_a_past_day_is_played(watched: Watched, address: str, yard: Yard) -> None:
    van = yard.van("van-1")
    start = (NOW - timedelta(days=1)).replace(hour=8, minute=0, second=0)
    yard.drive(van, start, 60)
    yard.event(van, "unscheduled_stop", start + timedelta(seconds=300))
    page = watched.page
    open_page(watched, f"{address}/console/replay?day={start:%Y-%m-%d}&vehicle=van-1")
    tag = page.locator('.tag[data-vehicle="van-1"]')
    expect(tag).to_be_visible()
    assert float(tag.get_attribute("data-longitude") or "nan") == pytest.approx(DEPOT[0], abs=1e-5)
    page.get_by_role("button", name="Unscheduled stop").click()
    expect(page.locator("#said")).to_have_text("Moving, 36 km/h")
    page.wait_for_function(
        "east => Math.abs(document.querySelector('.tag[data-vehicle=van-1]').dataset.longitude - east) < 1e-5",
        arg=DEPOT[0] + 300 * 10 / 108_400,
    )
    page.locator("#pace").select_option("300")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#moment")).to_have_js_property("value", str(int(start.timestamp()) + 590))
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it stands at the end
    watched.assert_well_behaved()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Sao_Paulo"])
def test_a_past_day_goes_by_the_organisations_clock(
    browser: Browser, address: str, client: httpx.Client, yard: Yard, zone: str
) -> None:
    client.patch("/organisations/default", json={"time_zone": zone}).raise_for_status()
    midnight = datetime(2026, 3, 2, tzinfo=ZoneInfo(zone))
    of_day = [midnight + timedelta(minutes=10), midnight + timedelta(hours=23, minutes=50)]
    van = yard.van("van-1", since=midnight - timedelta(days=2))
    around = [of_day[0] - timedelta(minutes=20), *of_day, of_day[1] + timedelta(minutes=20)]
    yard.report(van, *({"fix_time": at} for at in around))
    yard.event(van, "unscheduled_stop", of_day[1])
    page = new_page(browser, timezone_id="Pacific/Auckland", locale="en-GB")
    page.goto(f"{address}/console/replay?day=2026-03-02")
    expect(page.locator("body")).to_have_attribute("data-ready", "true")
    slider = page.locator("#moment")
    expect(slider).to_have_attribute("min", f"{of_day[0].timestamp():.0f}")
    expect(slider).to_have_attribute("max", f"{of_day[1].timestamp():.0f}")
    expect(page.locator("#clock")).to_have_text("00:10:00")
    expect(page.locator("#events")).to_contain_text("23:50")
    expect(page.get_by_text(f"By the clock of {zone}.")).to_be_visible()
    page.get_by_role("textbox", name="Day").fill("")  # a day that is taken away is asked for, not read
    assert page.locator("#toast").is_hidden()
    page.close()


def test_a_table_is_checked_and_then_kept(watched: Watched, address: str, client: httpx.Client, tmp_path: Path) -> None:
    page = watched.page
    page.goto(f"{address}/console/tables")
    page.get_by_label("What").select_option("products")
    table = tmp_path / "products.csv"
    table.write_bytes(b"\xef\xbb\xbfproduct_id;name;price\r\ncola;Cola;dear\r\n")
    page.get_by_label("File").set_input_files(table)
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#report")).to_contain_text("1 error: nothing is kept.")
    expect(page.locator("#report tbody tr")).to_contain_text("price")
    table.write_bytes(b"\xef\xbb\xbfproduct_id;name;price\r\ncola;Cola;20\r\n")
    page.get_by_label("File").set_input_files(table)
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#report")).to_contain_text("Nothing is wrong with it: 1 new")
    assert client.get("/products").json()["items"] == []
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#report")).to_contain_text("Kept: 1 new")
    assert [item["product_id"] for item in client.get("/products").json()["items"]] == ["cola"]
    watched.assert_well_behaved()
