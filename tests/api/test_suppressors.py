from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.yard import DEPOT, Yard, trip_document

pytestmark = pytest.mark.server
NOW = datetime.now(UTC).replace(microsecond=0)
POINT = {"type": "Point", "coordinates": list(DEPOT)}


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


def test_a_breakdown_is_approved_changed_ended_and_audited(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    made = client.post(
        "/suppressors", json={"kind": "breakdown", "vehicle_id": "van-1", "valid_from": at(-1), "reason": "gearbox"}
    )
    assert made.status_code == 201
    one = made.json()
    assert (one["kind"], one["state"], one["source"], one["valid_until"]) == ("breakdown", "approved", "console", None)
    address = f"/suppressors/{one['suppressor_id']}"
    changed = client.put(address, json={"kind": "breakdown", "vehicle_id": "van-1", "valid_from": at(-2), "state": "proposed"})
    assert changed.json()["state"] == "proposed"
    ended = client.post(f"{address}/end", json={"until": at(1)}).json()
    assert datetime.fromisoformat(ended["valid_until"]) == NOW + timedelta(hours=1)
    assert client.get(address).json() == ended
    rows = yard.owner.execute("SELECT action FROM audit ORDER BY audit_id").fetchall()
    assert [row[0] for row in rows] == ["suppressor.create", "suppressor.replace", "suppressor.end"]
    noted = yard.owner.execute("SELECT count(*), count(device_id) FROM plan_change").fetchone()
    assert noted is not None
    assert noted[0] == noted[1] > 0  # of the van's tracker alone


def test_approvals_are_found_by_kind_moment_and_subject(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    client.post("/trips", json=trip_document("T-1", "tracker-of-van-1", NOW)).raise_for_status()
    weekly = {"time_zone": "Asia/Kolkata", "hours": [{"weekday": 0, "opens": "13:00", "closes": "14:00"}]}
    for body in (
        {"kind": "detour", "trip_id": "T-1", "valid_from": at(0), "valid_until": at(2)},
        {"kind": "approved_place", "geometry": POINT, "radius_m": 80, "valid_from": at(1)},
        {"kind": "break", "schedule": weekly, "valid_from": at(-3)},
    ):
        client.post("/suppressors", json=body).raise_for_status()

    def found(**filters: Any) -> list[str]:
        return [one["kind"] for one in client.get("/suppressors", params=filters).json()["items"]]

    assert found() == ["approved_place", "detour", "break"]
    assert found(at=at(0.5)) == ["detour", "break"]
    assert found(trip_id="T-1") == ["detour"]
    assert found(kind="break") == ["break"]
    first = client.get("/suppressors", params={"limit": 2}).json()
    assert len(client.get("/suppressors", params={"limit": 2, "cursor": first["next_cursor"]}).json()["items"]) == 1


def test_a_trip_may_carry_its_approvals(client: httpx.Client, yard: Yard) -> None:
    yard.van("van-1")
    document = trip_document("T-1", "tracker-of-van-1", NOW)
    document |= {
        "route_id": "north",
        "breakdowns": [{"from": at(1), "until": at(2), "reason": "tyre"}],
        "detours": [{"from": at(0)}],
    }
    client.post("/trips", json=document).raise_for_status()
    stored = client.get("/suppressors").json()["items"]
    assert [(one["kind"], one["vehicle_id"], one["trip_id"]) for one in stored] == [
        ("breakdown", "tracker-of-van-1", None),
        ("detour", None, "T-1"),
    ]
    document["breakdowns"] = [{"from": at(2), "until": at(1)}]
    answer = client.post("/trips", json=document)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "breakdowns.0.valid_until")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "breakdown", "valid_from": at(0)}, "suppressor.vehicle_id"),
        ({"kind": "breakdown", "vehicle_id": "ghost", "valid_from": at(0)}, "suppressor.vehicle_id"),
        ({"kind": "detour", "valid_from": at(0)}, "suppressor.trip_id"),
        ({"kind": "detour", "trip_id": "T-9", "valid_from": at(0)}, "suppressor.trip_id"),
        ({"kind": "approved_place", "valid_from": at(0)}, "suppressor.geometry"),
        ({"kind": "approved_place", "geometry": POINT, "valid_from": at(0)}, "suppressor.radius_m"),
        ({"kind": "break", "valid_from": at(1), "valid_until": at(0)}, "suppressor.valid_until"),
        ({"kind": "break"}, "body.valid_from"),
        ({"kind": "holiday", "valid_from": at(0)}, "body.kind"),
    ],
)
def test_what_cannot_be_approved_is_refused_by_name(client: httpx.Client, body: dict[str, Any], field: str) -> None:
    answer = client.post("/suppressors", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client.get("/suppressors").json()["items"] == []


def test_what_is_not_there_cannot_be_ended(client: httpx.Client) -> None:
    assert client.post("/suppressors/none/end", json={}).status_code == 404
