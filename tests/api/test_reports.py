from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from domain.reports import REPORTS
from store import stock
from store.rollups import note_touched_spans, refresh_due_spans
from store.stock import Cause, Movement, Place, PlaceKind
from tests.api.goods import outlet, product
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
START = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=1)
SPAN = {"since": (START - timedelta(days=2)).isoformat(), "until": (START + timedelta(days=1)).isoformat()}


@pytest.fixture
def day(client: httpx.Client, yard: Yard) -> int:
    """Two vans with three stops each: the first serves two, the second of them late, and misses one; the other has no data."""
    vans = [yard.van("van-1", since=START - timedelta(days=9)), yard.van("van-2", since=START - timedelta(days=9))]
    for number, van in enumerate(vans, start=1):
        document = trip_document(f"T-{number}", f"tracker-of-van-{number}", START)
        client.post("/trips", json=document).raise_for_status()
        yard.visit(van, f"T-{number}", "S-3", "missed" if number == 1 else "no_data", START + timedelta(hours=3))
    for stop_id, hours in (("S-1", 1.0), ("S-2", 2.5)):
        arrived = START + timedelta(hours=hours)
        yard.visit(vans[0], "T-1", stop_id, "serviced", arrived)
        yard.owner.execute(
            "UPDATE visit SET departed_at = %s, change_no = nextval('conclusion_change_no') WHERE stop_id = %s",
            (arrived + timedelta(minutes=12), stop_id),
        )
    yard.event(vans[0], "route_deviation", START, trip_id="T-1", ended_at=START + timedelta(hours=0.5), facts={"peak_m": 640})
    yard.drive(vans[0], START, 360)
    return vans[0]


def rows(client: httpx.Client, name: str, by: str) -> dict[str, dict[str, Any]]:
    report = client.get(f"/reports/{name}", params={"by": by, **SPAN}).json()
    return {row["key"]: row for row in report["rows"]}


def test_every_report_runs_by_everything_it_can_be_taken_by(client: httpx.Client, day: int) -> None:
    kinds = client.get("/reports").json()
    assert [kind["name"] for kind in kinds] == list(REPORTS)
    for kind in kinds:
        assert all(figure["definition"] for figure in kind["figures"])
        assert client.get(f"/reports/{kind['name']}", params=SPAN).json()["by"] in kind["groupings"]
        for by in kind["groupings"]:
            answer = client.get(f"/reports/{kind['name']}", params={"by": by, **SPAN})
            assert answer.status_code == 200, f"{kind['name']} by {by}: {answer.text}"
            for row in answer.json()["rows"]:
                assert set(row) == {"key", *(figure["name"] for figure in kind["figures"])}


def test_stops_are_counted_as_they_were_judged(client: httpx.Client, day: int) -> None:
    vans = rows(client, "stops", "vehicle")
    wanted = {"planned": 3, "completed": 2, "on_time": 1, "late": 1, "missed": 1, "no_data": 0}
    assert {name: vans["van-1"][name] for name in wanted} == wanted
    assert (vans["van-2"]["no_data"], vans["van-2"]["missed"]) == (1, 0)
    assert rows(client, "stops", "outlet")["O-2"]["late"] == 1
    assert rows(client, "trips", "vehicle")["van-1"]["stop_completion"] == pytest.approx(2 / 3)
    assert rows(client, "visits", "vehicle")["van-1"]["mean_dwell_min"] == pytest.approx(12)
    assert rows(client, "productivity", "vehicle")["van-1"]["stops_per_hour"] == pytest.approx(2 / 1.7)
    deviations = rows(client, "deviations", "vehicle")["van-1"]
    assert (deviations["deviations"], deviations["off_route_h"], deviations["peak_m"]) == (1, 0.5, 640)


def test_shares_are_read_in_per_cent_and_counts_are_not(client: httpx.Client, day: int) -> None:
    page = client.get("/console/reports", params={"by": "vehicle", "since": f"{START:%F}", "until": f"{START:%F}"}).text
    first_row = page.partition("van-1")[2].partition("</tr>")[0]
    assert re.findall(r'<td class="number">([^<]*)</td>', first_row)[:4] == ["1", "3", "2", "66.7%"]


def test_what_was_planned_stands_beside_what_was_done(client: httpx.Client, yard: Yard, day: int) -> None:
    with yard.pool.connection() as connection:
        note_touched_spans(connection)
        refresh_due_spans(connection)
    actual = rows(client, "planned_actual", "vehicle")["van-1"]
    assert (actual["planned_stops"], actual["completed_stops"], actual["sequence_adherence"]) == (3, 2, 1)
    assert actual["planned_km"] == pytest.approx(3 * 1.0836, rel=1e-3)
    assert actual["driven_km"] == pytest.approx(36, rel=0.01)
    assert actual["detour_ratio"] == pytest.approx(actual["driven_km"] / actual["planned_km"])
    assert (actual["planned_h"], actual["stops_h"]) == (4, pytest.approx(1.7))
    assert (actual["planned_service_h"], actual["dwell_h"]) == (pytest.approx(600 / 3600), pytest.approx(0.4))


