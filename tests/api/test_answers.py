from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from api import assets
from domain.links import Answer, Grant, seal
from tests.api.conftest import serving
from tests.api.yard import Yard

pytestmark = pytest.mark.server
SECRET = "a key of the test"


@pytest.fixture
def browser(database_url: str) -> Iterator[httpx.Client]:
    """Somebody who has not signed in."""
    assets.install()
    with (
        serving(database_url, sign_in=True, link_secret=SECRET) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def link(yard: Yard, alert_id: int, answer: Answer, *, secret: str = SECRET, good_for_s: float = 60) -> str:
    grant = Grant(yard.org_id, alert_id, answer, "asha", int(time.time() + good_for_s))
    return f"/answer/{seal(grant, secret.encode())}"


def open_alert(yard: Yard) -> int:
    return yard.alert(yard.event(yard.van("van-1"), "missed_stop", datetime.now(UTC)))


def state(yard: Yard, alert_id: int) -> tuple[str, str | None, str | None]:
    row = yard.owner.execute(
        "SELECT state, resolution, coalesce(resolved_by, acknowledged_by) FROM alert WHERE alert_id = %s", (alert_id,)
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_opening_a_link_changes_nothing_and_its_button_does(browser: httpx.Client, yard: Yard) -> None:
    number = open_alert(yard)
    address = link(yard, number, Answer.acknowledge)
    shown = browser.get(address)
    assert (shown.status_code, "Take it on" in shown.text) == (200, True)
    assert state(yard, number) == ("open", None, None)
    assert "acknowledged by asha" in browser.post(address).text
    assert state(yard, number) == ("acknowledged", None, "asha")
    assert browser.post(address).status_code == 409
    assert "Take it on" not in browser.get(address).text


@pytest.mark.parametrize(("answer", "resolution"), [(Answer.confirm, "confirmed"), (Answer.dismiss, "false")])
def test_an_alert_is_closed_by_its_link_with_a_reason(
    browser: httpx.Client, yard: Yard, answer: Answer, resolution: str
) -> None:
    number = open_alert(yard)
    assert browser.post(link(yard, number, answer), data={"reason": "<b>wedding</b>"}).status_code == 200
    assert state(yard, number) == ("resolved", resolution, "asha")
    actor = yard.owner.execute("SELECT actor FROM audit WHERE action = 'alert.resolve'").fetchone()
    assert actor == ("asha",)


def test_a_link_of_another_key_or_of_yesterday_opens_nothing(browser: httpx.Client, yard: Yard) -> None:
    number = open_alert(yard)
    for address in (
        link(yard, number, Answer.confirm, secret="guessed"),
        link(yard, number, Answer.confirm, good_for_s=-1),
        link(yard, number + 1, Answer.confirm),
        "/answer/nonsense",
        "/answer/%C3%A4.%00",
    ):
        assert browser.get(address).status_code == 404
        assert browser.post(address).status_code == 404
    assert state(yard, number) == ("open", None, None)
