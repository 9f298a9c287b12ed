"""Of what is planned the worker reads again what changed, and holds what a worker that reads everything would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import shapely
from shapely.geometry import mapping

from domain.suppressors import Suppressor, SuppressorKind
from domain.trips import Trip
from domain.zones import Zone, ZoneKind
from geofence.worker.plans import Plans
from geofence.world import World
from store.lanes import LANES, plan_changes_after
from store.parameters import set_parameter
from store.planning import save_proof, save_trip, save_zone
from store.pool import Connection
from store.suppressors import Approval, save_suppressor
from tests.geofence.scene import START, proof, stop, trip
from tests.geofence.worker.test_real_engine import _EVER

pytestmark = pytest.mark.server
ALL = range(LANES)


def named(trip_id: str, device: int, hours: float = 0.0) -> Trip:
    """A trip of a van, so many hours after the start."""
    later = timedelta(hours=hours)
    plain = trip([stop(1, 9000, 0), stop(2, 12000, 0)], trip_id=trip_id, device_id=f"van-{device}")
    return replace(plain, planned_start=plain.planned_start + later, planned_end=plain.planned_end + later)


def sell(connection: Connection, order_id: str, trip_id: str, pieces: int) -> None:
    """An order of the trip's first stop."""
    connection.execute(
        "INSERT INTO product (org_id, product_id, name, unit_weight_g) VALUES (1, 'soap', 'soap', 100) ON CONFLICT DO NOTHING"
    )
    connection.execute(
        "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m) VALUES (1, 'o', 'o', 0, 0, 50)"
        " ON CONFLICT DO NOTHING"
    )
    connection.execute(
        "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, trip_id, stop_id, state)"
        " VALUES (1, %s, 'o', '2026-03-02', %s, 's1', 'loaded')",
        (order_id, trip_id),
    )
    connection.execute(
        "INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, loaded, price)"
        " VALUES (1, %s, 1, 'soap', %s, 1, 1)",
        (order_id, pieces),
    )


def follow(connection: Connection, plans: Plans, cursor: int) -> int:
    """What the worker does with the changes since `cursor`; the newest."""
    changes = plan_changes_after(connection, cursor)
    for org_id in {change.org_id for change in changes if change.device_id is None}:
        plans.read_organisation(connection, org_id)
    plans.read_trips(connection, {1: {change.device_id for change in changes if change.device_id is not None}})
    return max((change.cursor for change in changes), default=cursor)


def read_anew(connection: Connection) -> Plans:
    plans = Plans()
    plans.read(connection, ALL, _EVER[0])
    return plans


def test_trips_that_did_not_change_are_not_read_again(connection: Connection) -> None:
    for number, device in enumerate((1, 2, 3, 1)):
        save_trip(connection, 1, named(f"t{number}", device, 12.0 * number))
    sell(connection, "a", "t1", 5)
    plans = read_anew(connection)
    cursor = max(change.cursor for change in plan_changes_after(connection, 0))
    before = {one.trip_id: one for one in plans.world(1).trips}
    save_proof(connection, 1, "t0", proof(1, 700.0, 9000.0, 0.0))
    cursor = follow(connection, plans, cursor)
    after = {one.trip_id: one for one in plans.world(1).trips}
    assert [name for name in before if after[name] is not before[name]] == ["t0", "t3"]  # those of the device
    assert len(after["t0"].proofs) == 1
    connection.execute("UPDATE order_line SET ordered = 6 WHERE order_id = 'a'")
    follow(connection, plans, cursor)
    assert plans.world(1).orders[0].lines[0].ordered == 6
    latest = {one.trip_id: one for one in plans.world(1).trips}
    assert [name for name in after if latest[name] is not after[name]] == ["t1"]


def replan(connection: Connection, chosen: Trip, number: int) -> None:
    save_trip(connection, 1, replace(chosen, planned_end=chosen.planned_end + timedelta(minutes=number)))


def give_away(connection: Connection, chosen: Trip, number: int) -> None:
    save_trip(connection, 1, replace(chosen, device_id=f"van-{number % 3 + 1}"))


def delete(connection: Connection, chosen: Trip, _number: int) -> None:
    connection.execute("UPDATE sales_order SET trip_id = NULL, stop_id = NULL WHERE trip_id = %s", (chosen.trip_id,))
    connection.execute("DELETE FROM trip WHERE trip_id = %s", (chosen.trip_id,))


def prove(connection: Connection, chosen: Trip, number: int) -> None:
    save_proof(connection, 1, chosen.trip_id, proof(1, float(number), 9000.0, 0.0))


def order(connection: Connection, chosen: Trip, number: int) -> None:
    sell(connection, f"o{number}", chosen.trip_id, number + 1)


def move_orders(connection: Connection, chosen: Trip, _number: int) -> None:
    connection.execute("UPDATE sales_order SET trip_id = %s, stop_id = 's1' WHERE org_id = 1", (chosen.trip_id,))


def draw(connection: Connection, _chosen: Trip, number: int) -> None:
    area = mapping(shapely.box(77.5, 12.9, 77.6, 13.0 + 0.001 * number))
    save_zone(connection, 1, Zone(f"z{number % 3}", "", ZoneKind.territory, area))


def set_threshold(connection: Connection, _chosen: Trip, number: int) -> None:
    scope = {"scope": "organisation", "scope_key": "", "name": "unscheduled_stop.least_s"}
    set_parameter(connection, 1, **scope, since=START, value=600.0 + number, by="me")


def approve(connection: Connection, chosen: Trip, number: int) -> None:
    until = START + timedelta(hours=2)
    broken = Suppressor(f"b{number}", SuppressorKind.breakdown, START, until, trip_id=chosen.trip_id)
    save_suppressor(connection, 1, Approval(broken, None, "me", "approved"))


CHANGES = (replan, give_away, delete, prove, order, move_orders, draw, set_threshold, approve)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_read_bit_by_bit_is_what_is_there(connection: Connection, seed: int) -> None:
    random = Random(seed)
    plans, cursor = read_anew(connection), 0
    for number in range(25):
        held = plans.world(1).trips
        if len(held) < 3:
            save_trip(connection, 1, named(f"t{number}", random.choice((1, 2, 3)), 12.0 * number))
        else:
            random.choice(CHANGES)(connection, random.choice(held), number)
        cursor = follow(connection, plans, cursor)
        fresh = read_anew(connection)
        assert sorted_world(plans.world(1)) == sorted_world(fresh.world(1))
        assert plans.parameters(1) == fresh.parameters(1)


def sorted_world(world: World) -> World:
    """The world with its approvals in some fixed order; zones, trips and orders are in order."""
    return replace(world, suppressors=tuple(sorted(world.suppressors, key=repr)))
