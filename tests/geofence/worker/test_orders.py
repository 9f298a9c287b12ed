"""What orders say is to be left at a stop counts live as it does in `judge --orders`."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from domain.deliveries import Order
from domain.events import Event
from geofence.engine import Engine
from geofence.history import Judgement, judge
from geofence.parameters import Parameters
from geofence.rows import Rows, to_us
from geofence.worker.backtest import backtest
from geofence.world import World
from simulators.scenario import parse
from simulators.simulation import Simulation
from simulators.world import generate
from store.planning import trips_between, zones_between
from store.pool import Connection
from store.trip_orders import trip_orders_between
from tests.geofence.worker.bench import Bench
from tests.geofence.worker.test_real_engine import _EVER, batches, event_form, plan, store, stored

pytestmark = pytest.mark.server

THIEVES = """
description = "Too much is carried in at one shop, and something at the roadside"
vehicles = 2
day_h = 5.0
[trips]
stops = [8, 9]
[[incidents]]
kind = "unload_too_much"
count = 2
"""


def save_orders(connection: Connection, simulation: Simulation) -> None:
    """As a distributor would have them when the vans leave: nothing is delivered yet."""
    outlets = {stop.stop_id: stop.outlet_id for trip in simulation.trips for stop in trip.stops}
    lines = [(order, number, line) for order in simulation.orders for number, line in enumerate(order.lines, 1)]
    for outlet_id in sorted({str(outlet_id) for outlet_id in outlets.values()}):
        connection.execute(
            "INSERT INTO outlet (org_id, outlet_id, name, longitude_e7, latitude_e7, radius_m) VALUES (1, %s, %s, 0, 0, 50)"
            " ON CONFLICT DO NOTHING",
            (outlet_id, outlet_id),
        )
    for product, unit_kg in sorted({(line.product, line.unit_kg or 0.0) for _, _, line in lines}):
        connection.execute(
            "INSERT INTO product (org_id, product_id, name, unit_weight_g) VALUES (1, %s, %s, %s)",
            (product, product, round(1000 * unit_kg)),
        )
    for order in simulation.orders:
        connection.execute(
            "INSERT INTO sales_order (org_id, order_id, outlet_id, due_on, trip_id, stop_id, state)"
            " VALUES (1, %s, %s, %s, %s, %s, 'loaded')",
            (order.order_id, outlets[str(order.stop_id)], simulation.start.date(), order.trip_id, order.stop_id),
        )
    for order, number, line in lines:
        connection.execute(
            "INSERT INTO order_line (org_id, order_id, line_no, product_id, ordered, loaded, price)"
            " VALUES (1, %s, %s, %s, %s, %s, 1)",
            (order.order_id, number, line.product, round(line.ordered), round(line.loaded or 0)),
        )


def hand_over(connection: Connection, orders: tuple[Order, ...]) -> None:
    """What was delivered is told."""
    for order in orders:
        for number, line in enumerate(order.lines, 1):
            connection.execute(
                "UPDATE order_line SET delivered = %s, returned = %s WHERE org_id = 1 AND order_id = %s AND line_no = %s",
                (round(line.delivered or 0), round(line.returned or 0), order.order_id, number),
            )


def expected(connection: Connection, rows: Rows, devices: dict[int, str], as_of_us: int) -> set[Any]:
    plans = zones_between(connection, None, None)[1], trips_between(connection, *_EVER)[1]
    world = World(*plans, devices, orders=trip_orders_between(connection, *_EVER)[1])
    judgement = Judgement()
    for _, conclusions in judge(Engine(world), rows, as_of_us):
        judgement.take(conclusions)
    return {event_form(event) for event in judgement.in_order() if isinstance(event, Event)}


def test_orders_are_read_as_they_were_written(empty: Connection) -> None:
    simulation = generate(parse(THIEVES, "thieves"), 3)
    plan(empty, simulation)
    save_orders(empty, simulation)
    read = {order.order_id: order for order in trip_orders_between(empty, *_EVER)[1]}
    for order in simulation.orders:
        told = read[order.order_id]
        assert (told.trip_id, told.stop_id) == (order.trip_id, order.stop_id)
        assert [(line.product, line.ordered, line.loaded, line.unit_kg) for line in told.lines] == [
            (line.product, line.ordered, line.loaded, line.unit_kg) for line in order.lines
        ]
        assert all(line.delivered is None for line in told.lines)
    empty.execute("UPDATE sales_order SET state = 'cancelled' WHERE order_id = %s", (simulation.orders[0].order_id,))
    assert simulation.orders[0].order_id not in {order.order_id for order in trip_orders_between(empty, *_EVER)[1]}
    assert trip_orders_between(empty, _EVER[0], simulation.start - timedelta(days=1)) == {}


def test_too_much_carried_in_is_told_live_as_it_is_by_judge(empty: Connection, real: Bench) -> None:
    simulation = generate(parse(THIEVES, "thieves"), 3)
    numbers = plan(empty, simulation)
    save_orders(empty, simulation)
    arrived = []
    for count, (rows, alarms) in enumerate(batches(simulation, numbers, Random(3))):
        arrived.append(rows)
        store(empty, rows, alarms)
        real.drain()
        if count == 3:
            hand_over(empty, simulation.orders[: len(simulation.orders) // 2])
    real.now += timedelta(hours=6)
    real.drain()
    told = [event for event in stored(empty)[0] if event[1] == "cargo_weight_drop"]
    assert len(told) == 2
    hand_over(empty, simulation.orders)
    real.now += timedelta(seconds=5)
    real.drain()
    devices = {number: key for key, number in numbers.items()}
    ticked_at = real.ticked_at()
    assert ticked_at is not None
    found, wanted = stored(empty)[0], expected(empty, np.concatenate(arrived), devices, to_us(ticked_at))
    assert sorted(found - wanted, key=str) == sorted(wanted - found, key=str) == []
    since = simulation.start.replace(hour=0, minute=0, second=0, microsecond=0)
    changes = backtest(empty, 1, since, since + timedelta(days=1), Parameters())
    assert (changes["cargo_weight_drop"].then, changes["cargo_weight_drop"].gained) == (2, [])
