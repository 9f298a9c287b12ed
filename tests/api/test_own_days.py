"""Days of reports are those of an organisation's own clock, against the same worked out with zoneinfo."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.own_clock import span_of
from store.organisations import add_organisation
from store.rollups import note_touched_spans, refresh_due_days, refresh_due_spans
from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "America/Los_Angeles")
WINTER_BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
"""On this day clocks in America go back: it has 25 hours."""


def set_clock(client: httpx.Client, zone: str) -> None:
    client.patch("/organisations/default", json={"time_zone": zone}).raise_for_status()


def plan(yard: Yard, starts: list[datetime], hours: float = 4) -> None:
    device_id = yard.van("van-1", since=datetime(2026, 1, 1, tzinfo=UTC))
    for number, start in enumerate(starts):
        yard.owner.execute(
            "INSERT INTO trip (org_id, trip_id, device_id, planned_start, planned_end) VALUES (%s, %s, %s, %s, %s)",
            (yard.org_id, f"T-{number}", device_id, start, start + timedelta(hours=hours)),
        )


def by_day(client: httpx.Client, name: str, since: datetime, until: datetime) -> dict[str, dict[str, Any]]:
    asked = {"by": "day", "since": since.isoformat(), "until": until.isoformat()}
    return {row["key"]: row for row in client.get(f"/reports/{name}", params=asked).json()["rows"]}


def refresh(yard: Yard) -> None:
    with yard.pool.connection() as connection:
        for step in (note_touched_spans, refresh_due_spans, refresh_due_days):
            while True:
                with connection.transaction():
                    if not step(connection):
                        break


@pytest.mark.parametrize("zone", ZONES)
def test_trips_count_on_the_day_on_which_they_begin_there(client: httpx.Client, yard: Yard, zone: str) -> None:
    chance = random.Random(7)
    starts = [WINTER_BEGINS + timedelta(minutes=chance.randrange(-4320, 4320)) for _ in range(120)]
    plan(yard, starts)
    set_clock(client, zone)
    first, last = date(2026, 10, 31), date(2026, 11, 2)
    since, until = span_of(first, ZoneInfo(zone), last)
    days = Counter(str(start.astimezone(ZoneInfo(zone)).date()) for start in starts)
    wanted = {day: count for day, count in days.items() if str(first) <= day <= str(last)}
    assert {day: row["trips"] for day, row in by_day(client, "trips", since, until).items()} == wanted
    page = client.get("/console/reports", params={"by": "day", "since": str(first), "until": str(last)}).text
    shown = dict(re.findall(r'<th scope="row">(2026-\d\d-\d\d)</th><td class="number">(\d+)</td>', page))
    assert shown == {day: str(count) for day, count in wanted.items()}
    assert f"by the clock of {zone}" in page


def test_a_day_is_as_long_as_it_is_there() -> None:
    hours = {zone: [(end - begin) / timedelta(hours=1) for day in (date(2026, 3, 8), date(2026, 11, 1)) for begin, end in [
        span_of(day, ZoneInfo(zone))]] for zone in ("Asia/Kolkata", "America/Los_Angeles")}  # fmt: skip
    assert hours == {"Asia/Kolkata": [24, 24], "America/Los_Angeles": [23, 25]}
    assert span_of(date(2026, 3, 2), ZoneInfo("Asia/Kolkata"))[0] == datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    assert span_of(date.max, ZoneInfo("America/Los_Angeles"))[1] <= datetime.max.replace(tzinfo=UTC)
    assert span_of(date.min, ZoneInfo("Asia/Kolkata"))[0] >= datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Los_Angeles"])
def test_orders_are_due_on_days_of_that_clock(client: httpx.Client, yard: Yard, zone: str) -> None:
    yard.owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)"
        " VALUES (%s, 'O-1', 'Shop', 0, 0, 50)",
        (yard.org_id,),
    )
    for day in range(1, 6):
        yard.owner.execute(
            "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, state, net_value)"
            " VALUES (%s, %s, 'O-1', %s, 'confirmed', 1)",
            (yard.org_id, f"R-{day}", date(2026, 3, day)),
        )
    set_clock(client, zone)
    found = by_day(client, "otif", *span_of(date(2026, 3, 2), ZoneInfo(zone), date(2026, 3, 4)))
    assert list(found) == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_who_looks_over_several_clocks_sees_each_organisations_own_days(client: httpx.Client, yard: Yard) -> None:
    with yard.pool.connection() as connection:
        add_organisation(connection, slug="below", name="Below", parent_id=yard.org_id)
    other = Yard(yard.owner.info.dsn + f" password={yard.owner.info.password}", "below")
    start = datetime(2026, 3, 1, 20, tzinfo=UTC)  # half past one in the night of the second in India
    plan(yard, [start])
    plan(other, [start])
    client.patch("/organisations/below", json={"time_zone": "Asia/Kolkata"}).raise_for_status()
    found = by_day(client, "trips", start - timedelta(days=1), start + timedelta(days=1))
    assert {day: row["trips"] for day, row in found.items()} == {"2026-03-01": 1, "2026-03-02": 1}
    other.close()


def test_of_an_hour_only_what_the_plan_touches_is_driven_in_it(client: httpx.Client, yard: Yard) -> None:
    """Nine to one in India is half past three to half past seven in UTC; the van drives from three to eight."""
    begin = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    plan(yard, [begin])
    fixes = [begin + timedelta(seconds=30 * number - 1800) for number in range(601)]
    east = [DEPOT[0] + number * 300 / 108_400 for number in range(len(fixes))]
    row = yard.owner.execute("SELECT device_id FROM device").fetchone()
    assert row is not None
    yard.report(
        row[0], *({"fix_time": at, "longitude_deg": place, "speed_mps": 10.0} for at, place in zip(fixes, east, strict=True))
    )
    set_clock(client, "Asia/Kolkata")

    def figures() -> dict[str, Any]:
        found = by_day(client, "trips", begin - timedelta(days=1), begin + timedelta(days=1))
        return found["2026-03-02"]

    refresh(yard)
    within = sum(begin <= at < begin + timedelta(hours=4) for at in fixes)
    assert figures()["moving_h"] == pytest.approx(within * 30 / 3600)
    assert figures()["driven_km"] == pytest.approx(within * 0.3, rel=0.01)
    uptime = by_day(client, "device_uptime", begin - timedelta(days=1), begin + timedelta(days=1))["2026-03-02"]
    assert (uptime["planned_h"], uptime["heard_h"], uptime["uptime"]) == (pytest.approx(4), pytest.approx(4), pytest.approx(1))
    yard.owner.execute("DELETE FROM vehicle_span")  # what is finest is forgotten first: then whole hours stand for it
    yard.owner.execute(
        "INSERT INTO rollup_due (org_id, rollup, subject, day) VALUES (%s, 'trip', 'T-0', '2026-03-02')", (yard.org_id,)
    )
    refresh(yard)
    assert figures()["moving_h"] == pytest.approx(5, rel=0.01)


def test_a_devices_days_begin_at_midnight_there(client: httpx.Client, yard: Yard) -> None:
    device_id = yard.van("van-1", since=datetime(2026, 1, 1, tzinfo=UTC))
    begin = datetime(2026, 3, 1, 17, tzinfo=UTC)
    yard.drive(device_id, begin, 240, every_s=60)  # to nine in the evening, over an Indian midnight at half past six
    set_clock(client, "Asia/Kolkata")
    refresh(yard)
    rows = yard.owner.execute("SELECT day, fixes FROM vehicle_day ORDER BY day").fetchall()
    wanted = Counter((begin + timedelta(minutes=minute)).astimezone(ZoneInfo("Asia/Kolkata")).date() for minute in range(240))
    assert [(day.astimezone(ZoneInfo("Asia/Kolkata")).date(), fixes) for day, fixes in rows] == sorted(wanted.items())
    assert {fixes for _, fixes in rows} == {90, 150}


def test_an_outlets_days_follow_the_clock(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    yard.owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)"
        " SELECT %s, 'O-' || no, 'Shop', 0, 0, 50 FROM generate_series(1, 3) no",
        (yard.org_id,),
    )
    start = datetime(2026, 3, 1, 20, tzinfo=UTC)
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", start)).raise_for_status()

    def days() -> list[tuple[str, date]]:
        refresh(yard)
        return yard.owner.execute("SELECT outlet_id, day FROM outlet_day ORDER BY 1").fetchall()

    assert {day for _, day in days()} == {date(2026, 3, 1)}
    set_clock(client, "Asia/Kolkata")
    assert days() == [(f"O-{number}", date(2026, 3, 2)) for number in (1, 2, 3)]


def test_a_plan_is_of_the_day_of_that_clock(client: httpx.Client, yard: Yard) -> None:
    set_clock(client, "Asia/Kolkata")
    said = {"planned_start": "2026-03-01T20:00:00Z", "planned_end": "2026-03-02T04:00:00Z", "stops": []}
    made = client.post("/route-plans", json={"route_plan_id": "R-1", **said})
    assert made.json()["on_date"] == "2026-03-02"


def test_the_board_of_a_day_is_of_that_clock(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    start = datetime(2026, 3, 1, 20, tzinfo=UTC)
    document = trip_document("T-1", "tracker-of-van-1", start)
    client.post("/trips", json={**document, "planned_end": "2026-03-01T23:00:00Z"}).raise_for_status()
    boards = {}
    for zone in ("UTC", "Asia/Kolkata"):
        set_clock(client, zone)
        boards[zone] = [len(client.get("/day-board", params={"day": f"2026-03-0{day}"}).json()["rows"]) for day in (1, 2)]
    assert boards == {"UTC": [1, 0], "Asia/Kolkata": [0, 1]}
