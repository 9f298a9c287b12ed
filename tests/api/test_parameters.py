from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from geofence.rulebook import CATALOGUE
from geofence.worker.settings import define_parameters
from tests.api.yard import Yard

pytestmark = pytest.mark.server
NAME = "unscheduled_stop.least_s"


@pytest.fixture(autouse=True)
def known(yard: Yard) -> None:
    with yard.pool.connection() as connection:
        define_parameters(connection)


def test_every_threshold_is_listed_with_unit_range_and_sentence(client: httpx.Client) -> None:
    items = client.get("/parameters").json()["items"]
    assert [item["name"] for item in items] == list(CATALOGUE)
    one = next(item for item in items if item["name"] == NAME)
    assert (one["value"], one["default"], one["unit"], one["low"], one["high"]) == (600, 600, "s", 120, 14_400)
    assert one["explanation"] == "A halt of this length is told."
    assert one["set"] == []


def test_a_threshold_is_set_with_its_history_and_an_audit_row(client: httpx.Client, yard: Yard) -> None:
    before = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    assert client.put(f"/parameters/{NAME}", json={"value": 480, "since": before}).json()["value"] == 480
    by_class = {"value": 900, "scope": "outlet_class", "scope_key": "A"}
    assert client.put(f"/parameters/{NAME}", json=by_class).json()["value"] == 480
    assert client.put(f"/parameters/{NAME}", json={"value": None}).json()["value"] == 600
    shown = client.get(f"/parameters/{NAME}").json()["set"]
    assert [(one["scope"], one["scope_key"], one["value"], one["set_by"]) for one in shown] == [
        ("organisation", "", 480, "console"),
        ("outlet_class", "A", 900, "console"),
        ("organisation", "", None, "console"),
    ]
    rows = yard.owner.execute("SELECT action, subject_id, after ->> 'value' FROM audit ORDER BY audit_id").fetchall()
    assert rows == [("parameter.set", NAME, "480.0"), ("parameter.set", NAME, "900.0"), ("parameter.set", NAME, None)]


@pytest.mark.parametrize(
    ("name", "body", "status", "field"),
    [
        (NAME, {"value": 1}, 422, "body.value"),
        (NAME, {"value": "much"}, 422, "body.value"),
        (NAME, {}, 422, "body.value"),
        (NAME, {"value": 480, "scope": "route"}, 422, "body.scope_key"),
        (NAME, {"value": 480, "scope": "planet"}, 422, "body.scope"),
        (NAME, {"value": 480, "since": "2026-01-01T00:00:00"}, 422, "body.since"),
        ("unscheduled_stop.colour", {"value": 1}, 404, None),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(
    client: httpx.Client, name: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = client.put(f"/parameters/{name}", json=body)
    assert answer.status_code == status
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field
    assert client.get(f"/parameters/{NAME}").json()["set"] == []
