"""What is learned from closed alerts and proofs, on a real database, and what a decision does with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api import assets
from beatwatch.lessons import proposals, propose
from domain.approvals import ApprovalKind
from geofence.worker.settings import define_parameters
from store import approvals
from store.approvals import NewApproval
from store.lessons import Period
from tests.api.conftest import serving
from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)
PERIOD = Period(NOW - timedelta(days=28), NOW + timedelta(days=1))


@pytest.fixture
def yard(database_url: str) -> Iterator[Yard]:
    yard = Yard(database_url)
    yield yard
    yard.close()


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    assets.install()
    with serving(database_url) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def close(yard: Yard, van: int, day: int, resolution: str, *, minutes: float, east_deg: float = 0.0) -> None:
    started = NOW - timedelta(days=day, seconds=van)
    facts = {"longitude_deg": DEPOT[0] + east_deg, "latitude_deg": DEPOT[1]}
    event_id = yard.event(van, "unscheduled_stop", started, facts=facts, ended_at=started + timedelta(minutes=minutes))
    number = yard.alert(event_id)
    yard.owner.execute(
        "UPDATE alert SET state = 'resolved', resolution = %s, resolved_at = now() WHERE alert_id = %s", (resolution, number)
    )


def found(yard: Yard) -> dict[str, dict[str, object]]:
    with yard.pool.connection() as connection:
        these = list(proposals(connection, yard.org_id, PERIOD, lambda _done, _all: None))
    return {proposal.kind.value: dict(proposal.difference) for proposal in these}


def test_verdicts_become_proposals_that_only_a_decision_makes_hold(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    for day in range(1, 8):
        close(yard, van, day, "false", minutes=11)
        close(yard, van, day + 8, "confirmed", minutes=25, east_deg=0.1 * day)
    assert {score["rule"]: score["precision"] for score in client.get("/rule-scores").json()} == {"unscheduled_stop": 0.5}
    these = found(yard)
    assert set(these) == {"threshold", "approved_place"}
    assert these["threshold"]["unscheduled_stop.least_s"] == {"before": 600.0, "after": 1500.0}
    with yard.pool.connection() as connection:
        for proposal in proposals(connection, yard.org_id, PERIOD, lambda _done, _all: None):
            assert propose(connection, yard.org_id, proposal, NOW)
            assert not propose(connection, yard.org_id, proposal, NOW)  # it is being waited for
    assert client.get("/zones").json()["features"] == []
    place = next(row for row in client.get("/approvals").json()["items"] if row["kind"] == "approved_place")
    assert (place["requested_by"], place["state"]) == ("beatwatch", "pending")
    client.post(f"/approvals/{place['approval_id']}/approve", json={}).raise_for_status()
    (zone,) = client.get("/zones").json()["features"]
    assert (zone["properties"]["kind"], zone["properties"]["radius_m"]) == ("rest", 75)


def test_an_approved_threshold_holds_from_the_decision_on(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    for day in range(1, 8):
        close(yard, van, day, "false", minutes=11, east_deg=0.3 * day)
        close(yard, van, day + 8, "confirmed", minutes=25, east_deg=0.1 * day)
    with yard.pool.connection() as connection:
        define_parameters(connection)
        (proposal,) = proposals(connection, yard.org_id, PERIOD, lambda _done, _all: None)
        assert propose(connection, yard.org_id, proposal, NOW)
    (row,) = client.get("/approvals").json()["items"]
    client.post(f"/approvals/{row['approval_id']}/approve", json={}).raise_for_status()
    held = client.get("/parameters/unscheduled_stop.least_s").json()
    assert "1500" in str(held)
    with yard.pool.connection() as connection:
        asked = NewApproval(
            kind=ApprovalKind.threshold, subject_id="unscheduled_stop.least_s", comment=None, difference={}, decide_by=NOW
        )
        approvals.request(connection, yard.org_id, "beatwatch", asked)
    waiting = client.get("/approvals", params={"state": "pending"}).json()["items"][0]["approval_id"]
    assert client.post(f"/approvals/{waiting}/approve", json={}).status_code == 422


def test_what_was_refused_is_not_proposed_again(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    for day in range(1, 5):
        close(yard, van, day, "false", minutes=11)
    with yard.pool.connection() as connection:
        (proposal,) = proposals(connection, yard.org_id, PERIOD, lambda _done, _all: None)
        assert propose(connection, yard.org_id, proposal, NOW)
    (row,) = client.get("/approvals").json()["items"]
    client.post(f"/approvals/{row['approval_id']}/reject", json={}).raise_for_status()
    with yard.pool.connection() as connection:
        assert not propose(connection, yard.org_id, proposal, NOW)
        waiting = approvals.ApprovalFilter(states=["pending"])
        assert approvals.list_approvals(connection, waiting) == []
    assert client.get("/zones").json()["features"] == []


def test_proofs_that_cluster_elsewhere_propose_another_pin(client: httpx.Client, yard: Yard) -> None:
    van = yard.van("van-1")
    for day in range(1, 7):
        start = NOW - timedelta(days=day)
        document = trip_document(f"T-{day}", "tracker-of-van-1", start, stops=1)
        client.post("/trips", json=document).raise_for_status()
        yard.visit(van, f"T-{day}", "S-1", "serviced", start)
        yard.owner.execute(
            "INSERT INTO proof (org_id, trip_id, stop_id, captured_at, longitude_e7, latitude_e7, accuracy_m)"
            " VALUES (%s, %s, 'S-1', %s, %s, %s, 8)",
            (yard.org_id, f"T-{day}", start, round((DEPOT[0] + 0.011) * 1e7), round(DEPOT[1] * 1e7)),
        )
    yard.owner.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m)"
        " VALUES (%s, 'O-1', 'Corner', %s, %s, 75) ON CONFLICT DO NOTHING",
        (yard.org_id, round((DEPOT[0] + 0.01) * 1e7), round(DEPOT[1] * 1e7)),
    )
    pin = found(yard)["pin_correction"]["longitude_deg"]
    assert pin == {"before": pytest.approx(DEPOT[0] + 0.01, abs=1e-6), "after": pytest.approx(DEPOT[0] + 0.011, abs=1e-6)}
