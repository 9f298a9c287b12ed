"""The risk of trips follows their events, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.tailing import Rulebook, follow
from domain.risk import assess
from store.conclusions import supersede_events
from store.pool import Connection
from store.risks import risk_of_trip
from store.session import Session
from tests.alerts.occurrences import DAY, NOW, conclude, occurrence, register

pytestmark = pytest.mark.server
HERE = {"longitude_deg": 77.5, "latitude_deg": 12.9}


def drain(session: Session) -> None:
    with session.transaction() as connection:
        follow(connection, Rulebook(), NOW)


def plan(connection: Connection, trip_id: str = "t1") -> None:
    device = register(connection, "van-1")["van-1"]
    connection.execute(
        "INSERT INTO trip (org_id, trip_id, device_id, planned_start, planned_end) VALUES (1, %s, %s, %s, %s)",
        (trip_id, device.device_id, DAY, DAY + timedelta(hours=8)),
    )


def test_the_risk_of_a_trip_grows_with_its_events_and_falls_when_they_prove_wrong(
    session: Session, connection: Connection
) -> None:
    plan(connection)
    conclude(connection, occurrence("e1", "cargo_weight_drop"), occurrence("e2", "overspeed", trip_id=None))
    drain(session)
    risk = risk_of_trip(connection, 1, "t1")
    assert risk is not None
    assert [one.kind for one in risk.contributions] == ["weight_drop"]
    with connection.transaction():
        supersede_events(connection, 1, ["e1"], "late_data")
    drain(session)
    assert risk_of_trip(connection, 1, "t1") == assess(())


def test_a_halt_where_the_van_halted_on_another_day_is_a_habit(session: Session, connection: Connection) -> None:
    plan(connection)
    before = DAY - timedelta(days=3)
    near = {"longitude_deg": 77.5005, "latitude_deg": 12.9}
    conclude(connection, occurrence("e0", "unscheduled_stop", trip_id=None, started_at=before, facts=near))
    conclude(connection, occurrence("e1", "unscheduled_stop", facts=HERE))
    drain(session)
    risk = risk_of_trip(connection, 1, "t1")
    assert risk is not None
    assert {one.kind for one in risk.contributions} == {"habit", "halt"}


def test_an_event_of_a_trip_that_is_not_stored_harms_nothing(session: Session, connection: Connection) -> None:
    conclude(connection, occurrence("e1", "cargo_weight_drop", trip_id="elsewhere"))
    drain(session)
    assert risk_of_trip(connection, 1, "elsewhere") is None
