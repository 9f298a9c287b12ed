"""What was planned and what happened, taken out as CSV and XLSX; and trips brought in."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import get_args

import httpx
import pytest
from openpyxl import load_workbook

from api.resources.tables import Told
from domain.people import Role
from tests.api.conftest import serving
from tests.api.goods import delivery_to, dispatched_trip
from tests.api.persons import register, signed_in
from tests.api.test_tables import bring
from tests.api.yard import Yard

pytestmark = pytest.mark.server
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
AT = (START + timedelta(minutes=30)).isoformat()


def table(client: httpx.Client, kind: str, **query: str) -> list[dict[str, str]]:
    answer = client.get(f"/exports/{kind}", params=query).raise_for_status()
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def full_day(client: httpx.Client, yard: Yard) -> None:
    """A trip that was loaded, delivered, held up, counted back; with an event, its alert, and a contract."""
    van = dispatched_trip(client, yard, START)
    delivery_id = delivery_to(client, "S-1")["delivery_id"]
    client.post(f"/deliveries/{delivery_id}/arrive", json={"at": AT}).raise_for_status()
    lines = [{"line_no": 1, "delivered": 20, "returned": 3, "short_reason": "=no room"}, {"line_no": 2, "delivered": 12}]
    client.post(f"/deliveries/{delivery_id}/complete", json={"at": AT, "lines": lines}).raise_for_status()
    proof = {"kind": "scan", "code": "4711", "captured_at": AT}
    client.post(f"/deliveries/{delivery_id}/proofs", json=proof).raise_for_status()
    yard.visit(van, "T-1", "S-1", "serviced", START)
    told = client.post("/trips/T-1/breakdowns", json={"at": AT, "reason": "tyre"}).raise_for_status().json()
    client.post(f"/approvals/{told['approval_id']}/reject").raise_for_status()
    yard.alert(yard.event(van, "missed_stop", START, trip_id="T-1", stop_id="S-2"))
    other = delivery_to(client, "S-2")["delivery_id"]
    client.post(f"/deliveries/{other}/fail", json={"at": AT, "reason": "closed"}).raise_for_status()
    for state in ("returning", "unloading"):
        client.post("/trips/T-1/state", json={"state": state}).raise_for_status()
    counted = [{"product_id": "cola", "pieces": 40}]
    client.post("/trips/T-1/settlement", json={"lines": counted}).raise_for_status()
    client.post("/outlets/O-1/changes", json={"name": "Shop one", "reason": "sign"}).raise_for_status()
    client.post("/organisations", json={"slug": "acme", "name": "Acme", "kind": "manufacturer"}).raise_for_status()
    contract = {"contract_id": "C-1", "distributor": "default", "manufacturer": "acme", "valid_from": "2026-01-01"}
    client.post("/brand-contracts", json=contract).raise_for_status()


def test_everything_that_happened_is_had_as_csv_and_as_a_workbook(client: httpx.Client, full_day: None) -> None:
    for kind in (*get_args(Told), "trips"):
        rows = table(client, kind)
        assert rows, f"nothing of {kind}"
        book = load_workbook(io.BytesIO(client.get(f"/exports/{kind}", params={"form": "xlsx"}).content))
        header, *others = book.worksheets[0].iter_rows(values_only=True)
        assert (list(header), len(others)) == (list(rows[0]), len(rows)), kind
    (returned,) = table(client, "returns")
    assert (returned["product_id"], returned["returned"], returned["outlet_id"]) == ("cola", "3", "O-1")
    handed = {(row["order_id"], row["product_id"]): row for row in table(client, "deliveries")}
    cola = handed["A", "cola"]
    assert (cola["delivered"], cola["short"], cola["short_reason"]) == ("20", "4", "'=no room")  # not run by a spreadsheet
    assert handed["B", "cola"]["state"] == "failed"
    settled = {row["product_id"]: row for row in table(client, "settlements")}
    assert (settled["cola"]["counted"], settled["cola"]["variance"]) == ("40", "-3")
    assert "4711" not in client.get("/exports/proofs").text


def test_a_span_bounds_what_is_taken_out(client: httpx.Client, full_day: None) -> None:
    later = (START + timedelta(hours=1)).isoformat()
    assert [row["rule"] for row in table(client, "events", since=later)] == ["settlement_mismatch"]
    assert [row["rule"] for row in table(client, "events", until=later)] == ["missed_stop"]
    assert table(client, "trips", since=later) == []


def test_trips_are_brought_in_as_they_were_taken_out(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    names = ("stop_id", "longitude_deg", "latitude_deg", "radius_m", "cases")
    head = ",".join(["trip_id,device_key,planned_start,planned_end", *(f"stops.{name}" for name in names)]) + "\n"
    rows = (
        "T-9,tracker-of-van-1,2026-03-02T02:30:00Z,2026-03-02T08:30:00Z,S-1,77.5946,12.9716,75,12\n"
        "T-9,,,,S-2,77.6046,12.9716,75,\n"
    )
    tried = bring(client, "trips", head + rows, dry_run=True)
    assert (tried["added"], client.get("/trips").json()["items"]) == (1, [])
    assert bring(client, "trips", head + rows)["added"] == 1
    trip = client.get("/trips/T-9").json()
    assert [(stop["stop_id"], stop["cases"]) for stop in trip["stops"]] == [("S-1", 12), ("S-2", None)]
    text = client.get("/exports/trips").text
    assert bring(client, "trips", text)["unchanged"] == 1
    assert bring(client, "trips", text.replace("77.6046", "77.7046"))["changed"] == 1
    wrong = head + rows.replace("77.6046", "x") + rows.replace("T-9", "T-8").replace("tracker-of-van-1", "nobody")
    report = bring(client, "trips", wrong)
    assert (report["kept"], report["error_count"]) == (False, 2)
    assert [(error["row"], error["column"]) for error in report["errors"]] == [(2, "stops.1.longitude_deg"), (4, "device_id")]


def test_assets_are_brought_in_and_taken_out(client: httpx.Client) -> None:
    report = bring(client, "assets", "asset_id,kind\nC-1,cooler\nC-2,crate\n")
    assert (report["added"], report["error_count"]) == (2, 0)
    assert bring(client, "assets", client.get("/exports/assets").text)["error_count"] == 0
    assert [asset["asset_id"] for asset in client.get("/assets").json()["items"]] == ["C-1", "C-2"]


def test_a_field_representative_takes_out_master_data_and_no_more(database_url: str, yard: Yard) -> None:
    register(yard, "ravi", Role.field_representative)
    with serving(database_url, sign_in=True) as address, httpx.Client(base_url=address, timeout=60) as client:
        headers = signed_in(client, "ravi")
        assert client.get("/exports/outlets", headers=headers).status_code == 200
        assert client.get("/exports/trips", headers=headers).status_code == 403
        assert client.get("/exports/settlements", headers=headers).status_code == 403
