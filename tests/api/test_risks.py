from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.events import Severity
from domain.risk import Clue, assess
from store.risks import save_risks
from tests.api.yard import Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)


def test_the_risk_of_a_trip_says_why_and_vans_are_ranked_by_it(client: httpx.Client, yard: Yard) -> None:
    for number in (1, 2):
        yard.van(f"van-{number}")
        for day in range(3):
            start = NOW - timedelta(days=day + 1)
            document = trip_document(f"T-{number}-{day}", f"tracker-of-van-{number}", start)
            client.post("/trips", json=document).raise_for_status()
    clue = Clue("cargo_weight_drop", Severity.critical, 0.9, NOW, None)
    with yard.pool.connection() as connection:
        save_risks(connection, {(yard.org_id, "T-2-0"): assess([clue])}, NOW)
    risk = client.get("/trips/T-2-0/risk").json()
    assert risk["score"] == assess([clue]).score
    assert [one["kind"] for one in risk["contributions"]] == ["weight_drop"]
    assert client.get("/trips/T-1-0/risk").json()["contributions"] == []
    assert client.get("/trips/nowhere/risk").status_code == 404
    ranked = client.get("/risks", params={"by": "vehicle"}).json()
    assert [(one["subject"], one["trips"]) for one in ranked] == [("van-2", 3), ("van-1", 3)]
    assert ranked[0]["worst_trips"][0] == "T-2-0"
    assert ranked[0]["expected"] > ranked[1]["expected"] == pytest.approx(3 * assess(()).score / 100)
    assert client.get("/risks", params={"by": "driver"}).json() == []
    assert client.get("/risks", params={"until": (NOW - timedelta(days=30)).isoformat()}).json() == []
