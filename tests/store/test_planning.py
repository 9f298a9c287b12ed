from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import ConflictError, InvalidInputError, NotFoundError
from domain.trips import Circle, PlannedStop, Proof, Trip
from domain.zones import Zone, ZoneKind
from store.planning import (
    retire_zone,
    save_proof,
    save_trip,
    save_zone,
    trip_named,
    trips_between,
    zones_between,
)
from store.pool import Connection, Pool, Role, open_pool, organisation_transaction

pytestmark = pytest.mark.server

DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
DEPOT = Zone("depot", "Depot", ZoneKind.depot, {"type": "Point", "coordinates": [77.5, 12.9]}, radius_m=120.0)


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, Role.worker, max_size=2)
    with pool.connection() as connection:
        connection.execute("INSERT INTO device (org_id, device_key) VALUES (1, 'van-1'), (1, 'van-2')")
    yield pool
    pool.close()


@pytest.fixture
def connection(pool: Pool) -> Iterator[Connection]:
    with pool.connection() as connection:
        yield connection


def stop(number: int, **changes: Any) -> PlannedStop:
    made = PlannedStop(
        f"s{number}",
        f"o{number}",
        Circle(77.5 + number / 100, 12.9, 60.0),
        DAY + number * HOUR,
        DAY + (number + 1) * HOUR,
        480.0,
        12.0,
    )
    return replace(made, **changes)


def trip(**changes: Any) -> Trip:
    made = Trip(
        "t1",
        "van-1",
        DAY,
        DAY + 8 * HOUR,
        ((77.5, 12.9), (77.6, 12.9)),
        200.0,
        Circle(77.5, 12.9, 100.0),
        (stop(1), stop(2), stop(3)),
    )
    return replace(made, **changes)


def changes_of(connection: Connection) -> list[tuple[int | None, datetime]]:
    rows = connection.execute("SELECT device_id, since FROM plan_change ORDER BY plan_change_id").fetchall()
    return [(row["device_id"], row["since"]) for row in rows]


def test_a_trip_comes_back_as_it_was_saved(connection: Connection) -> None:
    proof = Proof("s1", DAY + HOUR, 77.51, 12.9000001, 8.0)
    assert save_trip(connection, 1, trip(proofs=(proof,)))
    assert trip_named(connection, 1, "t1") == trip(proofs=(proof,))


def test_saving_the_same_trip_again_changes_nothing(connection: Connection) -> None:
    precise = trip(stops=(stop(1, place=Circle(77.512345678912, 12.9, 60.0)),))
    assert save_trip(connection, 1, precise)
    before = changes_of(connection)
    assert not save_trip(connection, 1, precise)
    assert changes_of(connection) == before


def test_a_new_plan_reorders_and_drops_stops(connection: Connection) -> None:
    save_trip(connection, 1, trip())
    replanned = trip(stops=(stop(3), stop(1), stop(4)))
    assert save_trip(connection, 1, replanned)
    assert trip_named(connection, 1, "t1") == replanned
    row = connection.execute("SELECT revision FROM trip").fetchone()
    assert row == {"revision": 2}


