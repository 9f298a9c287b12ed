"""What a person sees, in a real browser over a real server and database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from api import assets
from tests.api.conftest import serving
from tests.api.persons import PASSWORD, register
from tests.api.yard import DEPOT, Yard, trip_document
from tests.browsing import CONTRASTS, new_page
from tests.waiting import PATIENCE_MS

pytestmark = [pytest.mark.server, pytest.mark.browser]
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(slots=True)
class Watched:
    """A page, and what it should never do."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_well_behaved(self) -> None:
        assert self.foreign == []
        assert self.complaints == []


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    page = new_page(browser, viewport={"width": 1280, "height": 800})
    watched = Watched(page)
    page.on("request", lambda request: _note_foreign(watched, request.url, address))
    page.on("console", lambda message: watched.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    yield watched
    page.close()


def _note_foreign(watched: Watched, url: str, address: str) -> None:
    if not url.startswith((f"{address}/", "data:", "blob:", "file:")):
        watched.foreign.append(url)


def test_a_marker_moves_and_an_alert_appears(watched: Watched, address: str, client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    yard.report(van, {"fix_time": NOW, "speed_mps": 9.0, "course_deg": 90.0})
    page = watched.page
    page.goto(address)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    tag = page.locator('.tag[data-vehicle="van-1"]')
    expect(tag).to_be_visible()
    before = tag.bounding_box()
    assert before is not None
    assert float(tag.get_attribute("data-longitude") or "nan") == pytest.approx(DEPOT[0], abs=1e-5)

    yard.report(van, {"fix_time": NOW + timedelta(seconds=10), "longitude_deg": DEPOT[0] + 0.004, "speed_mps": 10.0})
    page.wait_for_function(
        "before => document.querySelector('.tag[data-vehicle=van-1]').getBoundingClientRect().x > before + 20", arg=before["x"]
    )
    expect(page.locator('[data-vehicle="van-1"] .speed')).to_have_text("36 km/h")

    assert page.locator("#alert-list li").count() == 0
    yard.alert(yard.event(van, "missed_stop", NOW, trip_id="T-1", stop_id="S-2"))
    card = page.locator('#alert-list li[data-rule="missed_stop"]')
    expect(card).to_contain_text("Missed stop")
    expect(card).to_contain_text("van-1 · O-2")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_have_attribute("data-state", "acknowledged")
    assert client.get("/alerts").json()["items"][0]["state"] == "acknowledged"
    watched.assert_well_behaved()


def test_a_page_opened_before_the_fleet_reports_finds_it(
    watched: Watched, address: str, client: httpx.Client, yard: Yard
) -> None:
    page = watched.page
    page.goto(address)
    expect(page.locator("body")).to_have_attribute("data-ready", "true")
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    yard.report(van, {"fix_time": NOW, "speed_mps": 9.0})
    expect(page.locator('.tag[data-vehicle="van-1"]')).to_be_visible()
    expect(page.locator(".maplibregl-ctrl-scale")).to_have_text(re.compile(r"^\d+\sm$"))
    assert "NaN" not in page.locator("#states").inner_text()
    watched.assert_well_behaved()


def test_the_page_works_by_keyboard(watched: Watched, address: str, yard: Yard) -> None:
    for name in ("van-1", "truck-2"):
        yard.report(yard.van(name), {"fix_time": NOW})
    page = watched.page
    page.goto(address)
    expect(page.locator("#vehicles li")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("truck")
    expect(page.locator("#vehicles li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_contain_text("truck-2")
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    watched.assert_well_behaved()


def test_what_was_missed_while_the_server_was_away_is_shown_after(watched: Watched, address: str, yard: Yard) -> None:
    van = yard.van("van-1")
    yard.report(van, {"fix_time": NOW})
    page = watched.page
    page.goto(address)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    yard.alert(yard.event(van, "silent_device", NOW))
    page.context.set_offline(False)
    expect(page.locator('#alert-list li[data-rule="silent_device"]')).to_be_visible()
    assert watched.foreign == []


def test_the_trip_map_shows_plan_track_stops_and_events(
    watched: Watched, address: str, client: httpx.Client, yard: Yard
) -> None:
    _trip_with_an_event(client, yard)
    page = watched.page
    page.goto(f"{address}/trips/T-1/map")
    expect(page.locator(".pin.stop")).to_have_count(3)
    assert page.locator(".leaflet-overlay-pane path").count() > 5
    page.locator(".pin.stop").first.click()
    expect(page.locator(".leaflet-popup")).to_contain_text("O-1")
    expect(page.locator(".pin.event")).to_have_count(1)
    page.locator(".leaflet-control-layers").hover()
    page.get_by_label("Zones entered and left").check()
    expect(page.locator(".pin.event")).to_have_count(2)
    watched.assert_well_behaved()


def test_a_board_that_is_cut_off_says_so_until_it_is_back(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/console/board")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("may be out of date")
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_on_a_phone_the_bar_shows_where_one_is(watched: Watched, address: str) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/console/rules")
    expect(page.get_by_role("link", name="Rules")).to_be_in_viewport(ratio=1)
    watched.assert_well_behaved()


def test_the_map_of_a_trip_of_which_little_is_known(watched: Watched, address: str, client: httpx.Client, yard: Yard) -> None:
    yard.drive(yard.van("van-1"), datetime(2026, 3, 2, 4, 0, tzinfo=UTC), 1)
    bare = {
        "device_id": "tracker-of-van-1",
        "planned_start": "2026-03-02T03:00:00Z",
        "planned_end": "2026-03-02T05:00:00Z",
        "stops": [],
    }
    later = {"planned_start": "2026-03-02T06:00:00Z", "planned_end": "2026-03-02T07:00:00Z"}
    assert client.post("/trips", json=[{**bare, "trip_id": "one-fix"}, {**bare, **later, "trip_id": "none"}]).is_success
    page = watched.page
    for trip_id in ("one-fix", "none"):
        page.goto(f"{address}/trips/{trip_id}/map")
        expect(page).to_have_title(f"{trip_id} · Beatwatch")
        expect(page.locator(".leaflet-map-pane")).to_be_attached()
    watched.assert_well_behaved()


def test_the_map_to_keep_needs_nothing_but_itself(watched: Watched, client: httpx.Client, yard: Yard, tmp_path: Path) -> None:
    _trip_with_an_event(client, yard)
    answer = client.get("/trips/T-1/map", params={"download": True})
    assert answer.headers["content-disposition"] == 'attachment; filename="trip-T-1.html"'
    file = tmp_path / "trip.html"
    file.write_text(answer.text)
    requests: list[str] = []
    watched.page.on("request", lambda request: requests.append(request.url))
    watched.page.goto(file.as_uri())
    expect(watched.page.locator(".pin.stop")).to_have_count(3)
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    watched.assert_well_behaved()


def test_names_are_text_and_never_markup(watched: Watched, address: str, client: httpx.Client, yard: Yard) -> None:
    deed = "document.title='owned'"
    evil = f'</script><script>{deed}</script>`${{{deed}}}`<img src=x onerror="{deed}">'
    van = yard.van(evil)
    document = trip_document("T-1", f"tracker-of-{evil}", NOW)
    document["stops"][0]["outlet_id"] = evil
    client.post("/trips", json=document).raise_for_status()
    yard.report(van, {"fix_time": NOW, "speed_mps": 3.0}, {"fix_time": NOW + timedelta(seconds=10)})
    yard.alert(yard.event(van, "missed_stop", NOW, trip_id="T-1", stop_id="S-1", facts={evil: evil}))
    page = watched.page
    page.goto(f"{address}/trips/T-1/map")
    expect(page.locator(".pin.stop")).to_have_count(3)
    page.locator(".pin.stop").first.click(force=True)
    page.locator(".pin.event").first.click(force=True)
    assert "owned" not in page.title()
    page.goto(address)
    expect(page.locator("#alert-list li")).to_have_count(1)
    assert "owned" not in page.title()
    watched.assert_well_behaved()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both_themes(browser: Browser, address: str, yard: Yard, theme: str) -> None:
    van = yard.van("van-1")
    yard.report(van, {"fix_time": NOW})
    yard.alert(yard.event(van, "missed_stop", NOW))
    page = new_page(browser, color_scheme="dark" if theme == "dark" else "light")
    page.goto(address)
    expect(page.locator("#alert-list li")).to_have_count(1)
    page.evaluate(SETTLED)  # a new card is tinted at first
    faint = [(text, round(contrast, 2)) for contrast, text in page.evaluate(CONTRASTS) if contrast < 4.5]
    assert faint == []
    page.close()


def _trip_with_an_event(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    yard.drive(van, NOW, 60)
    yard.visit(van, "T-1", "S-1", "serviced", NOW)
    yard.event(van, "missed_stop", NOW, trip_id="T-1", stop_id="S-2", facts={"progress_m": 1042})
    yard.event(van, "zone_enter", NOW, trip_id="T-1", severity="info")


def test_the_map_stays_with_who_is_followed_and_the_list_shows_one_state(watched: Watched, address: str, yard: Yard) -> None:
    moving, standing = yard.van("van-1"), yard.van("van-2")
    yard.report(moving, {"fix_time": NOW, "speed_mps": 9.0, "course_deg": 90.0})
    yard.report(standing, {"fix_time": NOW, "speed_mps": 0.0, "longitude_deg": DEPOT[0] + 0.001})
    page = watched.page
    page.goto(address)
    expect(page.locator("#vehicles .row")).to_have_count(2)
    page.get_by_role("button", name="1 moving").click()
    expect(page.locator("#vehicles .row")).to_have_count(1)
    page.locator('#vehicles [data-vehicle="van-1"] button').click()
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    there = DEPOT[0] + 0.02
    yard.report(moving, {"fix_time": NOW + timedelta(seconds=10), "longitude_deg": there, "speed_mps": 10.0})
    page.wait_for_function(
        "there => Math.abs(document.querySelector('#map').map.getCenter().lng - there) < 1e-4", arg=there, timeout=PATIENCE_MS
    )
    watched.assert_well_behaved()


SETTLING_MS = 500
SETTLED = """() => Promise.all([...document.querySelectorAll("#alert-list li")]
  .flatMap((card) => card.getAnimations()).map((animation) => animation.finished))"""
REFUSED_REQUEST = """async () => {
  const api = await import(document.querySelector('script[src$="/live/main.js"]').src.replace("main.js", "api.js"));
  await api.read("/me").catch(() => {});
}"""


@pytest.mark.parametrize("is_away", [False, True], ids=["while-watching", "while-away"])
def test_who_is_signed_out_elsewhere_is_told_so_and_can_sign_in_again(
    browser: Browser, yard: Yard, database_url: str, is_away: bool
) -> None:
    assets.install()
    register(yard, "asha")
    with serving(database_url, sign_in=True) as address:
        page = new_page(browser)
        page.goto(f"{address}/sign-in?then=/")
        page.get_by_label("Login").fill("asha")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("#connection")).to_contain_text("live")
        page.context.set_offline(is_away)
        yard.owner.execute("UPDATE session SET revoked_at = now(), revoked_because = 'signed_out'")
        page.context.set_offline(False)
        expect(page.locator("#connection")).to_contain_text("signed out")
        page.evaluate(REFUSED_REQUEST)
        page.wait_for_timeout(SETTLING_MS)
        expect(page.locator("#connection"), "who is told so is not sent away as well").to_contain_text("sign in again")
        page.get_by_role("link", name="sign in again").click()
        expect(page.get_by_label("Login")).to_be_visible()
        page.close()


def test_a_sheet_is_printed_without_its_controls_and_on_white(browser: Browser, address: str) -> None:
    page = new_page(browser, viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.goto(f"{address}/console/reports")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.get_by_role("heading", name="Trips")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.parametrize("width_px", [800, 1100, 1400])
def test_the_bar_stays_within_the_screen(browser: Browser, address: str, width_px: int) -> None:
    page = new_page(browser, viewport={"width": width_px, "height": 700})
    page.goto(f"{address}/console/board")
    expect(page.locator("#theme")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    page.close()
