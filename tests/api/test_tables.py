"""Records in and out as CSV and XLSX."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from domain.errors import BeatwatchError
from tests.api.test_catalogue_story import DAY, approved_outlet
from wire.files.tables import read_table

server = pytest.mark.server


def bring(client: httpx.Client, kind: str, text: str | bytes, **query: Any) -> dict[str, Any]:
    answer = client.post(f"/imports/{kind}", content=text, params=query)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


PRODUCTS = """product_id,name,price,tax_pct,units.unit,units.pieces
COLA,Cola 330 ml,20.50,18,case,24
COLA,,,,pack,6
SOAP,Soap,30,12,,
"""


@server
def test_a_table_is_tried_then_kept_and_tried_again_changes_nothing(client: httpx.Client) -> None:
    tried = bring(client, "products", PRODUCTS, dry_run=True)
    assert (tried["added"], tried["kept"], client.get("/products").json()["items"]) == (2, False, [])
    kept = bring(client, "products", PRODUCTS)
    assert (kept["added"], kept["kept"], kept["error_count"]) == (2, True, 0)
    cola = client.get("/products/COLA").json()
    assert (cola["price"], cola["units"]) == (20.5, [{"unit": "pack", "pieces": 6}, {"unit": "case", "pieces": 24}])
    changed = bring(client, "products", "product_id;price\nCOLA;21\nSOAP;30\n")
    assert (changed["changed"], changed["unchanged"]) == (1, 1)
    assert client.get("/products/COLA").json()["name"] == "Cola 330 ml"
    assert [entry["action"] for entry in client.get("/audit").json()["items"]][:3] == [
        "product.change",
        "product.add",
        "product.add",
    ]


@server
def test_every_wrong_row_is_told_and_nothing_is_kept(client: httpx.Client) -> None:
    head = "outlet_id,name,longitude_deg,latitude_deg,class\n"
    text = head + "O-1,One,77.5,12.9,A\nO-2,Two,277,12.9,A\nO-3,,77,x,Z\nO-1,Again,1,1,A\n"
    report = bring(client, "outlets", text)
    assert (report["kept"], report["added"]) == (False, 1)
    assert {(error["row"], error["column"]) for error in report["errors"]} == {
        (3, "longitude_deg"),
        (4, "name"),
        (4, "latitude_deg"),
        (4, "class"),
    }
    assert client.get("/outlets").json()["items"] == []


@server
def test_orders_come_line_by_line_and_refer_to_what_is_there(client: httpx.Client) -> None:
    bring(client, "products", PRODUCTS)
    approved_outlet(client, "O-1")
    head = "order_id,outlet_id,due_on,lines.product_id,lines.quantity,lines.unit\n"
    good = f"SO-1,O-1,{DAY},COLA,2,case\nSO-1,O-1,{DAY},SOAP,3,\n"
    report = bring(client, "orders", head + good + f"SO-2,O-9,{DAY},COLA,1,\nSO-3,O-1,{DAY},NONE,1,\n")
    assert [(error["row"], error["column"]) for error in report["errors"]] == [(4, "outlet_id"), (5, "lines.0.product_id")]
    assert bring(client, "orders", head + good)["kept"]
    assert [line["ordered"] for line in client.get("/orders/SO-1").json()["lines"]] == [48, 3]


@server
def test_what_was_exported_can_be_imported_again(client: httpx.Client) -> None:
    bring(client, "products", PRODUCTS + "=EVIL,=1+1,1,0,,\n")
    exported = client.get("/exports/products")
    assert exported.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(row["product_id"], row["units.unit"]) for row in rows] == [
        ("'=EVIL", ""),
        ("COLA", "pack"),
        ("COLA", "case"),
        ("SOAP", ""),
    ]
    again = bring(client, "products", exported.content)
    assert (again["unchanged"], again["error_count"]) == (3, 0)
    book = client.get("/exports/products", params={"form": "xlsx"})
    sheet = load_workbook(io.BytesIO(book.content)).worksheets[0]
    assert sheet.max_row == 5
    assert bring(client, "products", book.content, form="xlsx")["unchanged"] == 3
    assert bring(client, "products", book.content)["unchanged"] == 3  # it is told by its first bytes
    broken = client.post("/imports/products", content=book.content[:100])
    assert (broken.status_code, broken.json()["code"]) == (422, "invalid_input")


@server
def test_every_wrong_row_is_told_also_those_without_a_name(client: httpx.Client) -> None:
    report = bring(client, "products", "product_id,name,price,tax_pct\nA,Apple,1,5\n,Nameless,1,\nB,Bread,cheap,\n")
    assert (report["kept"], report["added"], report["error_count"]) == (False, 1, 2)
    assert report["errors"][0] == {"row": 3, "column": "product_id", "detail": "is missing"}
    assert (report["errors"][1]["row"], report["errors"][1]["column"]) == (4, "price")
    beats = bring(client, "beats", "beat_id,name,weekdays\nX,X,[1\nY,Y,1|2\n")
    assert [(error["row"], error["column"]) for error in beats["errors"]] == [(2, "weekdays")]
    trips = bring(client, "trips", "trip_id,device_key,planned_start\n,van-1,2026-03-02T08:00:00Z\n")
    assert (trips["error_count"], trips["errors"][0]["row"]) == (1, 2)


@server
def test_every_kind_can_be_exported_and_its_own_table_read_back(client: httpx.Client) -> None:
    approved_outlet(client, "O-1", service_windows=[{"weekday": 1, "opens": "09:00", "closes": "13:00"}])
    client.post("/drivers", json={"driver_id": "D-1", "name": "Ravi"}).raise_for_status()
    client.post(
        "/beats", json={"beat_id": "B", "name": "B", "weekdays": [1, 4], "outlets": [{"outlet_id": "O-1"}]}
    ).raise_for_status()
    client.post("/fleet/vehicles", json={"vehicle_id": "van-1", "capacity_kg": 750}).raise_for_status()
    for kind in ("outlets", "drivers", "beats", "vehicles", "price-lists", "promotions"):
        exported = client.get(f"/exports/{kind}").content
        report = bring(client, kind, exported)
        assert (report["errors"], report["changed"], report["added"]) == ([], 0, 0), f"{kind} {exported!r}"


@server
def test_what_is_no_table_or_too_large_is_refused(client: httpx.Client) -> None:
    for text, form, status in (
        (b"product_id,colour\nX,red\n", "csv", 422),
        (b"name\nX\n", "csv", 422),
        (b"\xff\xfe", "csv", 422),
        (b"not a workbook", "xlsx", 422),
        (b"", "csv", 422),
        (b"product_id,name\n" + b"x" * 11_000_000, "csv", 413),
        (b"product_id\n" + b"x\n" * 20_001, "csv", 413),
    ):
        answer = client.post("/imports/products", content=text, params={"form": form})
        assert answer.status_code == status, (text[:20], answer.text[:200])


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
CELLS = st.text(LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool)


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_csv_and_xlsx_say_the_same(rows: list[list[str]]) -> None:
    plain = [[cell for cell in row if not cell.startswith(("'", "="))] for row in rows]
    rows = [row for row in plain if len(row) == 3] or [["a", "b", "c"]]
    text = io.StringIO()
    csv.writer(text).writerows([["one", "two", "three"], *rows])
    book = Workbook()
    assert book.active is not None
    for row in [["one", "two", "three"], *rows]:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    expected = [(number, dict(zip(("one", "two", "three"), row, strict=True))) for number, row in enumerate(rows, 2)]
    assert list(read_table(text.getvalue().encode(), "csv")) == expected
    assert list(read_table(packed.getvalue(), "xlsx")) == expected


@given(content=st.binary(max_size=200), form=st.sampled_from(["csv", "xlsx", None]))
def test_any_bytes_are_a_table_or_refused(content: bytes, form: str | None) -> None:
    with suppress(BeatwatchError):
        assert all(number > 1 and row for number, row in read_table(content, form))
