from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.programs import console_address, running
from tests.browsing import new_page

pytestmark = [pytest.mark.acceptance, pytest.mark.server, pytest.mark.browser, pytest.mark.timeout(600)]
PATIENCE_MS = 180_000
MOVED = """() => {
    window.firstSeen ??= {};
    return [...document.querySelectorAll('.tag[data-vehicle]')].some((tag) => {
        const x = tag.getBoundingClientRect().x;
        window.firstSeen[tag.dataset.vehicle] ??= x;
        return Math.abs(x - window.firstSeen[tag.dataset.vehicle]) > 20;
    });
}"""


def test_vans_move_and_the_missed_stop_is_alerted(browser: Browser, open_folder: Path) -> None:
    with running(["demo", "--port", "0"], open_folder) as demo:
        console = console_address(demo)
        page = new_page(browser, viewport={"width": 1280, "height": 800})
        foreign: list[str] = []
        page.on("request", lambda request: None if _is_own(request.url, console) else foreign.append(request.url))
        page.goto(f"{console}/")
        page.wait_for_function(MOVED, timeout=PATIENCE_MS)
        expect(page.locator('#alert-list li[data-rule="missed_stop"]')).to_be_visible(timeout=PATIENCE_MS)
        page.close()
    assert foreign == []
    assert demo.returncode == 0


def _is_own(address: str, console: str) -> bool:
    return address.startswith((f"{console}/", "data:", "blob:"))