def test_the_stock_out_rate_is_of_the_minutes_in_which_the_product_is_listed(client: httpx.Client, yard: Yard) -> None:
    """A shop that is open from 9 to 17 in a zone an hour ahead has two shelves of soap and one of cola."""
    for name in ("soap", "cola"):
        product(yard, name)
    outlet(yard, "O-1")
    shelves = [yard.device(f"shelf-{number}") for number in range(3)]
    morning = START.replace(hour=0)
    for device_id, name in zip(shelves, ("soap", "soap", "cola"), strict=True):
        yard.owner.execute(
            "INSERT INTO shelf_sensor (org_id, device_id, outlet_id, product_id, unit_weight_g, opens_h, closes_h,"
            " utc_offset_min, valid) VALUES (%s, %s, 'O-1', %s, 500, 9, 17, 60, tstzrange(%s, NULL))",
            (yard.org_id, device_id, name, morning + timedelta(hours=12)),
        )

    def empty(device_id: int, since_h: float, until_h: float) -> None:
        since, until = (morning + timedelta(hours=hours) for hours in (since_h, until_h))
        yard.event(device_id, "shelf_stock_out", since, ended_at=until, facts={"outlet_id": "O-1"})

    empty(shelves[0], 12, 15)  # soap is out only while both of its shelves are: from 14 to 15
    empty(shelves[1], 14, 18)  # and the shop closes at 16 UTC
    empty(shelves[2], 13, 13.5)
    asked = {"by": "outlet", "since": morning.isoformat(), "until": (morning + timedelta(days=1)).isoformat()}
    (row,) = client.get("/reports/stock_out_rate", params=asked).json()["rows"]
    assert (row["key"], row["products"]) == ("O-1", 2)
    assert row["listed_h"] == pytest.approx(2 * 4)  # fitted at noon, open until 16 UTC
    assert row["empty_h"] == pytest.approx(1 + 0.5)
    assert row["stock_out_rate"] == pytest.approx(1.5 / 8)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = {"since": tomorrow.isoformat(), "until": (tomorrow + timedelta(days=1)).isoformat()}
    assert client.get("/reports/stock_out_rate", params=later).json()["rows"] == []


def test_shrink_is_of_what_was_there_and_came(client: httpx.Client, yard: Yard) -> None:
    product(yard, "soap")
    outlet(yard, "O-1")
    shelf = yard.device("shelf-1")
    yard.owner.execute(
        "INSERT INTO shelf_sensor (org_id, device_id, outlet_id, product_id, unit_weight_g)"
        " VALUES (%s, %s, 'O-1', 'soap', 500)",
        (yard.org_id, shelf),
    )
    place = Place(PlaceKind.outlet, "O-1")
    came = [(START - timedelta(days=3), 30, "opening", Cause.opening), (START, 20, "delivery", Cause.delivery)]
    with yard.pool.connection() as connection:
        moved = [
            Movement(moved_at=at, place=place, product_id="soap", pieces=pieces, cause=cause, ref=ref)
            for at, pieces, ref, cause in came
        ]
        stock.move(connection, yard.org_id, "asha", moved)
    yard.event(shelf, "shelf_shrink", START, facts={"outlet_id": "O-1", "missing_units": 5})
    row = rows(client, "shrink", "outlet")["O-1"]
    assert (row["missing"], row["opening"], row["received"], row["shrink"]) == (5, 30, 20, pytest.approx(0.1))


def test_orders_are_on_time_and_in_full_only_together(client: httpx.Client, yard: Yard, day: int) -> None:
    _order(yard, "order-0", "S-1", delivered=10)
    _order(yard, "order-1", "S-2", delivered=10)
    _order(yard, "order-2", "S-1", delivered=7)
    otif = rows(client, "otif", "vehicle")["van-1"]
    assert (otif["orders_due"], otif["on_time"], otif["in_full"], otif["otif"]) == (3, 2, 2, pytest.approx(1 / 3))
    fill = rows(client, "fill_rate", "distributor")["default"]
    assert (fill["case_fill"], fill["line_fill"]) == (pytest.approx(27 / 30), pytest.approx(2 / 3))


def test_a_report_can_be_taken_along(client: httpx.Client, day: int) -> None:
    asked = {"by": "vehicle", **SPAN}
    text = client.get("/reports/stops", params={**asked, "format": "csv"})
    assert text.headers["content-disposition"] == 'attachment; filename="stops-by-vehicle.csv"'
    assert [row["vehicle"] for row in csv.DictReader(io.StringIO(text.text))] == ["van-1", "van-2"]
    book = load_workbook(io.BytesIO(client.get("/reports/stops", params={**asked, "format": "xlsx"}).content))
    assert book.worksheets[0]["A2"].value == "van-1"
    assert book.worksheets[1]["A2"].value == "planned"


def test_what_cannot_be_reported_is_refused(client: httpx.Client) -> None:
    assert client.get("/reports/weather").status_code == 404
    refused = client.get("/reports/trips", params={"by": "outlet"})
    assert (refused.status_code, "day, route, driver" in refused.text) == (422, True)
    assert client.get("/reports/trips", params={"since": SPAN["until"], "until": SPAN["since"]}).status_code == 422


def _order(yard: Yard, order_id: str, stop_id: str, *, delivered: int) -> None:
    """Of ten pieces of soap for the shop at that stop of the first trip."""
    outlet_id = f"O-{stop_id[-1]}"
    statements = (
        ("INSERT INTO product (org_id, product_id, name) VALUES (%s, 'soap', 'Soap') ON CONFLICT DO NOTHING", ()),
        (
            (
                "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7) VALUES (%s, %s, 'Shop', 0, 0)"
                " ON CONFLICT DO NOTHING"
            ),
            (outlet_id,),
        ),
        (
            (
                "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, trip_id, stop_id, state)"
                " VALUES (%s, %s, %s, %s, 'T-1', %s, 'delivered')"
            ),
            (order_id, outlet_id, START.date(), stop_id),
        ),
        (
            (
                "INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, delivered, price)"
                " VALUES (%s, %s, 1, 'soap', 10, %s, 5)"
            ),
            (order_id, delivered),
        ),
    )
    for statement, values in statements:
        yard.owner.execute(statement, (yard.org_id, *values))
