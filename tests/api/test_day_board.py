from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.day_board import LOSING, CellState, cases_at_risk, cells, minutes_left, minutes_left_of
from api.pages.boards import told_times
from domain.events import VisitState
from domain.trips import Circle
from store.rounds import Round, RoundStop
from tests.api.yard import Yard, trip_document

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stop(state: str = "pending", *, arrived: datetime | None = None, closes: datetime | None = NOW + HOUR) -> RoundStop:
    return RoundStop(
        stop_id="S",
        position_no=0,
        outlet_id=None,
        outlet_name=None,
        place=Circle(0, 0, 75),
        window_start=closes and closes - 2 * HOUR,
        window_end=closes,
        planned_service_s=None,
        cases=10,
        state=state,
        arrived_at=arrived,
        departed_at=None,
        confidence=None,
    )


def trip(*stops: RoundStop) -> Round:
    return Round(1, "T", "van", "tracker", NOW - HOUR, NOW + HOUR, (), None, None, "in_progress", NOW, stops)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (stop("serviced", arrived=NOW), CellState.on_time),
        (stop("serviced", arrived=NOW + HOUR + timedelta(minutes=15)), CellState.on_time),
        (stop("serviced", arrived=NOW + HOUR + timedelta(minutes=16)), CellState.late),
        (stop("serviced", arrived=NOW - HOUR - timedelta(minutes=15)), CellState.on_time),
        (stop("serviced", arrived=NOW - HOUR - timedelta(minutes=16)), CellState.early),
        (stop("serviced", arrived=NOW, closes=None), CellState.on_time),
        (stop("pending"), CellState.ahead),
        (stop("approaching", closes=None), CellState.ahead),
        (stop("pending", closes=NOW - timedelta(seconds=1)), CellState.at_risk),
        (stop("no_data", closes=NOW - HOUR), CellState.no_data),
        (stop("missed"), CellState.missed),
        (stop("probable"), CellState.unverified),
        (stop("arrived"), CellState.here),
    ],
)
def test_how_a_stop_stands(one: RoundStop, expected: CellState) -> None:
    assert cells(trip(one), NOW) == [expected]


def test_a_stop_is_at_risk_once_two_later_ones_are_done() -> None:
    done = stop("serviced", arrived=NOW)
    assert cells(trip(stop(), done), NOW)[0] is CellState.ahead
    assert cells(trip(stop(), done, done), NOW)[0] is CellState.at_risk
    assert cells(trip(done, done, stop()), NOW)[2] is CellState.ahead


def test_what_is_at_risk_is_counted_in_cases_and_minutes() -> None:
    one = trip(stop(closes=NOW - timedelta(minutes=30)), stop("missed"), stop())
    states = cells(one, NOW)
    assert cases_at_risk(one, states) == 20
    assert minutes_left(one, states, NOW) == -30


def test_a_stop_that_is_ahead_says_how_long_its_window_stays_open() -> None:
    assert minutes_left_of(stop(closes=NOW + timedelta(seconds=93)), NOW) == 1.6
    assert minutes_left_of(stop("drive_by", closes=NOW - HOUR), NOW) == -60
    assert minutes_left_of(stop("serviced", arrived=NOW), NOW) is None


@given(st.lists(st.sampled_from(list(VisitState)), max_size=20), st.integers(-300, 300))
def test_no_data_is_never_a_loss(visits: list[VisitState], minutes: int) -> None:
    states = cells(trip(*(stop(visit, arrived=NOW) for visit in visits)), NOW + timedelta(minutes=minutes))
    assert len(states) == len(visits)
    assert all(state not in LOSING for visit, state in zip(visits, states, strict=True) if visit is VisitState.no_data)


@pytest.mark.server
def test_the_board_puts_what_is_most_at_risk_first(client: httpx.Client, yard: Yard) -> None:
    start = datetime.now(UTC) - HOUR
    for name in ("calm", "worst"):
        yard.van(name)
        client.post("/trips", json=trip_document(f"T-{name}", f"tracker-of-{name}", start)).raise_for_status()
    van = yard.device("other")
    yard.visit(van, "T-worst", "S-1", "missed", start)
    yard.alert(yard.event(van, "missed_stop", start, trip_id="T-worst", stop_id="S-1"))
    board = client.get("/day-board").json()
    assert [(row["vehicle_id"], row["cases_at_risk"], row["open_alerts"]) for row in board["rows"]] == [
        ("worst", 12, 1),
        ("calm", 0, 0),
    ]
    assert board["totals"]["missed"] == 1
    assert client.get("/day-board", params={"day": "2001-01-01"}).json()["rows"] == []
    assert "T-worst" in client.get("/console/board").text


@pytest.mark.server
def test_alerts_are_worked_through_without_scripts(client: httpx.Client, yard: Yard) -> None:
    number = yard.alert(yard.event(yard.van("van-1"), "missed_stop", datetime.now(UTC)))
    assert f"alert-{number}" in client.get("/console/alerts").text
    answer = client.post(f"/console/alerts/{number}", data={"action": "false", "reason": "wedding"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/alerts/{number}")
    assert client.get(f"/alerts/{number}").json()["resolution"] == "false"
    assert f"alert-{number}" not in client.get("/console/alerts").text
    assert f"alert-{number}" in client.get("/console/alerts", params={"state": "all", "severity": "high"}).text
    assert client.post(f"/console/alerts/{number}", data={"action": "explode"}).status_code == 422


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("<b> & 2026-13-99T25:00:00Z", "&lt;b&gt; &amp; 2026-13-99T25:00:00Z"),
        ("", ""),
        (
            "until 2026-11-23T11:19:47.457413+00:00",
            'until <time datetime="2026-11-23T11:19:47.457413+00:00">23 Nov 11:19 UTC</time>',
        ),
    ],
)
def test_moments_in_notes_are_told_as_people_read_them(note: str, shown: str) -> None:
    assert told_times(note) == shown