def test_the_plan_is_frozen_at_dispatch_but_proofs_still_come(connection: Connection) -> None:
    save_trip(connection, 1, trip())
    connection.execute("UPDATE trip SET state = 'dispatched'")
    with pytest.raises(ConflictError, match="frozen"):
        save_trip(connection, 1, trip(corridor_m=300.0))
    proof = Proof("s2", DAY + HOUR, None, None, None)
    assert save_trip(connection, 1, trip(proofs=(proof,)))
    assert trip_named(connection, 1, "t1").proofs == (proof,)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"device_id": "nobody"}, "device_id"),
        ({"trip_id": ""}, "trip.trip_id"),
        ({"planned_end": DAY}, "trip.planned_end"),
        ({"planned_start": DAY.replace(tzinfo=None)}, "trip.planned_start"),
        ({"route": ((77.5, 12.9),)}, "trip.route"),
        ({"route": ((77.5, 12.9), (77.6, 91.0))}, "trip.route.1.latitude_deg"),
        ({"stops": (stop(1), stop(2, window_end=DAY))}, "trip.stops.1.window_end"),
        ({"stops": (stop(1), stop(2, place=stop(1).place))}, "trip.stops.1"),
        ({"stops": (stop(1), stop(1, place=stop(2).place))}, "trip.stops.1.stop_id"),
        ({"stops": (stop(1, place=Circle(77.5, 12.9, 0.0)),)}, "trip.stops.0.radius_m"),
        ({"proofs": (Proof("s9", DAY, None, None, None),)}, "trip.proofs.0.stop_id"),
        ({"proofs": (Proof("s1", DAY, 77.5, None, None),)}, "trip.proofs.0.longitude_deg"),
    ],
)
def test_an_impossible_trip_is_refused_by_field(connection: Connection, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        save_trip(connection, 1, trip(**changes))
    assert refusal.value.field == field
    assert connection.execute("SELECT FROM trip").fetchall() == []


def test_two_trips_of_one_device_do_not_start_together(connection: Connection) -> None:
    save_trip(connection, 1, trip())
    with pytest.raises(InvalidInputError, match="planned_start"):
        save_trip(connection, 1, trip(trip_id="t2"))
    assert save_trip(connection, 1, trip(trip_id="t2", device_id="van-2"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"zone_id": " "}, "zone.zone_id"),
        ({"radius_m": None}, "zone.radius_m"),
        ({"radius_m": float("nan")}, "zone.radius_m"),
        ({"geometry": {"type": "Pyramid", "coordinates": []}}, "zone.geometry.type"),
        ({"valid_from": DAY, "valid_until": DAY}, "zone.valid_until"),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
            "zone.geometry.coordinates",
        ),
    ],
)
def test_an_impossible_zone_is_refused_by_field(connection: Connection, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        save_zone(connection, 1, replace(DEPOT, **changes))
    assert refusal.value.field == field


def test_a_zone_is_what_it_was_at_the_fix_time(connection: Connection) -> None:
    wide = replace(DEPOT, radius_m=150.0, valid_from=DAY + HOUR, valid_until=DAY + 2 * HOUR)
    save_zone(connection, 1, DEPOT)
    save_zone(connection, 1, wide)
    assert [zone.radius_m for zone in zones_between(connection, None, None)[1]] == [120.0, 150.0, 120.0]
    for moment, radius_m in ((DAY, 120.0), (DAY + 1.5 * HOUR, 150.0), (DAY + 3 * HOUR, 120.0)):
        assert [zone.radius_m for zone in zones_between(connection, moment, moment)[1]] == [radius_m]


def test_a_version_that_covers_others_replaces_them(connection: Connection) -> None:
    for hour in range(4):
        save_zone(
            connection,
            1,
            replace(DEPOT, radius_m=100.0 + hour, valid_from=DAY + hour * HOUR, valid_until=DAY + (hour + 1) * HOUR),
        )
    middle = replace(DEPOT, radius_m=500.0, valid_from=DAY + 0.5 * HOUR, valid_until=DAY + 3.5 * HOUR)
    save_zone(connection, 1, middle)
    kept = zones_between(connection, None, None)[1]
    assert [zone.radius_m for zone in kept] == [100.0, 500.0, 103.0]
    assert [zone.valid_from for zone in kept] == [DAY, DAY + 0.5 * HOUR, DAY + 3.5 * HOUR]


def test_a_retired_zone_still_held_before(connection: Connection) -> None:
    save_zone(connection, 1, DEPOT)
    retire_zone(connection, 1, "depot", since=DAY)
    assert zones_between(connection, DAY, None) == {}
    assert len(zones_between(connection, None, DAY - HOUR)[1]) == 1
    with pytest.raises(NotFoundError):
        retire_zone(connection, 1, "depot", since=DAY)


def test_a_change_says_since_when_the_past_looks_different(connection: Connection) -> None:
    save_zone(connection, 1, replace(DEPOT, valid_from=DAY))
    save_zone(connection, 1, replace(DEPOT, valid_from=DAY + 5 * HOUR, radius_m=90.0))
    assert not save_zone(connection, 1, replace(DEPOT, valid_from=DAY + 5 * HOUR, radius_m=90.0))
    zone_changes = {since for _, since in changes_of(connection)}
    assert zone_changes == {DAY, DAY + 5 * HOUR}
    save_trip(connection, 1, trip())
    save_proof(connection, 1, "t1", Proof("s1", DAY + 2 * HOUR, 77.5, 12.9, 5.0))
    connection.execute("UPDATE trip SET state = 'dispatched'")
    assert [since for device_id, since in changes_of(connection) if device_id] == [DAY, DAY + 2 * HOUR]


def test_the_plan_of_a_span_has_what_meets_it(connection: Connection) -> None:
    save_zone(connection, 1, DEPOT)
    save_trip(connection, 1, trip())
    save_trip(connection, 1, trip(trip_id="t2", planned_start=DAY + 24 * HOUR, planned_end=DAY + 30 * HOUR, stops=()))
    span = DAY + 7 * HOUR, DAY + 9 * HOUR
    assert [planned.trip_id for planned in trips_between(connection, *span)[1]] == ["t1"]
    assert zones_between(connection, *span) == {1: (DEPOT,)}
    assert trips_between(connection, DAY - HOUR, DAY - timedelta(seconds=1)) == {}


def test_the_api_sees_its_own_organisation_alone(pool: Pool, database_url: str) -> None:
    with pool.connection() as connection:
        connection.execute("INSERT INTO organisation (slug, name) VALUES ('other', 'Other')")
        connection.execute("INSERT INTO device (org_id, device_key) VALUES (2, 'van-1')")
        for org_id in (1, 2):
            save_zone(connection, org_id, DEPOT)
            save_trip(connection, org_id, trip())
    api = open_pool(database_url, Role.api, max_size=1)
    with organisation_transaction(api, 2) as connection:
        assert list(zones_between(connection, None, None)) == [2]
        assert list(trips_between(connection, DAY, DAY)) == [2]
        with pytest.raises(NotFoundError):
            trip_named(connection, 1, "t1")
    api.close()
